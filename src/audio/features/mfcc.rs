//! Mel-frequency cepstral coefficients.

use super::{FeatureAxes, Features, FrontEnd, LogMel, MelOptions, MelScratch};
use crate::Error;
use pulp::{Arch, Simd, WithSimd};
use std::f64::consts::PI;
use std::sync::Arc;

/// Cepstra of a mel spectrogram: the orthonormal DCT-II of its bands, `n_coefficients` of them.
///
/// `c_k = s_k sum_b m_b cos(pi k (2 b + 1) / (2 n))`, `s_0 = sqrt(1 / n)`, `s_k = sqrt(2 / n)` (Davis & Mermelstein, 1980,
/// as in librosa). With a lifter `l > 0` coefficient `k` is multiplied by `1 + l / 2 sin(pi (k + 1) / l)`.
#[derive(Clone, Debug)]
pub struct Mfcc {
    mel: LogMel,
    dct: CosineTransform,
    axes: Arc<FeatureAxes>,
}

impl Mfcc {
    /// Cepstra over the features of `mel`.
    ///
    /// # Errors
    /// [`Error::Range`] for no coefficients, or more than bands.
    pub fn new(mel: LogMel, n_coefficients: usize, lifter: f64) -> Result<Mfcc, Error> {
        let mut dct = CosineTransform::new(n_coefficients, mel.options().n_mels)?;
        dct.lift(lifter, 1.0);
        let MelOptions {
            stft, sample_rate, ..
        } = mel.options();
        let axes = FeatureAxes::shared(stft.hop_length, *sample_rate, Vec::new());
        Ok(Mfcc { mel, dct, axes })
    }

    /// Computes the cepstra of planar samples of `n_channels` into a block.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the sound is too short for a frame.
    pub fn apply(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        let mut mels = std::mem::take(&mut scratch.mels);
        let done = self.mel.apply(samples, n_channels, scratch, &mut mels);
        self.dct.apply(&mels, out);
        out.axes = Some(self.axes.clone());
        scratch.mels = mels;
        done
    }
}

/// The first rows of the orthonormal DCT-II.
#[derive(Clone, Debug)]
pub(super) struct CosineTransform {
    n_bands: usize,
    /// `[n_coefficients][n_bands]`.
    rows: Vec<f64>,
}

impl CosineTransform {
    pub(super) fn new(n_coefficients: usize, n_bands: usize) -> Result<CosineTransform, Error> {
        if n_coefficients == 0 || n_coefficients > n_bands {
            return Err(Error::range(
                "n_mfcc",
                format!("within 1..={n_bands} (`n_mels`)"),
                n_coefficients,
            ));
        }
        let n = n_bands as f64;
        let row = |k: usize| {
            let scale = if k == 0 {
                (1.0 / n).sqrt()
            } else {
                (2.0 / n).sqrt()
            };
            (0..n_bands)
                .map(move |band| scale * (PI * k as f64 * (2 * band + 1) as f64 / (2.0 * n)).cos())
        };
        Ok(CosineTransform {
            n_bands,
            rows: (0..n_coefficients).flat_map(row).collect(),
        })
    }

    /// Multiplies row `k` by `1 + lifter / 2 sin(pi (k + first) / lifter)`; a lifter of 0 does nothing.
    pub(super) fn lift(&mut self, lifter: f64, first: f64) {
        if lifter > 0.0 {
            for (k, row) in self.rows.chunks_mut(self.n_bands).enumerate() {
                let weight = 1.0 + lifter / 2.0 * (PI * (k as f64 + first) / lifter).sin();
                row.iter_mut().for_each(|x| *x *= weight);
            }
        }
    }

    /// Transforms the bands of every frame, row by row of the block, so that a row of frames is one vector.
    pub(super) fn apply(&self, bands: &Features, out: &mut Features) {
        let n_coefficients = self.rows.len() / self.n_bands;
        out.reset(bands.n_channels, n_coefficients, bands.n_frames);
        if bands.n_frames == 0 {
            return;
        }
        Arch::new().dispatch(Compute {
            dct: self,
            bands,
            n_coefficients,
            out,
        });
    }
}

/// The transform by the widest instructions of the processor.
struct Compute<'a> {
    dct: &'a CosineTransform,
    bands: &'a Features,
    n_coefficients: usize,
    out: &'a mut Features,
}

impl WithSimd for Compute<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Compute {
            dct: CosineTransform { n_bands, rows },
            bands,
            n_coefficients,
            out,
        } = self;
        for (index, sums) in out.values.chunks_mut(bands.n_frames).enumerate() {
            let (channel, k) = (index / n_coefficients, index % n_coefficients);
            for (band, &weight) in rows[k * n_bands..(k + 1) * n_bands].iter().enumerate() {
                let weight = weight as f32;
                for (sum, x) in sums.iter_mut().zip(bands.band(channel, band)) {
                    *sum += weight * x;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_orthonormal() {
        let n = 12;
        let dct = CosineTransform::new(n, n).unwrap();
        let identity = Features {
            values: (0..n * n)
                .map(|i| f32::from(u8::from(i / n == i % n)))
                .collect(),
            n_channels: 1,
            n_bands: n,
            n_frames: n,
            ..Features::default()
        };
        let mut out = Features::default();
        dct.apply(&identity, &mut out);
        for i in 0..n {
            for j in 0..n {
                let dot: f32 = out
                    .band(0, i)
                    .iter()
                    .zip(out.band(0, j))
                    .map(|(a, b)| a * b)
                    .sum();
                assert!((dot - f32::from(u8::from(i == j))).abs() < 1e-6);
            }
        }
        assert!(CosineTransform::new(13, n).is_err() && CosineTransform::new(0, n).is_err());
    }

    #[test]
    fn a_lifter_raises_the_middle() {
        let (plain, mut lifted) = (
            CosineTransform::new(13, 26).unwrap(),
            CosineTransform::new(13, 26).unwrap(),
        );
        lifted.lift(22.0, 0.0);
        let ratio = |k: usize| lifted.rows[k * 26] / plain.rows[k * 26];
        assert!((ratio(0) - 1.0).abs() < 1e-12 && (ratio(11) - 12.0).abs() < 1e-9);
    }
}
