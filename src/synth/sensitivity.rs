//! How much of a sound each parameter changes, and perturbations that are scaled by it.

use crate::drawing::{bars, descending};
use crate::{Error, FreeParameter, Patches, Playback, Synth, Units};
use auricle_audio::dsp::{FrameOptions, PadMode, StftOptions, Window};
use auricle_audio::features::{
    Compression, Features, FrontEnd, LogMel, MelNorm, MelOptions, MelScale, MelScratch,
    Normalization, Reference, Triangles,
};
use auricle_figure::Drawing;
use rayon::prelude::*;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Range under the largest value of a spectrogram that counts, dB: what lies lower is not heard beside it.
const RANGE_DB: f64 = 80.0;
/// Powers below this are silence.
const AMIN: f64 = 1e-10;

/// How sensitivity is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SensitivityOptions {
    /// Patches at which it is measured.
    pub n: usize,
    /// How far a parameter is moved either way, in raw units.
    pub step: f64,
    /// Seed of the patches.
    pub seed: u64,
    /// In which units they are drawn.
    pub units: Units,
}

impl Default for SensitivityOptions {
    fn default() -> SensitivityOptions {
        SensitivityOptions {
            n: 16,
            step: 0.05,
            seed: 0,
            units: Units::Raw,
        }
    }
}

/// How much the sound changes with every parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    parameters: Arc<[FreeParameter]>,
    values: Vec<f64>,
}

/// A log-mel spectrogram in dB on which sounds are compared.
///
/// Transforms of `n_fft` samples with a Hann window every quarter of it, magnitudes squared, 64 HTK bands (as many as the
/// transform resolves) up to half the sample rate, within 80 dB under the largest value of the sound.
pub(crate) fn spectrogram(sample_rate: u32, n_fft: usize) -> Result<LogMel, Error> {
    Ok(LogMel::new(MelOptions {
        sample_rate,
        remove_mean: false,
        stft: StftOptions {
            n_fft,
            win_length: n_fft,
            hop_length: (n_fft / 4).max(1),
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Zeros,
        },
        frame: FrameOptions::default(),
        n_mels: 64.min(n_fft / 8).max(1),
        f_min_hz: 0.0,
        f_max_hz: f64::from(sample_rate) / 2.0,
        mel_scale: MelScale::Htk,
        triangles: Triangles::Mel,
        norm: MelNorm::None,
        power: 2.0,
        compression: Compression::Db {
            reference: Reference::Power(1.0),
            amin: AMIN,
            top_db: Some(RANGE_DB),
        },
        n_frames: None,
        normalization: Normalization::default(),
    })?)
}

/// The values of a spectrogram, and what is kept for the next one.
#[derive(Default)]
pub(crate) struct Ear {
    scratch: MelScratch,
    features: Features,
}

impl Ear {
    /// The spectrogram of a sound in dB.
    pub(crate) fn hear(&mut self, mel: &LogMel, samples: &[f32]) -> Result<&[f32], Error> {
        mel.apply(samples, 1, &mut self.scratch, &mut self.features)?;
        Ok(&self.features.values)
    }
}

/// Root of the mean squared difference.
pub(crate) fn rms_difference(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// Samples of the transform on which sensitivity is measured: 32 ms, as a power of two.
fn n_fft_of(synth: &Synth) -> usize {
    let samples = f64::from(synth.options().sample_rate) * 0.032;
    (samples as usize).next_power_of_two().max(64)
}

impl Synth {
    /// Measures how much the sound changes with every parameter: for some patches, the root mean square of the difference
    /// in dB between the log-mel spectrograms of the sound with the parameter moved up and moved down, divided by the
    /// distance between the two in raw units; then the mean over the patches. The noise of both sounds is the same, and
    /// the recipe behind the synthesizer is left out.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for no patches or a step outside `(0, 0.5]`, and what the front-end reports of sounds
    /// that are too short.
    pub fn sensitivity(&self, options: SensitivityOptions) -> Result<Sensitivity, Error> {
        let SensitivityOptions {
            n,
            step,
            seed,
            units,
        } = options;
        if n == 0 {
            return Err(auricle_audio::Error::range("n", "at least 1", n).into());
        }
        if !(step > 0.0 && step <= 0.5) {
            return Err(
                auricle_audio::Error::range("step", "above 0 and at most 0.5", step).into(),
            );
        }
        let width = self.parameters().len();
        let mel = spectrogram(self.options().sample_rate, n_fft_of(self))?;
        let centres = self.sample(n, seed, 0, units);
        let one = |index: usize| -> Result<f64, Error> {
            let (row, parameter) = (index / width, index % width);
            let centre = centres.select(&[row])?;
            let moved = |by: f64| {
                let mut steps = vec![0.0; width];
                steps[parameter] = by;
                centre.moved(&steps)
            };
            let (up, down) = (moved(step)?, moved(-step)?);
            let distance = f64::from(up.raw()[parameter] - down.raw()[parameter]);
            if distance <= 0.0 {
                return Ok(0.0);
            }
            Ok(self.change(&mel, &up, &down)? / distance)
        };
        let changes = (0..n * width).into_par_iter().map(one);
        let changes: Vec<f64> = changes.collect::<Result<_, _>>()?;
        let mean = |parameter: usize| {
            let of = changes.iter().skip(parameter).step_by(width);
            of.sum::<f64>() / n as f64
        };
        Ok(Sensitivity {
            parameters: self.parameters().into(),
            values: (0..width).map(mean).collect(),
        })
    }

    /// The difference between the sounds of two patches, dB.
    fn change(&self, mel: &LogMel, a: &Patches, b: &Patches) -> Result<f64, Error> {
        thread_local! {
            static EARS: RefCell<(Ear, Ear, Vec<f32>)> = RefCell::default();
        }
        EARS.with_borrow_mut(|(left, right, samples)| {
            samples.clear();
            samples.resize(self.n_samples(), 0.0);
            self.render_row(a, 0, &Playback::default(), samples);
            let left = left.hear(mel, samples)?;
            self.render_row(b, 0, &Playback::default(), samples);
            Ok(rms_difference(left, right.hear(mel, samples)?))
        })
    }
}

/// How far beyond `delta` a parameter that is hardly heard is moved.
const MOST: f64 = 4.0;

impl Sensitivity {
    /// The parameters.
    pub fn parameters(&self) -> &[FreeParameter] {
        &self.parameters
    }

    /// How much the sound changes with each, dB per raw unit, in the order of a patch.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Deviations for a perturbation after which all parameters are heard alike: `delta m / s` for a parameter of
    /// sensitivity `s`, `m` being the median of those that are heard, and `4 delta` at most. A parameter of middle
    /// sensitivity moves by `delta`.
    pub fn deltas(&self, delta: f64) -> Vec<f64> {
        let mut heard: Vec<f64> = self.values.iter().copied().filter(|s| *s > 0.0).collect();
        heard.sort_by(f64::total_cmp);
        let median = heard.get(heard.len() / 2).copied().unwrap_or(1.0);
        let one = |s: &f64| delta * (median / s).min(MOST);
        self.values.iter().map(one).collect()
    }

    /// The values as bars, the largest first, of `most` parameters.
    pub fn to_drawing(&self, most: usize) -> Drawing {
        let title = "change of the log-mel spectrogram, dB per raw unit";
        bars(title, "", &self.parameters, &self.values, most)
    }
}

/// Prints a line for every parameter, the most sensitive first.
impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = descending(&self.values);
        let names = self.parameters.iter().map(ToString::to_string);
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        write!(f, "change of the log-mel spectrogram, dB per raw unit")?;
        for at in order {
            let name = self.parameters[at].to_string();
            write!(f, "\n{name:width$}  {:8.3}", self.values[at])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::{keyboard, mixer, sine};
    use crate::{Options, SynthOptions};

    fn quiet_and_loud() -> Synth {
        let note = keyboard(
            Options::new()
                .number("midi_f0", 60.0)
                .number("duration", 1.0),
        )
        .unwrap();
        let tone = |name: &str| {
            let options = Options::new()
                .signal("note", &note)
                .number("initial_phase", 0.0);
            sine(options).unwrap().named(name).unwrap()
        };
        let inputs = [tone("heard"), (1e-9 * &tone("hidden")).unwrap()];
        let graph = mixer(Options::new().signals("inputs", &inputs)).unwrap();
        let options = SynthOptions {
            seconds: 0.2,
            sample_rate: 16_000,
            control_rate: 100,
            normalize: false,
        };
        Synth::new(&graph, options).unwrap()
    }

    #[test]
    fn what_is_heard_is_sensitive_and_moves_less() {
        let synth = quiet_and_loud();
        let sensitivity = synth.sensitivity(SensitivityOptions::default()).unwrap();
        let at = |name: &str| {
            let names = sensitivity.parameters().iter();
            names
                .map(ToString::to_string)
                .position(|n| n == name)
                .unwrap()
        };
        let (heard, hidden) = (at("heard.tuning"), at("hidden.tuning"));
        let values = sensitivity.values();
        assert!(
            values[heard] > 1.0 && values[hidden] < 1e-3,
            "{sensitivity}"
        );
        let deltas = sensitivity.deltas(0.1);
        assert!(deltas[heard] < deltas[hidden] && (deltas[hidden] - 0.4).abs() < 1e-9);
        let text = sensitivity.to_string();
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with("hidden") || last.starts_with("mixer"),
            "{text}"
        );
    }

    #[test]
    fn a_level_doubled_is_six_decibels() {
        // In every cell, as the floor is told from the largest value of each sound.
        let synth = quiet_and_loud();
        let name = "mixer.level[0]";
        let place = synth.sample(1, 0, 0, Units::Raw).places(name).unwrap()[0];
        let mel = spectrogram(16_000, 512).unwrap();
        let patch = synth.sample(1, 1, 0, Units::Raw).set(name, 0.25).unwrap();
        let louder = patch.set(name, 0.5).unwrap();
        assert!(louder.raw()[place] > patch.raw()[place]);
        let change = synth.change(&mel, &louder, &patch).unwrap();
        assert!((change - 6.02).abs() < 0.1, "{change}");
    }

    #[test]
    fn options_that_cannot_be_are_told() {
        let synth = quiet_and_loud();
        for (n, step) in [(0, 0.1), (1, 0.0), (1, 0.7), (1, f64::NAN)] {
            let options = SensitivityOptions {
                n,
                step,
                ..SensitivityOptions::default()
            };
            assert!(synth.sensitivity(options).is_err(), "{n} {step}");
        }
    }
}
