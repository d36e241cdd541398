//! A sound: samples of one or more channels at a sample rate.

use crate::Error;
use std::sync::Arc;

/// A sound in memory. Cheap to clone: the samples are shared until one of the owners changes them.
#[derive(Clone, PartialEq)]
pub struct Waveform {
    samples: Arc<Vec<f32>>,
    n_channels: usize,
    sample_rate: u32,
}

impl Waveform {
    /// A sound from planar samples: all of the first channel, then all of the second, and so on.
    ///
    /// # Errors
    /// [`Error::Range`] for a sample rate or channel count of 0, [`Error::Channels`] if the samples do not divide,
    /// [`Error::BadSample`] if one is NaN or infinite.
    pub fn new(samples: Vec<f32>, n_channels: usize, sample_rate: u32) -> Result<Waveform, Error> {
        if sample_rate == 0 {
            return Err(Error::range("sample_rate", "at least 1 Hz", sample_rate));
        }
        if n_channels == 0 {
            return Err(Error::range("n_channels", "at least 1", n_channels));
        }
        if !samples.len().is_multiple_of(n_channels) {
            return Err(Error::Channels {
                samples: samples.len(),
                n_channels,
            });
        }
        // First whether there is one at all, which is asked of many samples at a time.
        let mut any = false;
        for x in &samples {
            any |= !x.is_finite();
        }
        if any && let Some(index) = samples.iter().position(|x| !x.is_finite()) {
            return Err(Error::BadSample {
                what: "the wave".into(),
                index,
                value: samples[index],
            });
        }
        Ok(Waveform {
            samples: Arc::new(samples),
            n_channels,
            sample_rate,
        })
    }

    /// A sound of one channel.
    ///
    /// # Errors
    /// As [`Waveform::new`].
    pub fn mono(samples: Vec<f32>, sample_rate: u32) -> Result<Waveform, Error> {
        Waveform::new(samples, 1, sample_rate)
    }

    /// All samples, channel after channel.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// All samples, channel after channel, without a copy where nobody else shares them.
    pub fn into_samples(self) -> Vec<f32> {
        Arc::unwrap_or_clone(self.samples)
    }

    /// The samples of one channel.
    pub fn channel(&self, index: usize) -> &[f32] {
        let n = self.n_samples();
        &self.samples[index * n..(index + 1) * n]
    }

    /// The channels in order.
    pub fn channels(&self) -> impl Iterator<Item = &[f32]> {
        (0..self.n_channels).map(|index| self.channel(index))
    }

    /// Number of channels.
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Samples per channel.
    pub fn n_samples(&self) -> usize {
        self.samples.len() / self.n_channels
    }

    /// Samples per second of each channel, Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Duration in seconds.
    pub fn duration_s(&self) -> f64 {
        self.n_samples() as f64 / f64::from(self.sample_rate)
    }

    /// Largest magnitude of a sample; 0 for an empty sound.
    pub fn peak(&self) -> f64 {
        f64::from(
            self.samples
                .iter()
                .fold(0.0f32, |peak, x| peak.max(x.abs())),
        )
    }

    /// Root mean square over all channels; 0 for an empty sound.
    pub fn rms(&self) -> f64 {
        rms(&self.samples)
    }

    /// Level in dB relative to a root mean square of 1; minus infinity for silence.
    pub fn rms_db(&self) -> f64 {
        20.0 * self.rms().log10()
    }

    /// The mean of the channels as one channel.
    pub fn to_mono(&self) -> Waveform {
        if self.n_channels == 1 {
            return self.clone();
        }
        let scale = 1.0 / self.n_channels as f32;
        let mut mean = self.channel(0).to_vec();
        for channel in self.channels().skip(1) {
            mean.iter_mut().zip(channel).for_each(|(sum, x)| *sum += x);
        }
        mean.iter_mut().for_each(|sum| *sum *= scale);
        Waveform {
            n_channels: 1,
            ..self.with_samples(mean)
        }
    }

    /// The part from `start_s` to `end_s`, rounded to samples and limited to the sound.
    ///
    /// # Errors
    /// [`Error::Range`] if the ends are not finite, negative, or the wrong way round.
    pub fn slice(&self, start_s: f64, end_s: f64) -> Result<Waveform, Error> {
        if !(start_s.is_finite() && start_s >= 0.0) {
            return Err(Error::range("start", "at least 0 s", start_s));
        }
        if !(end_s.is_finite() && end_s >= start_s) {
            return Err(Error::range(
                "end",
                format!("at least the start, {start_s} s"),
                end_s,
            ));
        }
        let index = |seconds: f64| {
            ((seconds * f64::from(self.sample_rate)).round() as usize).min(self.n_samples())
        };
        let (start, end) = (index(start_s), index(end_s));
        let samples = self
            .channels()
            .flat_map(|channel| &channel[start..end])
            .copied()
            .collect();
        Ok(self.with_samples(samples))
    }

    /// The first `n` samples of every channel, with zeros behind where the sound is shorter.
    pub fn fitted(&self, n: usize) -> Waveform {
        if n == self.n_samples() {
            return self.clone();
        }
        let mut samples = vec![0.0; n * self.n_channels];
        for (index, channel) in self.channels().enumerate() {
            let kept = channel.len().min(n);
            samples[index * n..index * n + kept].copy_from_slice(&channel[..kept]);
        }
        self.with_samples(samples)
    }

    /// The sound with every sample multiplied.
    ///
    /// # Errors
    /// [`Error::BadSample`] if the factor, or a product, is not finite.
    pub fn scaled(&self, amplitude: f64) -> Result<Waveform, Error> {
        let samples = self
            .samples
            .iter()
            .map(|x| (f64::from(*x) * amplitude) as f32)
            .collect();
        Waveform::new(samples, self.n_channels, self.sample_rate)
    }

    /// The sum of two sounds; the shorter one is followed by silence.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if sample rates or channel counts differ.
    pub fn mixed(&self, other: &Waveform) -> Result<Waveform, Error> {
        self.compatible(other)?;
        let n = self.n_samples().max(other.n_samples());
        let (left, right) = (self.fitted(n), other.fitted(n));
        let samples = left
            .samples
            .iter()
            .zip(right.samples.iter())
            .map(|(a, b)| a + b)
            .collect();
        Waveform::new(samples, self.n_channels, self.sample_rate)
    }

    /// This sound with another under it, at a ratio of their levels: `y = x + n rms(x) / rms(n) 10^(-snr_db / 20)`.
    ///
    /// The other sound is repeated to the length of this one, or cut. Where one of the two is silent nothing is added.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if sample rates or channel counts differ, [`Error::NotFinite`] for such a ratio.
    pub fn with_noise(&self, noise: &Waveform, snr_db: f64) -> Result<Waveform, Error> {
        self.compatible(noise)?;
        if !snr_db.is_finite() {
            return Err(Error::NotFinite {
                param: "snr_db".into(),
                got: snr_db,
            });
        }
        let n = self.n_samples();
        let repeated: Vec<f32> = noise
            .channels()
            .flat_map(|channel| channel.iter().cycle().take(n))
            .copied()
            .collect();
        let mut samples = self.samples.to_vec();
        if !repeated.is_empty() {
            mix_at_snr(&mut samples, &repeated, snr_db);
        }
        Waveform::new(samples, self.n_channels, self.sample_rate)
    }

    /// This sound followed by another.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if sample rates or channel counts differ.
    pub fn joined(&self, other: &Waveform) -> Result<Waveform, Error> {
        self.compatible(other)?;
        let samples = self
            .channels()
            .zip(other.channels())
            .flat_map(|(a, b)| a.iter().chain(b))
            .copied()
            .collect::<Vec<_>>();
        Ok(self.with_samples(samples))
    }

    /// The level of this sound over what was added to it in `noisy`, dB.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the two differ in length, sample rate or channels.
    pub fn snr_db(&self, noisy: &Waveform) -> Result<f64, Error> {
        self.compatible(noisy)?;
        if self.n_samples() != noisy.n_samples() {
            return Err(Error::Mismatch {
                what: "the lengths",
                left: format!("{} samples", self.n_samples()),
                right: format!("{} samples", noisy.n_samples()),
            });
        }
        let mut power = (0.0, 0.0);
        for (x, y) in self.samples.iter().zip(noisy.samples.iter()) {
            let (x, y) = (f64::from(*x), f64::from(*y));
            power.0 += x * x;
            power.1 += (y - x) * (y - x);
        }
        Ok(10.0 * (power.0 / power.1).log10())
    }

    fn compatible(&self, other: &Waveform) -> Result<(), Error> {
        let differ = |what, left: String, right: String| Err(Error::Mismatch { what, left, right });
        if self.sample_rate != other.sample_rate {
            return differ(
                "the sample rates",
                format!("{} Hz", self.sample_rate),
                format!("{} Hz", other.sample_rate),
            );
        }
        if self.n_channels != other.n_channels {
            return differ(
                "the channel counts",
                self.n_channels.to_string(),
                other.n_channels.to_string(),
            );
        }
        Ok(())
    }

    fn with_samples(&self, samples: Vec<f32>) -> Waveform {
        Waveform {
            samples: Arc::new(samples),
            ..*self
        }
    }
}

/// Adds noise of the same length at a signal-to-noise ratio, taken of the levels as they are. Silence stays silent.
pub(crate) fn mix_at_snr(samples: &mut [f32], noise: &[f32], snr_db: f64) {
    let (signal, level) = (rms(samples), rms(noise));
    if signal == 0.0 || level == 0.0 {
        return;
    }
    let scale = signal / level * libm::pow(10.0, -snr_db / 20.0);
    pulp::Arch::new().dispatch(AddScaled {
        samples,
        noise,
        scale,
    });
}

/// Adds noise scaled to a root mean square of `10^(level_db / 20)` over all channels, also to silence; silent noise adds
/// nothing.
pub(crate) fn mix_at_level(samples: &mut [f32], noise: &[f32], level_db: f64) {
    let level = rms(noise);
    if level > 0.0 {
        pulp::Arch::new().dispatch(AddScaled {
            samples,
            noise,
            scale: libm::pow(10.0, level_db / 20.0) / level,
        });
    }
}

/// `x + n scale`. A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the
/// processor; nothing in it is fused or reordered, so the bytes are the same on all.
struct AddScaled<'a> {
    samples: &'a mut [f32],
    noise: &'a [f32],
    scale: f64,
}

impl pulp::NullaryFnOnce for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // A product in double precision keeps noise far below the sound from vanishing before it is added.
        for (x, n) in self.samples.iter_mut().zip(self.noise) {
            *x = (f64::from(*x) + f64::from(*n) * self.scale) as f32;
        }
    }
}

/// Facts instead of samples, of which there are many.
impl std::fmt::Debug for Waveform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (n, channels, rate) = (self.n_samples(), self.n_channels, self.sample_rate);
        write!(
            f,
            "Waveform({n} samples, {channels} channels, {rate} Hz, rms {})",
            self.rms()
        )
    }
}

/// Root mean square of some samples, accumulated in double precision; 0 for none.
pub(crate) fn rms(samples: &[f32]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    (pulp::Arch::new().dispatch(SumOfSquares { samples }) / samples.len() as f64).sqrt()
}

/// The sum of the squares, by the widest instructions as [`AddScaled`].
struct SumOfSquares<'a> {
    samples: &'a [f32],
}

impl pulp::NullaryFnOnce for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        // One sum would wait for itself at every sample; these are added in an order of their own on every processor.
        const LANES: usize = 16;
        let square = |x: &f32| f64::from(*x) * f64::from(*x);
        let mut sums = [0.0; LANES];
        let (chunks, rest) = self.samples.as_chunks::<LANES>();
        for chunk in chunks {
            sums.iter_mut()
                .zip(chunk)
                .for_each(|(sum, x)| *sum += square(x));
        }
        sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stereo() -> Waveform {
        Waveform::new(vec![1.0, 2.0, 3.0, -1.0, -2.0, -5.0], 2, 2).unwrap()
    }

    #[test]
    fn channels_are_planar() {
        let wave = stereo();
        assert_eq!(
            (wave.n_channels(), wave.n_samples(), wave.duration_s()),
            (2, 3, 1.5)
        );
        assert_eq!(wave.channel(1), [-1.0, -2.0, -5.0]);
        assert_eq!(wave.to_mono().samples(), [0.0, 0.0, -1.0]);
        assert_eq!(wave.peak(), 5.0);
        assert_eq!(wave.clone().into_samples(), wave.samples());
    }

    #[test]
    fn parts_are_cut_from_every_channel() {
        assert_eq!(
            stereo().slice(0.5, 9.0).unwrap().samples(),
            [2.0, 3.0, -2.0, -5.0]
        );
        assert_eq!(stereo().fitted(1).samples(), [1.0, -1.0]);
        assert_eq!(stereo().fitted(4).channel(1), [-1.0, -2.0, -5.0, 0.0]);
        assert!(matches!(stereo().slice(1.0, 0.5), Err(Error::Range { .. })));
    }

    #[test]
    fn sums_are_as_long_as_the_longer_sound() {
        let short = Waveform::new(vec![1.0, 1.0], 2, 2).unwrap();
        assert_eq!(stereo().mixed(&short).unwrap().channel(0), [2.0, 2.0, 3.0]);
        assert_eq!(
            stereo().joined(&short).unwrap().channel(1),
            [-1.0, -2.0, -5.0, 1.0]
        );
        let other = Waveform::new(vec![0.0; 2], 2, 3).unwrap();
        assert!(matches!(
            stereo().mixed(&other),
            Err(Error::Mismatch {
                what: "the sample rates",
                ..
            })
        ));
    }

    #[test]
    fn bad_samples_are_refused() {
        assert!(matches!(
            Waveform::mono(vec![0.0, f32::NAN], 8),
            Err(Error::BadSample { index: 1, .. })
        ));
        assert!(matches!(
            Waveform::mono(vec![0.0], 0),
            Err(Error::Range { .. })
        ));
        assert!(matches!(
            Waveform::new(vec![0.0], 2, 8),
            Err(Error::Channels { .. })
        ));
    }

    #[test]
    fn snr_is_the_ratio_of_powers() {
        let clean = Waveform::mono(vec![3.0, -3.0], 8).unwrap();
        let noisy = Waveform::mono(vec![3.3, -3.3], 8).unwrap();
        assert!((clean.snr_db(&noisy).unwrap() - 20.0).abs() < 1e-5);
    }
}
