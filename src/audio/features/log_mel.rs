//! Mel and log-mel spectrograms.

use super::bands::{Bands, BankOptions};
use super::logarithm::{decibels, ln};
use super::{
    FeatureAxes, Features, FrontEnd, MelNorm, MelScale, MelScratch, Triangles, mel_corners,
};
use crate::Error;
use crate::dsp::{FrameOptions, LANES, Spectra, Stft, StftOptions};
use std::sync::{Arc, OnceLock};

/// What the levels of a spectrogram in dB refer to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// A fixed power.
    Power(f64),
    /// The largest power in the block.
    Max,
}

/// How powers are compressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compression {
    /// Not at all.
    None,
    /// `ln(x + offset)`.
    Ln {
        /// Added before the logarithm.
        offset: f64,
    },
    /// `ln(max(x, amin))`.
    LnFloor {
        /// Smallest power.
        amin: f64,
    },
    /// `10 log10(max(x, amin) / reference)`, no lower than `top_db` under the largest value.
    Db {
        /// What 0 dB is.
        reference: Reference,
        /// Smallest power.
        amin: f64,
        /// Range under the maximum that is kept; all of it if `None`.
        top_db: Option<f64>,
    },
}

/// Options of a [`LogMel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelOptions {
    /// Sample rate of the sounds, Hz.
    pub sample_rate: u32,
    /// Whether the mean of each channel is subtracted first.
    pub remove_mean: bool,
    /// The transform below.
    pub stft: StftOptions,
    /// What happens to its frames.
    pub frame: FrameOptions,
    /// Number of mel bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band, Hz.
    pub f_min_hz: f64,
    /// Upper edge of the highest band, Hz.
    pub f_max_hz: f64,
    /// Mapping from Hz to mel.
    pub mel_scale: MelScale,
    /// The axis on which the sides of the bands are straight.
    pub triangles: Triangles,
    /// Scaling of the bands.
    pub norm: MelNorm,
    /// Exponent of the magnitude: 2 for power, 1 for magnitude.
    pub power: f64,
    /// What follows the filter bank.
    pub compression: Compression,
    /// Frames to cut or fill up to, with zeros after the compression; as many as there are if `None`.
    pub n_frames: Option<usize>,
    /// What comes last: `(x - mean) / deviation`.
    pub normalization: Normalization,
}

/// A shift and a scale that bring features to mean 0 and deviation 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Subtracted.
    pub mean: f64,
    /// What is left is divided by this.
    pub deviation: f64,
}

impl Default for Normalization {
    fn default() -> Normalization {
        Normalization {
            mean: 0.0,
            deviation: 1.0,
        }
    }
}

/// A mel spectrogram, compressed or not.
#[derive(Clone, Debug)]
pub struct LogMel {
    options: MelOptions,
    stft: Stft,
    /// For every band the first bin with weight and the weights from there.
    bands: Arc<Bands>,
    axes: Arc<FeatureAxes>,
    /// From a frame to its spectrum, once somebody has asked for it: see [`MelProducts`].
    spectrum: OnceLock<Arc<[f32]>>,
}

impl LogMel {
    /// Checks the options and makes the filter bank.
    ///
    /// # Errors
    /// [`Error::Range`] for bands outside 0..`sample_rate / 2`, no bands, or a transform that cannot work.
    pub fn new(options: MelOptions) -> Result<LogMel, Error> {
        let nyquist = f64::from(options.sample_rate) / 2.0;
        if options.n_mels == 0 {
            return Err(Error::range("n_mels", "at least 1", 0));
        }
        if !(options.f_max_hz > 0.0 && options.f_max_hz <= nyquist) {
            let want = format!("above 0 and at most {nyquist} Hz, half the sample rate");
            return Err(Error::range("f_max_hz", want, options.f_max_hz));
        }
        if !(options.f_min_hz >= 0.0 && options.f_min_hz < options.f_max_hz) {
            let want = format!("at least 0 and below `f_max_hz`, {} Hz", options.f_max_hz);
            return Err(Error::range("f_min_hz", want, options.f_min_hz));
        }
        if !(options.normalization.deviation > 0.0 && options.normalization.deviation.is_finite()) {
            return Err(Error::range(
                "deviation",
                "above 0",
                options.normalization.deviation,
            ));
        }
        let stft = Stft::with_frames(options.stft, options.frame)?;
        let edges_hz = [options.f_min_hz, options.f_max_hz];
        let corners = mel_corners(options.mel_scale, options.n_mels, edges_hz);
        let bands = Bands::kept(BankOptions {
            scale: options.mel_scale,
            norm: options.norm,
            triangles: options.triangles,
            sample_rate: options.sample_rate,
            n_fft: options.stft.n_fft,
            n_mels: options.n_mels,
            edges_hz,
        });
        Ok(LogMel {
            axes: FeatureAxes::shared(
                options.stft.hop_length,
                options.sample_rate,
                corners[1..=options.n_mels].to_vec(),
            ),
            options,
            stft,
            bands,
            spectrum: OnceLock::new(),
        })
    }

    /// The options it was made with.
    pub fn options(&self) -> &MelOptions {
        &self.options
    }

    /// Number of frames of a sound.
    pub fn n_frames(&self, n_samples: usize) -> usize {
        self.options
            .n_frames
            .unwrap_or_else(|| self.stft.n_frames(n_samples))
    }
}

/// A mel spectrogram as products of matrices, for those who differentiate it.
#[derive(Clone, Debug)]
pub struct MelProducts {
    /// Where the samples of all frames stand in the sound, frame after frame; nothing where a zero does.
    pub places: Vec<Option<usize>>,
    /// Number of frames.
    pub n_frames: usize,
    /// Samples of a frame.
    pub length: usize,
    /// From a frame to its spectrum, `[length, 2 n_bins]`: real parts, then imaginary ones.
    pub spectrum: Arc<[f32]>,
    /// Bins of a spectrum.
    pub n_bins: usize,
    /// From the bins, raised to `power`, to the bands, `[n_bins, n_mels]`.
    pub bank: Vec<f32>,
    /// What is done beside them.
    pub options: MelOptions,
}

impl LogMel {
    /// The matrices for sounds of a length.
    ///
    /// # Errors
    /// [`Error::Unusable`] if that is too short.
    pub fn products(&self, n_samples: usize) -> Result<MelProducts, Error> {
        let n_frames = self.stft.checked_frames(n_samples)?;
        let n_bins = self.stft.n_bins();
        Ok(MelProducts {
            places: self.stft.places(n_samples),
            n_frames,
            length: self.stft.frame_length(),
            spectrum: self
                .spectrum
                .get_or_init(|| self.stft.matrix().into())
                .clone(),
            n_bins,
            bank: self.bands.matrix(n_bins),
            options: self.options,
        })
    }
}

impl FrontEnd for LogMel {
    /// An error if the sound is too short for a frame.
    #[inline(always)]
    fn compute(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        let n = samples.len() / n_channels;
        let n_frames = self.n_frames(n);
        out.reset(n_channels, self.bands.len(), n_frames);
        out.axes = Some(self.axes.clone());
        let MelScratch { fft, wave, .. } = scratch;
        for channel in 0..n_channels {
            let block = &mut out.values[channel * self.bands.len() * n_frames..];
            let mut part = &samples[channel * n..(channel + 1) * n];
            if self.options.remove_mean {
                let mean =
                    (part.iter().map(|&x| f64::from(x)).sum::<f64>() / n.max(1) as f64) as f32;
                wave.clear();
                wave.extend(part.iter().map(|x| x - mean));
                part = wave;
            }
            for first in (0..self.stft.checked_frames(part.len())?.min(n_frames)).step_by(LANES) {
                let count = self
                    .stft
                    .block(part, first, Spectra::Powers, fft)
                    .min(n_frames - first);
                raise(fft.lanes_mut().re.values_mut(), self.options.power / 2.0);
                for band in 0..self.bands.len() {
                    let sums = self.bands.lane_sums(band, fft.lanes_mut().re.groups());
                    put(&sums, &mut block[band * n_frames + first..][..count]);
                }
            }
        }
        self.options.compression.apply(&mut out.values);
        let computed = self.stft.n_frames(n);
        if computed < n_frames {
            out.values
                .chunks_mut(n_frames)
                .for_each(|band| band[computed..].fill(0.0));
        }
        if self.options.normalization != Normalization::default() {
            let Normalization { mean, deviation } = self.options.normalization;
            let (mean, scale) = (mean as f32, (1.0 / deviation) as f32);
            out.values.iter_mut().for_each(|x| *x = (*x - mean) * scale);
        }
        Ok(())
    }
}

/// Writes as many lanes as there are slots.
#[inline(always)]
pub(super) fn put(lanes: &[f32; LANES], slots: &mut [f32]) {
    match <&mut [f32; LANES]>::try_from(&mut *slots) {
        Ok(slots) => *slots = *lanes,
        Err(_) => slots.copy_from_slice(&lanes[..slots.len()]),
    }
}

/// Powers of squares: 1 does nothing.
#[inline(always)]
fn raise(values: &mut [f32], exponent: f64) {
    if exponent == 0.5 {
        for x in values {
            *x = x.sqrt();
        }
    } else if exponent != 1.0 {
        for x in values {
            *x = libm::powf(*x, exponent as f32);
        }
    }
}

impl Compression {
    #[inline(always)]
    fn apply(self, values: &mut [f32]) {
        match self {
            Compression::None => {}
            Compression::Ln { offset } => {
                let offset = offset as f32;
                for x in values {
                    *x = ln(*x + offset);
                }
            }
            Compression::LnFloor { amin } => {
                let floor = amin as f32;
                for x in values {
                    *x = ln(x.max(floor));
                }
            }
            Compression::Db {
                reference,
                amin,
                top_db,
            } => {
                let floor = amin as f32;
                let reference = match reference {
                    Reference::Power(power) => power,
                    Reference::Max => values.iter().fold(0.0f32, |a, &b| a.max(b)).into(),
                };
                let shift = (10.0 * libm::log10(reference.max(amin))) as f32;
                for x in values.iter_mut() {
                    *x = decibels(x.max(floor)) - shift;
                }
                if let Some(top_db) = top_db {
                    let lowest =
                        values.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b)) - top_db as f32;
                    values.iter_mut().for_each(|x| *x = x.max(lowest));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::{PadMode, Window};

    fn options() -> MelOptions {
        MelOptions {
            sample_rate: 8000,
            remove_mean: false,
            frame: FrameOptions::default(),
            stft: StftOptions {
                n_fft: 256,
                win_length: 256,
                hop_length: 80,
                window: Window::Hann,
                center: true,
                pad_mode: PadMode::Reflect,
            },
            n_mels: 40,
            f_min_hz: 50.0,
            f_max_hz: 4000.0,
            mel_scale: MelScale::Htk,
            triangles: Triangles::Hertz,
            norm: MelNorm::None,
            power: 2.0,
            compression: Compression::Ln { offset: 1e-6 },
            n_frames: None,
            normalization: Normalization::default(),
        }
    }

    #[test]
    fn a_tone_is_strongest_in_its_band() {
        let mel = LogMel::new(options()).unwrap();
        let freq_hz = 1000.0;
        let wave: Vec<f32> = (0..8000)
            .map(|i| (std::f64::consts::TAU * freq_hz * f64::from(i) / 8000.0).sin() as f32)
            .collect();
        let mut out = Features::default();
        mel.apply(&wave, 1, &mut MelScratch::default(), &mut out)
            .unwrap();
        assert_eq!(out.shape(), [1, 40, 101]);
        let level = |band: usize| out.band(0, band)[50];
        let strongest = (0..40)
            .max_by(|&a, &b| level(a).total_cmp(&level(b)))
            .unwrap();
        let scale = MelScale::Htk;
        let step = (scale.mel(4000.0) - scale.mel(50.0)) / 41.0;
        let want = ((scale.mel(freq_hz) - scale.mel(50.0)) / step - 1.0).round() as usize;
        assert_eq!(strongest, want);
    }

    #[test]
    fn narrow_registers_give_the_same_bits() {
        let mut samples = vec![0.0; 4000];
        crate::Rng::from_words(&[9]).fill_normal(&mut samples);
        let db = Compression::Db {
            reference: Reference::Max,
            amin: 1e-10,
            top_db: Some(60.0),
        };
        for (compression, power) in [
            (options().compression, 2.0),
            (db, 1.0),
            (Compression::LnFloor { amin: 1e-7 }, 2.5),
        ] {
            let frame = FrameOptions {
                remove_dc: true,
                preemphasis: 0.97,
                ..FrameOptions::default()
            };
            let mel = LogMel::new(MelOptions {
                compression,
                power,
                frame,
                ..options()
            })
            .unwrap();
            let (mut wide, mut narrow) = (Features::default(), Features::default());
            mel.apply(&samples, 1, &mut MelScratch::default(), &mut wide)
                .unwrap();
            let scratch = &mut MelScratch::default();
            mel.compute(&samples, 1, scratch, &mut narrow).unwrap();
            assert!(
                wide.values
                    .iter()
                    .zip(&narrow.values)
                    .all(|(a, b)| a.to_bits() == b.to_bits())
            );
        }
    }

    #[test]
    fn silence_is_the_offset() {
        let mut out = Features::default();
        let mel = LogMel::new(options()).unwrap();
        mel.apply(&[0.0; 800], 2, &mut MelScratch::default(), &mut out)
            .unwrap();
        assert_eq!(out.shape(), [2, 40, 6]);
        assert!(out.values.iter().all(|&v| (v - 1e-6f32.ln()).abs() < 1e-4));
    }

    #[test]
    fn frames_are_filled_up_before_the_normalization_and_cut_behind() {
        let normalization = Normalization {
            mean: -4.0,
            deviation: 2.0,
        };
        let apply = |n_frames| {
            let mel = LogMel::new(MelOptions {
                n_frames: Some(n_frames),
                normalization,
                ..options()
            })
            .unwrap();
            let mut out = Features::default();
            mel.apply(&[0.0; 800], 1, &mut MelScratch::default(), &mut out)
                .unwrap();
            out
        };
        let (long, short) = (apply(20), apply(4));
        assert_eq!((long.shape(), short.shape()), ([1, 40, 20], [1, 40, 4]));
        assert!(long.band(0, 7)[11..].iter().all(|&v| v == 2.0));
        assert!((long.band(0, 7)[10] - (1e-6f32.ln() + 4.0) / 2.0).abs() < 1e-4);
        assert_eq!(long.band(0, 39)[..4], *short.band(0, 39));
    }

    #[test]
    fn bands_beyond_the_nyquist_frequency_are_an_error() {
        let error = LogMel::new(MelOptions {
            f_max_hz: 4001.0,
            ..options()
        })
        .unwrap_err();
        assert_eq!(
            error,
            Error::range(
                "f_max_hz",
                "above 0 and at most 4000 Hz, half the sample rate",
                4001
            )
        );
        assert!(
            LogMel::new(MelOptions {
                f_min_hz: 4000.0,
                ..options()
            })
            .is_err()
        );
        assert!(
            LogMel::new(MelOptions {
                n_mels: 0,
                ..options()
            })
            .is_err()
        );
    }
}
