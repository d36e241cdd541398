//! Descriptors of a sound, each the mean over its frames.

use crate::Error;
use auricle_audio::Waveform;
use auricle_audio::dsp::{Fft, FftScratch};
use std::f64::consts::PI;

/// A descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Name.
    pub name: &'static str,
    /// Unit; empty for a plain number.
    pub unit: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// The descriptors in the order of [`Descriptors::of`].
pub const DESCRIPTORS: [Descriptor; 4] = [
    Descriptor {
        name: "flux",
        unit: "",
        about: "distance of the normalized spectra of neighbouring frames",
    },
    Descriptor {
        name: "centroid",
        unit: "Hz",
        about: "mean frequency, weighted by magnitude",
    },
    Descriptor {
        name: "flatness",
        unit: "",
        about: "geometric over arithmetic mean of the power spectrum",
    },
    Descriptor {
        name: "inharmonicity",
        unit: "",
        about: "distance of the partials from multiples of the pitch, where there is one",
    },
];

/// How sounds are cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorOptions {
    /// Samples of a frame, at least 64.
    pub n_fft: usize,
    /// Samples from frame to frame.
    pub hop_length: usize,
}

impl Default for DescriptorOptions {
    fn default() -> DescriptorOptions {
        DescriptorOptions {
            n_fft: 1024,
            hop_length: 512,
        }
    }
}

/// Frames whose power is so much below that of the loudest one are silence.
const SILENCE: f64 = 1e-8;
/// Powers below this count as this in the flatness, as in librosa.
const AMIN: f64 = 1e-10;
/// Partials are peaks of the spectrum within this ratio of magnitudes, 40 dB, below the highest.
const PEAKS: f64 = 0.01;
/// Highest pitch, Hz, and the least periodicity of a frame that has one.
const HIGHEST_HZ: f64 = 2000.0;
const PERIODIC: f64 = 0.8;
/// The pitch is the first maximum of periodicity within this share of the largest (McLeod and Wyvill, 2005).
const FIRST: f64 = 0.9;

/// Computes descriptors of sounds of one sample rate.
pub struct Descriptors {
    options: DescriptorOptions,
    sample_rate: f64,
    window: Vec<f64>,
    frame: Fft,
    /// Twice as long, for the autocorrelation.
    double: Fft,
    scratch: FftScratch,
}

impl Descriptors {
    /// Descriptors of sounds of this rate.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for frames below 64 samples or without a distance.
    pub fn new(sample_rate: u32, options: DescriptorOptions) -> Result<Descriptors, Error> {
        let DescriptorOptions { n_fft, hop_length } = options;
        if n_fft < 64 {
            return Err(auricle_audio::Error::range("n_fft", "at least 64", n_fft).into());
        }
        if hop_length == 0 {
            return Err(auricle_audio::Error::range("hop_length", "at least 1", hop_length).into());
        }
        let angle = |n: usize| 2.0 * PI * n as f64 / n_fft as f64;
        Ok(Descriptors {
            options,
            sample_rate: sample_rate.into(),
            window: (0..n_fft)
                .map(|n| 0.5 - 0.5 * libm::cos(angle(n)))
                .collect(),
            frame: Fft::new(n_fft),
            double: Fft::new(2 * n_fft),
            scratch: FftScratch::default(),
        })
    }

    /// The descriptors of the first channel of a sound, the mean of each over the frames; NaN where no frame has one.
    ///
    /// Frames are not centred, and the last one is filled with zeros; a periodic Hann window; silent frames, 80 dB below the
    /// loudest, are left out. With magnitudes `a_k` at frequencies `f_k`:
    /// - flux: `|| a(t) / ||a(t)|| - a(t-1) / ||a(t-1)|| ||`, over neighbouring frames;
    /// - centroid: `sum f_k a_k / sum a_k`;
    /// - flatness: `exp(mean ln p_k) / mean p_k` with `p_k = max(a_k^2, 1e-10)` (librosa);
    /// - inharmonicity: `2 / f0 sum |f_h - h f0| a_h^2 / sum a_h^2` over the spectrum's peaks, `h` the nearest multiple
    ///   (Peeters, "A Large Set of Audio Features for Sound Description", 2004, section 6.2). The pitch `f0` is that of
    ///   McLeod and Wyvill, "A Smarter Way to Find Pitch", 2005, at most 2 kHz; a frame without one is left out.
    pub fn of(&mut self, wave: &Waveform) -> [f64; 4] {
        let samples = wave.channel(0);
        let DescriptorOptions { n_fft, hop_length } = self.options;
        let n_frames = 1 + samples.len().saturating_sub(n_fft).div_ceil(hop_length);
        let frames: Vec<Vec<f64>> = (0..n_frames)
            .map(|frame| {
                let from = (frame * hop_length).min(samples.len());
                let to = (from + n_fft).min(samples.len());
                let mut cut: Vec<f64> = samples[from..to].iter().map(|&x| x.into()).collect();
                cut.resize(n_fft, 0.0);
                cut
            })
            .collect();
        let power = |frame: &Vec<f64>| frame.iter().map(|x| x * x).sum::<f64>();
        let loudest = frames.iter().map(power).fold(0.0, f64::max);
        let mut means = [Mean::default(); 4];
        let mut before: Option<Vec<f64>> = None;
        for frame in &frames {
            if loudest == 0.0 || power(frame) < SILENCE * loudest {
                before = None;
                continue;
            }
            let magnitudes = self.magnitudes(frame);
            let norm = magnitudes.iter().map(|a| a * a).sum::<f64>().sqrt();
            let normalized: Vec<f64> = magnitudes.iter().map(|a| a / norm).collect();
            if let Some(before) = &before {
                let squares = normalized.iter().zip(before).map(|(a, b)| (a - b).powi(2));
                means[0].add(squares.sum::<f64>().sqrt());
            }
            before = Some(normalized);
            let sum: f64 = magnitudes.iter().sum();
            let weighted = magnitudes
                .iter()
                .enumerate()
                .map(|(k, a)| self.hz(k as f64) * a);
            means[1].add(weighted.sum::<f64>() / sum);
            let powers = || magnitudes.iter().map(|a| (a * a).max(AMIN));
            let n = magnitudes.len() as f64;
            let logarithms: f64 = powers().map(libm::log).sum();
            means[2].add(libm::exp(logarithms / n) / (powers().sum::<f64>() / n));
            if let Some(inharmonicity) = self.inharmonicity(frame, &magnitudes) {
                means[3].add(inharmonicity);
            }
        }
        means.map(Mean::value)
    }

    fn hz(&self, bin: f64) -> f64 {
        bin * self.sample_rate / self.options.n_fft as f64
    }

    fn magnitudes(&mut self, frame: &[f64]) -> Vec<f64> {
        self.frame.prepare(&mut self.scratch);
        let windowed = frame.iter().zip(&self.window);
        for (slot, (x, w)) in self.scratch.input.iter_mut().zip(windowed) {
            *slot = (x * w) as f32;
        }
        self.frame.run(&mut self.scratch);
        let bins = self.scratch.output.iter();
        bins.map(|z| f64::from(z.re).hypot(f64::from(z.im)))
            .collect()
    }

    fn inharmonicity(&mut self, frame: &[f64], magnitudes: &[f64]) -> Option<f64> {
        let pitch_hz = self.sample_rate / self.period(frame)?;
        let highest = magnitudes.iter().copied().fold(0.0, f64::max);
        let (mut sum, mut weights) = (0.0, 0.0);
        for k in 1..magnitudes.len() - 1 {
            let [left, here, right] = [magnitudes[k - 1], magnitudes[k], magnitudes[k + 1]];
            if here < PEAKS * highest || here <= left || here < right {
                continue;
            }
            // The maximum of a parabola through the logarithms.
            let logs = [left, here, right].map(|a| libm::log(a.max(1e-30)));
            let shift = vertex(logs);
            let hz = self.hz(k as f64 + shift);
            let multiple = (hz / pitch_hz).round().max(1.0);
            sum += (hz - multiple * pitch_hz).abs() * here * here;
            weights += here * here;
        }
        (weights > 0.0).then(|| 2.0 / pitch_hz * sum / weights)
    }

    /// The period of a frame, samples: the first large maximum of `2 r(l) / (sum of the squares that enter r(l))`.
    fn period(&mut self, frame: &[f64]) -> Option<f64> {
        let n = frame.len();
        self.double.prepare(&mut self.scratch);
        self.scratch.input.fill(0.0);
        for (slot, &x) in self.scratch.input.iter_mut().zip(frame) {
            *slot = x as f32;
        }
        self.double.run(&mut self.scratch);
        let powers: Vec<f32> = self.scratch.output.iter().map(|z| z.norm_sqr()).collect();
        // A power spectrum is real and even, so the transform of it is the autocorrelation, times its length.
        self.double.prepare(&mut self.scratch);
        for (k, slot) in self.scratch.input.iter_mut().enumerate() {
            *slot = powers[k.min(2 * n - k)];
        }
        self.double.run(&mut self.scratch);
        let correlation = |lag: usize| f64::from(self.scratch.output[lag].re) / (2 * n) as f64;
        let mut squares = 2.0 * frame.iter().map(|x| x * x).sum::<f64>();
        let mut periodicity = Vec::with_capacity(n / 2 + 1);
        for lag in 0..=n / 2 {
            periodicity.push(if squares > 0.0 {
                2.0 * correlation(lag) / squares
            } else {
                0.0
            });
            squares -= frame[lag].powi(2) + frame[n - 1 - lag].powi(2);
        }
        let shortest = (self.sample_rate / HIGHEST_HZ).ceil().max(2.0) as usize;
        // What belongs to lag 0 ends where the periodicity first falls below 0.
        let begin = periodicity.iter().position(|&x| x < 0.0)?.max(shortest);
        let is_peak = |&lag: &usize| {
            periodicity[lag] > periodicity[lag - 1] && periodicity[lag] >= periodicity[lag + 1]
        };
        let peaks: Vec<usize> = (begin.max(1)..n / 2).filter(is_peak).collect();
        let largest = peaks
            .iter()
            .map(|&lag| periodicity[lag])
            .fold(0.0, f64::max);
        if largest < PERIODIC {
            return None;
        }
        let lag = peaks
            .into_iter()
            .find(|&lag| periodicity[lag] >= FIRST * largest)?;
        let around = [periodicity[lag - 1], periodicity[lag], periodicity[lag + 1]];
        Some(lag as f64 + vertex(around))
    }
}

/// Where the parabola through three neighbours has its vertex, from the middle one.
fn vertex([left, here, right]: [f64; 3]) -> f64 {
    let bend = left - 2.0 * here + right;
    if bend == 0.0 {
        0.0
    } else {
        (0.5 * (left - right) / bend).clamp(-0.5, 0.5)
    }
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(self) -> f64 {
        match self.count {
            0 => f64::NAN,
            n => self.sum / n as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sound: impl Fn(f64) -> f64) -> [f64; 4] {
        let samples = (0..16_000).map(|n| sound(f64::from(n) / 16_000.0) as f32);
        let wave = Waveform::mono(samples.collect(), 16_000).unwrap();
        Descriptors::new(16_000, DescriptorOptions::default())
            .unwrap()
            .of(&wave)
    }

    #[test]
    fn a_harmonic_tone_has_no_inharmonicity_and_stretched_partials_have() {
        let tone = |stretch: f64| {
            of(move |t| {
                (1..5)
                    .map(|h| {
                        (2.0 * PI * 220.0 * f64::from(h).powf(stretch) * t).sin() / f64::from(h)
                    })
                    .sum()
            })
        };
        let [flux, centroid, flatness, inharmonicity] = tone(1.0);
        assert!(
            flux < 0.05 && flatness < 1e-3 && inharmonicity < 0.01,
            "{flux} {flatness} {inharmonicity}"
        );
        assert!((220.0..500.0).contains(&centroid), "{centroid}");
        assert!(tone(1.02)[3] > 3.0 * inharmonicity);
    }

    #[test]
    fn noise_is_flat_and_has_no_pitch() {
        let mut rng = auricle_audio::Rng::from_words(&[3]);
        let samples = (0..16_000).map(|_| rng.normal() as f32 * 0.1).collect();
        let wave = Waveform::mono(samples, 16_000).unwrap();
        let mut descriptors = Descriptors::new(16_000, DescriptorOptions::default()).unwrap();
        let [flux, centroid, flatness, inharmonicity] = descriptors.of(&wave);
        // The flatness of the periodogram of white noise is exp(-0.5772), its centroid the middle of the band.
        assert!(
            (flatness - 0.5615).abs() < 0.02 && (centroid - 4000.0).abs() < 100.0,
            "{flatness} {centroid}"
        );
        assert!(inharmonicity.is_nan() && flux > 0.3);
        let silence = Waveform::mono(vec![0.0; 100], 16_000).unwrap();
        assert!(descriptors.of(&silence).iter().all(|x| x.is_nan()));
    }
}
