//! The level of a sound as a line of characters.

use crate::Waveform;
use auricle_figure::blocks;

/// What is this far below full scale is shown as silence, dB.
const RANGE_DB: f64 = 48.0;

/// The level of a sound over time as blocks, full scale at a root mean square of 1 and empty 48 dB below.
pub fn envelope_line(wave: &Waveform, width: usize) -> String {
    let mono = wave.to_mono();
    let n = mono.n_samples();
    let width = width.min(n);
    blocks((0..width).map(|cell| {
        let part = &mono.samples()[cell * n / width..(cell + 1) * n / width];
        let db = 20.0 * crate::waveform::rms(part).max(1e-9).log10();
        (db + RANGE_DB) / RANGE_DB
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_low_line_and_a_full_tone_a_high_one() {
        let loud = Waveform::mono(vec![1.0; 100], 100).unwrap();
        let quiet = Waveform::mono(vec![0.0; 100], 100).unwrap();
        assert_eq!(envelope_line(&loud.joined(&quiet).unwrap(), 4), "██▁▁");
        assert_eq!(envelope_line(&Waveform::mono(vec![], 8).unwrap(), 4), "");
    }
}
