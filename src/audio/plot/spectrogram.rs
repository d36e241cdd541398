//! Levels of a sound in time and frequency.

use crate::augment::{Recipe, Stage, Value, declaration};
use crate::features::Features;
use crate::{Error, Key, Waveform};

/// What is this far below the loudest cell is shown as silence, dB.
const RANGE_DB: f64 = 80.0;

/// The magnitude of the short-time Fourier transform of a sound mixed down, `20 log10`, from 80 dB below its largest value
/// on: `[1, n_fft / 2 + 1, frames]`. The window is 32 ms and the hop 10 ms where they are not given, in samples.
///
/// # Errors
/// [`Error::Range`] for a size that cannot be, [`Error::Unusable`] for a sound without samples.
pub fn spectrogram(
    wave: &Waveform,
    n_fft: Option<usize>,
    hop_length: Option<usize>,
) -> Result<Features, Error> {
    let given = [("n_fft", n_fft), ("hop_length", hop_length)].into_iter();
    let given = given
        .filter_map(|(name, size)| Some((name.to_owned(), Value::Drawn((size? as f64).into()))));
    let stft = Recipe::from(Stage::new(declaration("stft")?, given)?);
    let mut levels = stft.features(&wave.to_mono(), Key::of_seed(0))?;
    let largest = levels
        .values
        .iter()
        .fold(0.0f64, |largest, &m| largest.max(f64::from(m)));
    let floor = (largest * libm::pow(10.0, -RANGE_DB / 20.0)).max(1e-10);
    levels
        .values
        .iter_mut()
        .for_each(|m| *m = (20.0 * libm::log10(f64::from(*m).max(floor))) as f32);
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_a_line_at_its_frequency() {
        let samples = (0..8000)
            .map(|i| (std::f64::consts::TAU * 1000.0 * f64::from(i) / 8000.0).sin() as f32)
            .collect();
        let levels =
            spectrogram(&Waveform::mono(samples, 8000).unwrap(), Some(256), Some(80)).unwrap();
        assert_eq!(levels.shape(), [1, 129, 101]);
        // A Hann window of 256 adds up to 128, half of which belongs to the positive frequency.
        let middle = |band: usize| f64::from(levels.band(0, band)[50]);
        assert!(
            (middle(32) - 20.0 * 64f64.log10()).abs() < 0.01,
            "{}",
            middle(32)
        );
        let (low, high) = levels
            .values
            .iter()
            .fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
        assert!((f64::from(high - low) - RANGE_DB).abs() < 1e-3);
        let silent =
            spectrogram(&Waveform::mono(vec![0.0; 400], 8000).unwrap(), None, None).unwrap();
        assert!(silent.values.iter().all(|v| *v == silent.values[0]));
    }
}
