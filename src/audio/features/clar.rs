//! The three features of CLAR.

use super::log_mel::{Bands, MelScratch};
use super::{Features, MelNorm, MelScale, Triangles, filter_bank};
use crate::Error;
use crate::dsp::{FrameExtent, FrameOptions, PadMode, Stft, StftOptions, Window};
use realfft::num_complex::Complex32;
use std::f64::consts::PI;

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
/// the frame itself; being band-limited to half of its period, the spectrum between its bins follows from [`TAPS`] of them
/// by a sinc under a Kaiser window. The error is 1e-8 of the largest magnitude, less than that of single precision.
#[derive(Clone, Debug)]
pub struct ClarFeatures {
    options: ClarOptions,
    stft: Stft,
    /// For every frequency the first bin of the double transform and the weights from there.
    between: Vec<(isize, [Complex32; TAPS])>,
    mels: Bands,
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
        let ClarOptions { sample_rate, n_fft, hop_length, n_bands, f_min_hz, f_max_hz } = options;
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
            return Err(Error::range("f_min_hz", format!("above 0 and below `f_max_hz`, {f_max_hz} Hz"), f_min_hz));
        }
        let stft = StftOptions {
            n_fft: 2 * n_fft,
            win_length: n_fft,
            hop_length,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Reflect,
        };
        let stft = Stft::with_frames(stft, FrameOptions { extent: FrameExtent::Window, ..FrameOptions::default() })?;
        let between = (0..n_bands)
            .map(|k| {
                let hz = f_min_hz * (k as f64 * (f_max_hz / f_min_hz).ln() / n_bands as f64).exp();
                weights_between(2.0 * n_fft as f64 * hz / f64::from(sample_rate))
            })
            .collect();
        let edges = [f_min_hz, f_max_hz];
        let bank = filter_bank(MelScale::Slaney, MelNorm::Sum, Triangles::Hertz, sample_rate, n_fft, n_bands, edges);
        Ok(ClarFeatures { options, stft, between, mels: Bands::new(bank) })
    }

    /// The options it was made with.
    pub fn options(&self) -> &ClarOptions {
        &self.options
    }

    /// Computes the features of planar samples of `n_channels` into a block: three channels for each of the sound's.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the sound is too short to be mirrored by half a frame.
    pub fn apply(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        let n = samples.len() / n_channels;
        let n_frames = self.stft.n_frames(n);
        out.reset(3 * n_channels, self.options.n_bands, n_frames);
        let plane = self.options.n_bands * n_frames;
        let MelScratch { fft, power, .. } = scratch;
        power.resize(self.options.n_fft / 2 + 1, 0.0);
        for channel in 0..n_channels {
            let block = &mut out.values[3 * channel * plane..3 * (channel + 1) * plane];
            let (magnitudes, rest) = block.split_at_mut(plane);
            let (phases, mels) = rest.split_at_mut(plane);
            self.stft.each_frame(&samples[channel * n..(channel + 1) * n], fft, |frame, spectrum| {
                let row = |band: usize| band * n_frames + frame;
                for (band, (first, weights)) in self.between.iter().enumerate() {
                    let value = interpolate(spectrum, *first, weights);
                    let squared = value.re * value.re + value.im * value.im;
                    // The root of 1e-8 is above the 1e-5 under which the code would cut.
                    magnitudes[row(band)] = 10.0 * (squared + 1e-8).log10() - 20.0;
                    phases[row(band)] = value.im.atan2(value.re);
                }
                for (slot, bin) in power.iter_mut().zip(spectrum.iter().step_by(2)) {
                    *slot = bin.re * bin.re + bin.im * bin.im;
                }
                for (band, sum) in self.mels.sums(power).enumerate() {
                    mels[row(band)] = 10.0 * sum.max(1e-5).log10() - 10.0;
                }
            })?;
        }
        Ok(())
    }
}

/// Weights that give the spectrum of a frame at a fractional bin of the transform twice as long: the first bin, and one
/// for each of [`TAPS`] bins.
///
/// A frame in the first half of the period is centred on a quarter of it, so bin `m` is turned by `exp(i pi m / 2)` to a
/// spectrum centred in time, which is smooth, and the result is turned back.
fn weights_between(bin: f64) -> (isize, [Complex32; TAPS]) {
    let first = bin.floor() - (TAPS as f64 / 2.0 - 1.0);
    let weight = |tap: usize| {
        let away = first + tap as f64 - bin;
        let shape = 2.0 * away / TAPS as f64;
        let kaiser = bessel_i0(KAISER_BETA * (1.0 - shape * shape).max(0.0).sqrt()) / bessel_i0(KAISER_BETA);
        let sinc = if away == 0.0 { 1.0 } else { (PI * away).sin() / (PI * away) };
        let angle = PI / 2.0 * away;
        Complex32::new((sinc * kaiser * angle.cos()) as f32, (sinc * kaiser * angle.sin()) as f32)
    };
    (first as isize, std::array::from_fn(weight))
}

/// The weighted sum of some bins; those beyond the ends are the mirrored ones of a real signal.
///
/// Negative zeros are removed, so that silence has the phase 0.
fn interpolate(spectrum: &[Complex32], first: isize, weights: &[Complex32; TAPS]) -> Complex32 {
    let mut sum = Complex32::default();
    match usize::try_from(first).ok().and_then(|first| spectrum.get(first..first + TAPS)) {
        Some(bins) => bins.iter().zip(weights).for_each(|(bin, weight)| sum += bin * weight),
        None => {
            let n = 2 * (spectrum.len() as isize - 1);
            for (tap, weight) in weights.iter().enumerate() {
                let bin = (first + tap as isize).rem_euclid(n);
                let value = if bin > n / 2 { spectrum[(n - bin) as usize].conj() } else { spectrum[bin as usize] };
                sum += value * weight;
            }
        }
    }
    Complex32::new(sum.re + 0.0, sum.im + 0.0)
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
            let options = ClarOptions { sample_rate, n_fft, f_min_hz, f_max_hz, hop_length: n_fft / 2, ..options() };
            let mut samples = vec![0.0; 4 * n_fft];
            Rng::from_words(&[3]).fill_normal(&mut samples);
            for (n, x) in samples.iter_mut().enumerate() {
                *x = 0.01 * *x + (0.3 * n as f32).sin();
            }
            let clar = ClarFeatures::new(options).unwrap();
            let mut worst = 0.0f64;
            let mut largest = 0.0f64;
            clar.stft
                .each_frame(&samples, &mut Default::default(), |frame, spectrum| {
                    if frame != 4 {
                        return;
                    }
                    for (k, (first, weights)) in clar.between.iter().enumerate() {
                        let got = interpolate(spectrum, *first, weights);
                        let want = exact(options, &samples, 4 * n_fft / 2 - n_fft / 2, k);
                        worst = worst.max((f64::from(got.re) - want.0).hypot(f64::from(got.im) - want.1));
                        largest = largest.max(want.0.hypot(want.1));
                    }
                })
                .unwrap();
            assert!(worst < 2e-7 * largest, "{sample_rate} Hz: {}", worst / largest);
        }
    }

    #[test]
    fn silence_is_the_floor_of_each_channel() {
        let mut out = Features::default();
        let clar = ClarFeatures::new(options()).unwrap();
        clar.apply(&[0.0; 2 * 1280], 2, &mut MelScratch::default(), &mut out).unwrap();
        assert_eq!(out.shape(), [6, 128, 11]);
        for channel in [0, 3] {
            for band in 0..128 {
                assert!(out.band(channel, band).iter().all(|v| (v + 100.0).abs() < 1e-4));
                assert!(out.band(channel + 1, band).iter().all(|v| v.to_bits() == 0));
                assert!(out.band(channel + 2, band).iter().all(|v| (v + 60.0).abs() < 1e-4));
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
        assert!(refused(|o| o.f_min_hz = 0.0) && refused(|o| o.f_max_hz = 8001.0) && refused(|o| o.n_bands = 0));
        assert!(refused(|o| o.n_fft = 0) && refused(|o| o.hop_length = 0) && refused(|o| o.f_min_hz = 8000.0));
    }
}
