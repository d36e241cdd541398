//! Changing the duration of a sound without its pitch: the phase vocoder.

use super::free_vocoder::{FreeScratch, FreeVocoder};
use super::locked_vocoder::{LockedScratch, LockedVocoder};
use super::{Istft, PadMode, StftOptions, Window};
use crate::Error;

/// How the phases of neighbouring bins hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseLocking {
    /// All bins around a spectral peak turn with it, so a partial keeps its shape and its level.
    Identity,
    /// Every bin turns for itself, as librosa has it; wide stretches lose level.
    None,
}

/// A phase vocoder.
///
/// Frames are written every `H = hop_length` samples and read every `rate * H`. A phase is never computed: it is kept as
/// a complex number of magnitude 1, and turning it is a multiplication.
///
/// Without locking it is librosa's: with `X` the transform at every `H` samples (two frames of zeros behind it), frame `t`
/// of the result reads position `p = t rate`, `i = floor(p)`, `a = p - i`; its magnitude is `(1 - a) |X_i| + a |X_i+1|`, its
/// phase that of the frame before turned by `arg X_i+1 - arg X_i`. The expected advance of a bin, which is subtracted
/// before that difference is wrapped and added again behind, is a whole number of turns in sum and drops out.
///
/// With identity locking (Laroche and Dolson, "Improved phase vocoder time-scale modification of audio", 1999, section III)
/// the frame at `q = round(t rate H)` samples is taken itself, and a second one `H` samples before it. A peak of the magnitude
/// is a bin that exceeds its four neighbours; the bins from the weakest before it to the weakest behind belong to it. The
/// angle of `sum_k Y_t-1[k] conj(X_q-H[k])` over these bins says how far the result runs ahead of the sound; the frame's bins
/// are turned by it. As both frames are `H` apart, no frequency is estimated. The paper takes the angle at the peak alone; the
/// sum follows partials that glide better, and is the turn at which the two frames cancel least. Channels turn together, so
/// that their phase differences stay.
#[derive(Clone, Debug)]
pub struct Vocoder {
    n_fft: usize,
    method: Method,
}

#[derive(Clone, Debug)]
enum Method {
    Locked(LockedVocoder),
    Free(FreeVocoder),
}

/// Buffers of a [`Vocoder`], kept by the caller so that no clip allocates.
#[derive(Default)]
pub struct VocoderScratch {
    locked: LockedScratch,
    free: FreeScratch,
}

impl Vocoder {
    /// A vocoder with periodic Hann windows of `n_fft` samples.
    ///
    /// # Errors
    /// [`Error::Range`] if `n_fft` is below 4, or `hop_length` is 0 or more than half of it: then frames leave gaps.
    pub fn new(n_fft: usize, hop_length: usize, locking: PhaseLocking) -> Result<Vocoder, Error> {
        if n_fft < 4 {
            return Err(Error::range("n_fft", "at least 4", n_fft));
        }
        if hop_length == 0 || hop_length > n_fft / 2 {
            return Err(Error::range(
                "hop_length",
                format!("within 1..={} (half of `n_fft`)", n_fft / 2),
                hop_length,
            ));
        }
        let method = match locking {
            PhaseLocking::Identity => Method::Locked(LockedVocoder::new(n_fft, hop_length)),
            PhaseLocking::None => {
                let options = StftOptions {
                    n_fft,
                    win_length: n_fft,
                    hop_length,
                    window: Window::Hann,
                    center: true,
                    pad_mode: PadMode::Zeros,
                };
                Method::Free(FreeVocoder::new(hop_length, Istft::new(options)?))
            }
        };
        Ok(Vocoder { n_fft, method })
    }

    /// Size of the transform, samples.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Number of samples that `n` become: `round(n / rate)`.
    pub fn length(n: usize, rate: f64) -> usize {
        (n as f64 / rate).round_ties_even() as usize
    }

    /// Stretches planar samples of `n_channels` by `1 / rate` into `out`, each channel [`Vocoder::length`] samples long.
    /// `rate` is positive and finite.
    pub fn stretch(
        &self,
        samples: &[f32],
        n_channels: usize,
        rate: f64,
        scratch: &mut VocoderScratch,
        out: &mut Vec<f32>,
    ) {
        let n = samples.len() / n_channels.max(1);
        let length = Vocoder::length(n, rate);
        out.clear();
        out.resize(length * n_channels, 0.0);
        if length == 0 || n == 0 {
            return;
        }
        match &self.method {
            Method::Locked(vocoder) => {
                vocoder.stretch(samples, n_channels, rate, &mut scratch.locked, out)
            }
            Method::Free(vocoder) => {
                for (channel, out) in samples.chunks_exact(n).zip(out.chunks_exact_mut(length)) {
                    vocoder.stretch(channel, rate, &mut scratch.free, out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATE: f64 = 16_000.0;

    fn tone(freq_hz: f64, n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (TAU * freq_hz * i as f64 / RATE).sin() as f32)
            .collect()
    }

    fn stretch(samples: &[f32], n_channels: usize, rate: f64, locking: PhaseLocking) -> Vec<f32> {
        let mut out = Vec::new();
        let vocoder = Vocoder::new(2048, 512, locking).unwrap();
        vocoder.stretch(
            samples,
            n_channels,
            rate,
            &mut VocoderScratch::default(),
            &mut out,
        );
        out
    }

    fn rms(samples: &[f32]) -> f64 {
        crate::waveform::rms(samples)
    }

    #[test]
    fn rate_one_gives_the_sound_back() {
        let mut samples = vec![0.0; 9001];
        crate::Rng::from_words(&[3]).fill_normal(&mut samples);
        for locking in [PhaseLocking::Identity, PhaseLocking::None] {
            let out = stretch(&samples, 1, 1.0, locking);
            let error: Vec<f32> = out.iter().zip(&samples).map(|(a, b)| a - b).collect();
            let got_db = 20.0 * (rms(&samples) / rms(&error)).log10();
            assert!(got_db > 120.0, "{locking:?}: {got_db} dB");
        }
    }

    #[test]
    fn a_tone_keeps_frequency_and_level() {
        for (freq_hz, rate) in [
            (110.0, 0.42),
            (440.3, 0.5),
            (440.3, 1.3),
            (3000.0, 2.378),
            (1234.5, 0.8),
        ] {
            let out = stretch(&tone(freq_hz, 24_000), 1, rate, PhaseLocking::Identity);
            assert_eq!(out.len(), (24_000.0_f64 / rate).round() as usize);
            let middle = &out[out.len() / 4..3 * out.len() / 4];
            let level_db = 20.0 * (rms(middle) * 2f64.sqrt()).log10();
            assert!(
                level_db.abs() < 0.05,
                "{freq_hz} Hz at {rate}: {level_db} dB"
            );
            // A sine obeys y[n+1] + y[n-1] = 2 cos(w) y[n].
            let sum: f64 = middle
                .windows(3)
                .map(|y| f64::from(y[1]) * f64::from(y[0] + y[2]))
                .sum();
            let square: f64 = middle.windows(3).map(|y| f64::from(y[1]).powi(2)).sum();
            let got = (sum / square / 2.0).acos() * RATE / TAU;
            assert!(
                (got / freq_hz - 1.0).abs() < 3e-4,
                "{freq_hz} Hz at {rate}: {got} Hz"
            );
        }
    }

    #[test]
    fn channels_keep_their_phase_difference() {
        let (left, right) = (tone(700.0, 20_000), tone(700.0, 20_005)[5..].to_vec());
        let out = stretch(&[left, right].concat(), 2, 0.7, PhaseLocking::Identity);
        let (left, right) = out.split_at(out.len() / 2);
        let (a, b) = (&left[10_005..15_005], &right[10_000..15_000]);
        let error: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        assert!(rms(&error) < 0.01, "{}", rms(&error));
    }

    #[test]
    fn silence_behind_a_sound_stays_silent() {
        let mut samples = tone(700.0, 30_000);
        samples[12_000..].fill(0.0);
        for locking in [PhaseLocking::Identity, PhaseLocking::None] {
            let out = stretch(&samples, 1, 0.8, locking);
            assert!(rms(&out[4000..12_000]) > 0.5);
            assert!(
                out[15_000 + 2 * 2048..].iter().all(|&y| y == 0.0),
                "{locking:?}"
            );
        }
    }

    #[test]
    fn odd_sounds_give_finite_samples() {
        for n in [0, 1, 2, 700, 3000] {
            for rate in [0.1, 0.9, 1.0, 7.0] {
                for locking in [PhaseLocking::Identity, PhaseLocking::None] {
                    for value in [0.0, 1.0] {
                        let out = stretch(&vec![value; 3 * n], 3, rate, locking);
                        assert_eq!(out.len(), 3 * Vocoder::length(n, rate));
                        assert!(out.iter().all(|y| y.is_finite()));
                    }
                }
            }
        }
    }
}
