//! Numbers as a line of block characters.

use crate::Waveform;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values as blocks between their smallest and largest, at most `width` of them; longer lists are averaged.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let cells = averaged(values, width);
    let (low, high) = cells.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let scale = if high > low { 7.0 / (high - low) } else { 0.0 };
    cells.iter().map(|v| BLOCKS[((v - low) * scale).round() as usize]).collect()
}

/// The level of a sound over time as blocks, full scale at a root mean square of 1 and empty 48 dB below.
pub fn envelope_line(wave: &Waveform, width: usize) -> String {
    let mono = wave.to_mono();
    let n = mono.n_samples();
    let width = width.min(n);
    (0..width)
        .map(|cell| {
            let part = &mono.samples()[cell * n / width..(cell + 1) * n / width];
            let db = 20.0 * crate::waveform::rms(part).max(1e-9).log10();
            BLOCKS[((db + 48.0) / 48.0 * 7.0).clamp(0.0, 7.0).round() as usize]
        })
        .collect()
}

fn averaged(values: &[f64], width: usize) -> Vec<f64> {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let width = width.min(finite.len());
    (0..width)
        .map(|cell| {
            let part = &finite[cell * finite.len() / width..(cell + 1) * finite.len() / width];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_line_rises() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 80), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[3.0, 3.0], 80), "▁▁");
        assert_eq!(sparkline(&[], 80), "");
        assert_eq!(sparkline(&[0.0, 0.0, 1.0, 1.0, f64::NAN], 2), "▁█");
    }

    #[test]
    fn silence_is_a_low_line_and_a_full_tone_a_high_one() {
        let loud = Waveform::mono(vec![1.0; 100], 100).unwrap();
        let quiet = Waveform::mono(vec![0.0; 100], 100).unwrap();
        assert_eq!(envelope_line(&loud.joined(&quiet).unwrap(), 4), "██▁▁");
        assert_eq!(envelope_line(&Waveform::mono(vec![], 8).unwrap(), 4), "");
    }
}
