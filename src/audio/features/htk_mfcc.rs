//! Cepstra in the manner of HTK, as python_speech_features computes them.

use super::MelScratch;
use super::bands::Bands;
use super::log_mel::put;
use super::logarithm::ln;
use super::mfcc::CosineTransform;
use super::{FeatureAxes, Features, FrontEnd, MelScale};
use crate::Error;
use crate::dsp::{FrameExtent, FrameOptions, LANES, PadMode, Spectra, Stft, StftOptions, Window};
use std::sync::Arc;

/// Options of a [`HtkMfcc`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HtkMfccOptions {
    /// Sample rate of the sounds, Hz.
    pub sample_rate: u32,
    /// Size of the transform, samples.
    pub n_fft: usize,
    /// Length of a frame, samples.
    pub win_length: usize,
    /// Samples from frame to frame.
    pub hop_length: usize,
    /// Shape of the window, symmetric.
    pub window: Window,
    /// `c` of `y[n] = x[n] - c x[n - 1]` over the whole sound, whose first sample stays.
    pub preemphasis: f64,
    /// Number of mel bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band, Hz.
    pub f_min_hz: f64,
    /// Upper edge of the highest band, Hz.
    pub f_max_hz: f64,
    /// Number of cepstral coefficients.
    pub n_mfcc: usize,
    /// Coefficient `k` is multiplied by `1 + lifter / 2 sin(pi k / lifter)`; 0 for none.
    pub lifter: f64,
    /// Whether the logarithm of a frame's energy stands in the place of coefficient 0.
    pub energy: bool,
}

/// Cepstra in the manner of HTK: the whole sound is pre-emphasised and followed by zeros up to a whole frame; the power of a
/// frame is `|X|^2 / n_fft`; triangles stand on whole bins, `floor((n_fft + 1) f / sample_rate)`; the natural logarithm of
/// their sums, the orthonormal DCT-II and a lifter follow. What is 0 counts as 2^-52 before a logarithm.
///
/// python_speech_features 0.6; Young et al., "The HTK Book", section 5.
#[derive(Clone, Debug)]
pub struct HtkMfcc {
    options: HtkMfccOptions,
    stft: Stft,
    bands: Bands,
    dct: CosineTransform,
    axes: Arc<FeatureAxes>,
}

impl HtkMfcc {
    /// Checks the options and makes the filters.
    ///
    /// # Errors
    /// [`Error::Range`] for bands outside 0..`sample_rate / 2` or sizes that cannot work.
    pub fn new(options: HtkMfccOptions) -> Result<HtkMfcc, Error> {
        let HtkMfccOptions {
            sample_rate,
            n_fft,
            f_min_hz,
            f_max_hz,
            ..
        } = options;
        let nyquist = f64::from(sample_rate) / 2.0;
        if !(f_max_hz > 0.0 && f_max_hz <= nyquist) {
            let want = format!("above 0 and at most {nyquist} Hz, half the sample rate");
            return Err(Error::range("f_max_hz", want, f_max_hz));
        }
        if !(f_min_hz >= 0.0 && f_min_hz < f_max_hz) {
            return Err(Error::range(
                "f_min_hz",
                format!("at least 0 and below `f_max_hz`, {f_max_hz} Hz"),
                f_min_hz,
            ));
        }
        let stft = StftOptions {
            n_fft,
            win_length: options.win_length,
            hop_length: options.hop_length,
            window: options.window,
            center: false,
            pad_mode: PadMode::Zeros,
        };
        let frame = FrameOptions {
            extent: FrameExtent::Window,
            symmetric_window: true,
            ..FrameOptions::default()
        };
        let mut dct = CosineTransform::new(options.n_mfcc, options.n_mels)?;
        dct.lift(options.lifter, 0.0);
        let bank = whole_bin_bank(sample_rate, n_fft, options.n_mels, [f_min_hz, f_max_hz]);
        Ok(HtkMfcc {
            axes: FeatureAxes::shared(options.hop_length, sample_rate, Vec::new()),
            options,
            stft: Stft::with_frames(stft, frame)?,
            bands: Bands::new(bank),
            dct,
        })
    }

    /// Number of frames of a sound of `n_samples`: the last one is filled up with zeros.
    pub fn n_frames(&self, n_samples: usize) -> usize {
        1 + n_samples
            .saturating_sub(self.options.win_length)
            .div_ceil(self.options.hop_length)
    }
}

impl FrontEnd for HtkMfcc {
    /// An error if there is no sample.
    #[inline(always)]
    fn compute(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        let n = samples.len() / n_channels;
        if n == 0 {
            return Err(Error::Unusable(
                "a sound without samples has no cepstra".into(),
            ));
        }
        let n_frames = self.n_frames(n);
        let padded = (n_frames - 1) * self.options.hop_length + self.options.win_length;
        let MelScratch {
            fft,
            powers,
            wave,
            mels,
            energies,
            ..
        } = scratch;
        energies.clear();
        energies.resize(n_channels * n_frames, 0.0);
        mels.reset(n_channels, self.bands.len(), n_frames);
        powers.resize(self.stft.n_bins(), [0.0; LANES]);
        let (c, scale) = (
            self.options.preemphasis as f32,
            1.0 / self.options.n_fft as f32,
        );
        for channel in 0..n_channels {
            let part = &samples[channel * n..(channel + 1) * n];
            wave.clear();
            wave.push(part[0]);
            for pair in part.windows(2) {
                wave.push(pair[1] - c * pair[0]);
            }
            wave.resize(padded, 0.0);
            let block = &mut mels.values[channel * self.bands.len() * n_frames..];
            for first in (0..self.stft.checked_frames(wave.len())?).step_by(LANES) {
                let count = self.stft.block(wave, first, Spectra::Powers, fft);
                let mut energy = [0.0; LANES];
                for (power, raw) in powers.iter_mut().zip(fft.lanes_mut().re.groups()) {
                    for lane in 0..LANES {
                        power[lane] = scale * raw[lane];
                        energy[lane] += power[lane];
                    }
                }
                put(
                    &logarithms(energy),
                    &mut energies[channel * n_frames + first..][..count],
                );
                for band in 0..self.bands.len() {
                    let sums = logarithms(self.bands.lane_sums(band, powers));
                    put(&sums, &mut block[band * n_frames + first..][..count]);
                }
            }
        }
        self.dct.apply(mels, out);
        out.axes = Some(self.axes.clone());
        if self.options.energy {
            for (channel, energies) in energies.chunks(n_frames).enumerate() {
                let start = channel * self.options.n_mfcc * n_frames;
                out.values[start..start + n_frames].copy_from_slice(energies);
            }
        }
        Ok(())
    }
}

/// Natural logarithms; what is 0 counts as 2^-52.
#[inline(always)]
fn logarithms(mut values: [f32; LANES]) -> [f32; LANES] {
    for x in &mut values {
        *x = ln(if *x == 0.0 { f64::EPSILON as f32 } else { *x });
    }
    values
}

/// Triangles of height 1 whose corners are whole bins.
fn whole_bin_bank(
    sample_rate: u32,
    n_fft: usize,
    n_mels: usize,
    [f_min_hz, f_max_hz]: [f64; 2],
) -> Vec<Vec<f64>> {
    let scale = MelScale::Htk;
    let (low, high) = (scale.mel(f_min_hz), scale.mel(f_max_hz));
    let corner = |i: usize| {
        let hz = scale.hz(low + (high - low) * i as f64 / (n_mels + 1) as f64);
        ((n_fft + 1) as f64 * hz / f64::from(sample_rate)).floor()
    };
    (0..n_mels)
        .map(|band| {
            let (left, peak, right) = (corner(band), corner(band + 1), corner(band + 2));
            (0..=n_fft / 2)
                .map(|bin| {
                    let x = bin as f64;
                    if x >= left && x < peak {
                        (x - left) / (peak - left)
                    } else if x >= peak && x < right {
                        (right - x) / (right - peak)
                    } else {
                        0.0
                    }
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> HtkMfccOptions {
        HtkMfccOptions {
            sample_rate: 8000,
            n_fft: 256,
            win_length: 200,
            hop_length: 80,
            window: Window::Rectangular,
            preemphasis: 0.97,
            n_mels: 26,
            f_min_hz: 0.0,
            f_max_hz: 4000.0,
            n_mfcc: 13,
            lifter: 22.0,
            energy: true,
        }
    }

    #[test]
    fn the_last_frame_is_filled_up() {
        let mfcc = HtkMfcc::new(options()).unwrap();
        for (n, want) in [(1, 1), (200, 1), (201, 2), (280, 2), (281, 3)] {
            let mut out = Features::default();
            mfcc.apply(&vec![0.5; 2 * n], 2, &mut MelScratch::default(), &mut out)
                .unwrap();
            assert_eq!(out.shape(), [2, 13, want]);
        }
    }

    #[test]
    fn silence_is_finite_and_its_energy_is_the_smallest_number_counted() {
        let mut out = Features::default();
        HtkMfcc::new(options())
            .unwrap()
            .apply(&[0.0; 400], 1, &mut MelScratch::default(), &mut out)
            .unwrap();
        let least = f64::EPSILON.ln() as f32;
        assert!(out.band(0, 0).iter().all(|&v| (v - least).abs() < 1e-4));
        assert!(out.band(0, 5).iter().all(|&v| v.abs() < 1e-2));
    }
}
