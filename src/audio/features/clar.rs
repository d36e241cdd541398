//! The three features of CLAR.

use super::MelScratch;
use super::bands::{Bands, BankOptions};
use super::log_mel::put;
use super::logarithm::decibels;
use super::{FeatureAxes, Features, FrontEnd, MelNorm, MelScale, Triangles};
use crate::Error;
use crate::dsp::{FrameExtent, FrameOptions, LANES, PadMode, Spectra, Stft, StftOptions, Window};
use std::f64::consts::PI;
use std::sync::Arc;

/// Options of a [`ClarFeatures`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClarOptions {
    /// Sample rate of the sounds, Hz.
    pub sample_rate: u32,
    /// Length of a frame, samples.
    pub n_fft: usize,
    /// Samples from frame to frame.
    pub hop_length: usize,
    /// Number of bands of each feature.
    pub n_bands: usize,
    /// Frequency of the lowest band, and lower edge of the mel bank, Hz.
    pub f_min_hz: f64,
    /// Frequency at which a band after the last would be, and upper edge of the mel bank, Hz.
    pub f_max_hz: f64,
}

/// The input of CLAR's encoder: log magnitude and phase at frequencies in equal ratios, and a log-mel spectrogram.
///
/// With frames of `n_fft` samples under a periodic Hann window `w`, centred by reflection, and
/// `f_k = f_min exp(k ln(f_max / f_min) / n_bands)`, `X_k = sum_n w_n x_n exp(-2 pi i f_k n / sample_rate)` where `n` counts
/// from the start of the frame:
/// - channel 0: `20 log10(max(sqrt(|X_k|^2 + 1e-8), 1e-5)) - 20`,
/// - channel 1: `arg X_k`, 0 for silence,
/// - channel 2: `10 log10(max(m, 1e-5)) - 10`, with `m` the power in Slaney's mel bands, each divided by its sum.
///
/// Al-Tahan & Mohsenzadeh, "CLAR", 2021, as in its published code.
///
/// `X_k` lies between the bins of a transform. One of twice the frame's length is computed, whose even bins are those of
/// the frame itself; being band-limited to half of its period, the spectrum between its bins follows from `TAPS` of them
/// by a sinc under a Kaiser window. The error is 1e-8 of the largest magnitude, less than that of single precision.
#[derive(Clone, Debug)]
pub struct ClarFeatures {
    options: ClarOptions,
    stft: Stft,
    between: Vec<Between>,
    mels: Arc<Bands>,
    axes: Arc<FeatureAxes>,
}

/// Bins from which a value between two of them is made.
const TAPS: usize = 20;
/// Shape of the Kaiser window. More than the `0.25 pi TAPS` that a flat error asks for: the error then grows to the ends of
/// the frame, where the Hann window takes it away. Weighted by that window it is 1e-8 at most, the least for these taps.
const KAISER_BETA: f64 = 17.0;

impl ClarFeatures {
    /// Checks the options and makes the filters.
    ///
    /// # Errors
    /// [`Error::Range`] for frequencies that are not `0 < f_min < f_max <= sample_rate / 2`, or a size of 0.
    pub fn new(options: ClarOptions) -> Result<ClarFeatures, Error> {
        let ClarOptions {
            sample_rate,
            n_fft,
            hop_length,
            n_bands,
            f_min_hz,
            f_max_hz,
        } = options;
        let nyquist = f64::from(sample_rate) / 2.0;
        if n_bands == 0 {
            return Err(Error::range("n_bands", "at least 1", 0));
        }
        if !(f_max_hz > 0.0 && f_max_hz <= nyquist) {
            return Err(Error::range(
                "f_max_hz",
                format!("above 0 and at most {nyquist} Hz, half the sample rate"),
                f_max_hz,
            ));
        }
        if !(f_min_hz > 0.0 && f_min_hz < f_max_hz) {
            return Err(Error::range(
                "f_min_hz",
                format!("above 0 and below `f_max_hz`, {f_max_hz} Hz"),
                f_min_hz,
            ));
        }
        let stft = StftOptions {
            n_fft: 2 * n_fft,
            win_length: n_fft,
            hop_length,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Reflect,
        };
        let stft = Stft::with_frames(
            stft,
            FrameOptions {
                extent: FrameExtent::Window,
                ..FrameOptions::default()
            },
        )?;
        let centers_hz: Vec<f64> = (0..n_bands)
            .map(|k| f_min_hz * (k as f64 * (f_max_hz / f_min_hz).ln() / n_bands as f64).exp())
            .collect();
        let between = centers_hz
            .iter()
            .map(|hz| Between::new(2.0 * n_fft as f64 * hz / f64::from(sample_rate), n_fft))
            .collect();
        let mels = Bands::kept(BankOptions {
            scale: MelScale::Slaney,
            norm: MelNorm::Sum,
            triangles: Triangles::Hertz,
            sample_rate,
            n_fft,
            n_mels: n_bands,
            edges_hz: [f_min_hz, f_max_hz],
        });
        Ok(ClarFeatures {
            axes: FeatureAxes::shared(hop_length, sample_rate, centers_hz),
            options,
            stft,
            between,
            mels,
        })
    }

    /// The options it was made with.
    pub fn options(&self) -> &ClarOptions {
        &self.options
    }
}

impl FrontEnd for ClarFeatures {
    /// Three channels for each of the sound's; an error if the sound is too short to be mirrored by half a frame.
    #[inline(always)]
    fn compute(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        let n = samples.len() / n_channels;
        let (n_frames, n_bands) = (self.stft.n_frames(n), self.options.n_bands);
        out.reset(3 * n_channels, n_bands, n_frames);
        out.axes = Some(self.axes.clone());
        let MelScratch { fft, powers, .. } = scratch;
        powers.resize(self.options.n_fft / 2 + 1, [0.0; LANES]);
        for channel in 0..n_channels {
            let part = &samples[channel * n..(channel + 1) * n];
            let block = &mut out.values[3 * channel * n_bands * n_frames..];
            for first in (0..self.stft.checked_frames(part.len())?).step_by(LANES) {
                let count = self.stft.block(part, first, Spectra::Complex, fft);
                let lanes = fft.lanes_mut();
                let (re, im) = (lanes.re.groups(), lanes.im.groups());
                for (band, between) in self.between.iter().enumerate() {
                    let (re, im) = between.of(re, im);
                    let (mut level, mut phase) = ([0.0; LANES], [0.0; LANES]);
                    for lane in 0..LANES {
                        // The root of 1e-8 is above the 1e-5 under which the code would cut.
                        level[lane] =
                            decibels(re[lane] * re[lane] + im[lane] * im[lane] + 1e-8) - 20.0;
                        phase[lane] = angle(re[lane], im[lane]);
                    }
                    put(&level, &mut block[band * n_frames + first..][..count]);
                    put(
                        &phase,
                        &mut block[(n_bands + band) * n_frames + first..][..count],
                    );
                }
                for (power, (re, im)) in powers.iter_mut().zip(re.iter().zip(im).step_by(2)) {
                    for lane in 0..LANES {
                        power[lane] = re[lane] * re[lane] + im[lane] * im[lane];
                    }
                }
                for band in 0..n_bands {
                    let mut level = self.mels.lane_sums(band, powers);
                    for x in &mut level {
                        *x = decibels(x.max(1e-5)) - 10.0;
                    }
                    put(
                        &level,
                        &mut block[(2 * n_bands + band) * n_frames + first..][..count],
                    );
                }
            }
        }
        Ok(())
    }
}

/// The spectrum of a frame at a fractional bin of the transform twice as long.
///
/// A frame in the first half of the period is centred on a quarter of it, so bin `m` is turned by `exp(i pi m / 2)` to a
/// spectrum centred in time, which is smooth and has real weights, and the result is turned back. From bin to bin that is
/// a turn by `i`: even taps add up to a sum, odd ones to another that is turned by `i` as a whole.
#[derive(Clone, Debug)]
struct Between {
    /// The bins. Those beyond the ends of a spectrum are the mirrored ones of a real signal.
    bins: [usize; TAPS],
    /// Weights of real and imaginary parts, with the signs of even powers of `i` and of mirrored bins.
    weights: [[f32; 2]; TAPS],
    turn: [f32; 2],
}

impl Between {
    /// At a bin of the transform of `2 half` samples.
    fn new(bin: f64, half: usize) -> Between {
        let first = bin.floor() - (TAPS as f64 / 2.0 - 1.0);
        let (mut bins, mut weights) = ([0; TAPS], [[0.0; 2]; TAPS]);
        for tap in 0..TAPS {
            let away = first + tap as f64 - bin;
            let shape = 2.0 * away / TAPS as f64;
            let kaiser = bessel_i0(KAISER_BETA * (1.0 - shape * shape).max(0.0).sqrt())
                / bessel_i0(KAISER_BETA);
            let sinc = if away == 0.0 {
                1.0
            } else {
                libm::sin(PI * away) / (PI * away)
            };
            let sign = if (tap / 2).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            let weight = (sign * sinc * kaiser) as f32;
            let place = (first as isize + tap as isize).rem_euclid(2 * half as isize) as usize;
            let mirrored = place > half;
            bins[tap] = if mirrored { 2 * half - place } else { place };
            weights[tap] = [weight, if mirrored { -weight } else { weight }];
        }
        let (im, re) = libm::sincos(PI / 2.0 * (first - bin));
        Between {
            bins,
            weights,
            turn: [re as f32, im as f32],
        }
    }

    /// The values for spectra side by side.
    #[inline(always)]
    fn of(&self, re: &[[f32; LANES]], im: &[[f32; LANES]]) -> ([f32; LANES], [f32; LANES]) {
        let mut sums = [[0.0f32; LANES]; 4];
        let (bins, weights) = (
            self.bins.as_chunks::<2>().0,
            self.weights.as_chunks::<2>().0,
        );
        for (bins, weights) in bins.iter().zip(weights) {
            let (even_re, even_im, odd_re, odd_im) =
                (&re[bins[0]], &im[bins[0]], &re[bins[1]], &im[bins[1]]);
            for lane in 0..LANES {
                sums[0][lane] += weights[0][0] * even_re[lane];
                sums[1][lane] += weights[0][1] * even_im[lane];
                sums[2][lane] += weights[1][0] * odd_re[lane];
                sums[3][lane] += weights[1][1] * odd_im[lane];
            }
        }
        let (mut out_re, mut out_im) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let (x, y) = (sums[0][lane] - sums[3][lane], sums[1][lane] + sums[2][lane]);
            out_re[lane] = x * self.turn[0] - y * self.turn[1];
            out_im[lane] = x * self.turn[1] + y * self.turn[0];
        }
        (out_re, out_im)
    }
}

/// The angle of a number, 0 for 0, within 3e-7.
///
/// The arc tangent of numbers up to 1 is Abramowitz & Stegun's 4.4.49 (error 2e-8); a library's is several times slower.
#[inline(always)]
fn angle(re: f32, im: f32) -> f32 {
    const A: [f32; 8] = [
        -0.333_331_45,
        0.199_935_5,
        -0.142_089,
        0.106_562_64,
        -0.075_289_64,
        0.042_909_614,
        -0.016_165_737,
        0.002_866_225_7,
    ];
    let (x, y) = (re.abs(), im.abs());
    let (small, large) = if x < y { (x, y) } else { (y, x) };
    // Dividing by no less than this leaves 0 where both parts are 0.
    let t = small
        / if large > f32::MIN_POSITIVE {
            large
        } else {
            f32::MIN_POSITIVE
        };
    let squared = t * t;
    let mut inner = 0.0;
    for a in A.iter().rev() {
        inner = (inner + a) * squared;
    }
    let octant = t + t * inner;
    let quadrant = if y > x {
        std::f32::consts::FRAC_PI_2 - octant
    } else {
        octant
    };
    let half = if re < 0.0 {
        std::f32::consts::PI - quadrant
    } else {
        quadrant
    };
    if im < 0.0 { -half } else { half }
}

/// The modified Bessel function of the first kind of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::dsp::FftScratch;

    fn options() -> ClarOptions {
        ClarOptions {
            sample_rate: 16_000,
            n_fft: 2048,
            hop_length: 128,
            n_bands: 128,
            f_min_hz: 40.0,
            f_max_hz: 8000.0,
        }
    }

    /// `X_k` of the frame in the middle of a signal, by its definition.
    fn exact(options: ClarOptions, samples: &[f32], start: usize, k: usize) -> (f64, f64) {
        let ratio = options.f_max_hz / options.f_min_hz;
        let hz = options.f_min_hz * (k as f64 * ratio.ln() / options.n_bands as f64).exp();
        let window = Window::Hann.samples(options.n_fft);
        (0..options.n_fft).fold((0.0, 0.0), |(re, im), n| {
            let x = f64::from(samples[start + n]) * window[n];
            let angle = -2.0 * PI * hz * n as f64 / f64::from(options.sample_rate);
            (re + x * angle.cos(), im + x * angle.sin())
        })
    }

    #[test]
    fn the_interpolated_spectrum_is_the_defined_one() {
        let rates = [(16_000, 2048, 40.0), (44_100, 1024, 3.0), (8000, 64, 10.0)];
        for (sample_rate, n_fft, f_min_hz) in rates {
            let f_max_hz = f64::from(sample_rate) / 2.0;
            let options = ClarOptions {
                sample_rate,
                n_fft,
                f_min_hz,
                f_max_hz,
                hop_length: n_fft / 2,
                ..options()
            };
            let mut samples = vec![0.0; 4 * n_fft];
            Rng::from_words(&[3]).fill_normal(&mut samples);
            for (n, x) in samples.iter_mut().enumerate() {
                *x = 0.01 * *x + (0.3 * n as f32).sin();
            }
            let clar = ClarFeatures::new(options).unwrap();
            let mut worst = 0.0f64;
            let mut largest = 0.0f64;
            let mut scratch = FftScratch::default();
            assert!(clar.stft.block(&samples, 0, Spectra::Complex, &mut scratch) > 4);
            let lanes = scratch.lanes_mut();
            for (k, between) in clar.between.iter().enumerate() {
                let (re, im) = between.of(lanes.re.groups(), lanes.im.groups());
                let want = exact(options, &samples, 4 * n_fft / 2 - n_fft / 2, k);
                worst = worst.max((f64::from(re[4]) - want.0).hypot(f64::from(im[4]) - want.1));
                largest = largest.max(want.0.hypot(want.1));
            }
            assert!(
                worst < 2e-7 * largest,
                "{sample_rate} Hz: {}",
                worst / largest
            );
        }
    }

    #[test]
    fn angles_are_those_of_the_library() {
        for i in 0..10_000 {
            let want = f64::from(i) * 2.0 * PI / 10_000.0 - PI;
            let length = 10f64.powi(i % 30 - 15);
            let (re, im) = ((length * want.cos()) as f32, (length * want.sin()) as f32);
            let error = f64::from(angle(re, im)) - f64::from(im).atan2(f64::from(re));
            assert!(error.abs() < 5e-7, "{want}: {error}");
        }
        assert_eq!(angle(-1.0, 0.0), std::f32::consts::PI);
        for (re, im) in [(0.0, 0.0), (-0.0, -0.0), (2.0, 0.0)] {
            assert_eq!(angle(re, im).to_bits(), 0);
        }
    }

    #[test]
    fn blocks_end_where_the_sound_does() {
        let mut samples = vec![0.0; 128 * 40];
        Rng::from_words(&[6]).fill_normal(&mut samples);
        let clar = ClarFeatures::new(options()).unwrap();
        let apply = |n: usize| {
            let mut out = Features::default();
            clar.apply(&samples[..128 * n], 1, &mut MelScratch::default(), &mut out)
                .unwrap();
            out
        };
        // Frames that see no end are the same in a longer sound.
        let (short, long) = (apply(30), apply(40));
        for channel in 0..3 {
            assert_eq!(short.band(channel, 77)[..22], long.band(channel, 77)[..22]);
            assert!(short.band(channel, 77)[22..].iter().all(|&v| v != 0.0));
        }
    }

    #[test]
    fn silence_is_the_floor_of_each_channel() {
        let mut out = Features::default();
        let clar = ClarFeatures::new(options()).unwrap();
        clar.apply(&[0.0; 2 * 1280], 2, &mut MelScratch::default(), &mut out)
            .unwrap();
        assert_eq!(out.shape(), [6, 128, 11]);
        for channel in [0, 3] {
            for band in 0..128 {
                assert!(
                    out.band(channel, band)
                        .iter()
                        .all(|v| (v + 100.0).abs() < 1e-4)
                );
                assert!(out.band(channel + 1, band).iter().all(|v| v.to_bits() == 0));
                assert!(
                    out.band(channel + 2, band)
                        .iter()
                        .all(|v| (v + 60.0).abs() < 1e-4)
                );
            }
        }
    }

    #[test]
    fn frequencies_that_cannot_be_are_errors() {
        let refused = |change: fn(&mut ClarOptions)| {
            let mut options = options();
            change(&mut options);
            ClarFeatures::new(options).is_err()
        };
        assert!(
            refused(|o| o.f_min_hz = 0.0)
                && refused(|o| o.f_max_hz = 8001.0)
                && refused(|o| o.n_bands = 0)
        );
        assert!(
            refused(|o| o.n_fft = 0)
                && refused(|o| o.hop_length = 0)
                && refused(|o| o.f_min_hz = 8000.0)
        );
    }
}
