//! Recorded noises that come and go.

use super::noise_level::NoiseLevel;
use super::recordings::{Purpose, Recordings};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Inside, Kind, Parameter, Recipe,
    Transform, Workspace,
};
use crate::waveform::rms;
use crate::{Distribution, Error, Rng, Waveform};
use std::sync::Arc;

/// Adds recordings, each from its beginning, at random times: a door, a cough, a bird.
///
/// Each lasts as long as its recording, or to the end of the clip. Its level is that of what is heard of it, over the time
/// that it lasts; at a ratio, it is compared with the level of the whole clip before anything was added. A recording of
/// which nothing would be heard at its time is drawn again with another time, and the trace says how often.
pub(super) static SHORT_NOISES: Declaration = Declaration {
    name: "short_noises",
    about: "Mixes in several short recordings at random times, each at a signal-to-noise ratio or a level of its own.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "paths",
            Kind::Paths { words: &[] },
            DefaultValue::Required,
            "the recordings, of which one is drawn for every noise: a file, a folder or an array of them",
        ),
        NoiseLevel::snr_db(-6.0, 18.0),
        Parameter::option(
            "n",
            Kind::Drawn {
                low: 0.0,
                high: MOST_NOISES,
            },
            DefaultValue::Whole(1, 4),
            "how many noises; rounded to a whole number",
        ),
        Parameter::option(
            "max_seconds",
            Kind::Drawn {
                low: 0.001,
                high: 3600.0,
            },
            DefaultValue::Absent,
            "longest time that a noise lasts, s; as long as its recording if not given",
        ),
        Parameter::option(
            "fade_ms",
            Kind::Drawn {
                low: 0.0,
                high: MOST_FADE_MS,
            },
            DefaultValue::Number(10.0),
            "duration of the fades at both ends of a noise, ms; at most half of it",
        ),
        NoiseLevel::LEVEL_DB,
        NoiseLevel::RECIPE,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &[
            "file",
            "at",
            "snr_db or level_db",
            "max_seconds",
            "fade_ms",
            "silent_draws",
        ],
    },
    example: "let dir = temporary_folder(); white_noise(0.2).save(dir + \"/click.wav\"); \
              let y = silence(2) |> short_noises(dir, #{ n: 1, level_db: -20 }); assert(y.peak() > 0.1 && y.seconds == 2.0)",
    build: |settings| {
        let level = NoiseLevel::of(settings)?;
        let names = [
            "file",
            "at",
            level.name(),
            "max_seconds",
            "fade_ms",
            "silent_draws",
        ]
        .map(str::to_owned);
        Ok(Arc::new(ShortNoises {
            recordings: Recordings::find(
                settings.paths("paths").unwrap_or_default(),
                Purpose::Sound,
            )?,
            level,
            n: settings.drawn("n"),
            max_seconds: settings.drawn_if("max_seconds"),
            fade_ms: settings.drawn("fade_ms"),
            recipe: settings.inside::<Recipe>("recipe").cloned(),
            names,
        }))
    },
};

const MOST_NOISES: f64 = 1000.0;
const MOST_FADE_MS: f64 = 10_000.0;

/// Draws of a file and a time in a row that may come upon silence.
const MOST_DRAWS: u64 = 256;

/// A noise is silent whose root mean square is at most this share of its recording's: -80 dB.
const SILENT: f64 = 1e-4;

struct ShortNoises {
    recordings: Recordings,
    level: NoiseLevel,
    n: Distribution,
    max_seconds: Option<Distribution>,
    fade_ms: Distribution,
    recipe: Option<Recipe>,
    names: [String; 6],
}

/// What is drawn for one noise, as numbers that a trace may have had edited.
struct Noise {
    file: f64,
    at: f64,
    drawn_db: f64,
    max_seconds: f64,
    fade_ms: f64,
}

/// As many values as a noise has.
const N_VALUES: usize = 6;

impl Transform for ShortNoises {
    /// Every draw of a file and a time has a stream of its own, so that neither depends on how many files there are.
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seed = rng.seed();
        let n = self.n.draw_within(rng, 0.0, MOST_NOISES).round() as u64;
        let mut draws = Draws::new();
        for index in 0..n {
            let drawn_db = self.level.draw(rng);
            let max_seconds = self
                .max_seconds
                .as_ref()
                .map_or(0.0, |most| most.draw_within(rng, 0.001, 3600.0));
            let fade_ms = self.fade_ms.draw_within(rng, 0.0, MOST_FADE_MS);
            let draw = |turn: u64| {
                let mut rng = Rng::from_words(&[seed as u64, index, turn]);
                let file = self.recordings.draw(rng.seed(), input.sample_rate);
                Noise {
                    file,
                    at: rng.uniform(),
                    drawn_db,
                    max_seconds,
                    fade_ms,
                }
            };
            let mut n_silent = 0;
            let mut noise = draw(0);
            while n_silent < MOST_DRAWS && self.is_silent(&noise, input) {
                n_silent += 1;
                noise = draw(n_silent);
            }
            draws.extend([
                noise.file,
                noise.at,
                drawn_db,
                max_seconds,
                fade_ms,
                n_silent as f64,
            ]);
        }
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn draws_a_list(&self) -> bool {
        true
    }

    fn recordings(&self) -> Option<&Recordings> {
        Some(&self.recordings)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        self.apply_with(draws, work, &mut |_, _| Ok(()))
    }

    fn apply_with(
        &self,
        draws: &[f64],
        work: &mut Workspace,
        inside: &mut Inside<'_>,
    ) -> Result<(), Error> {
        let input = work.input();
        if input.n == 0 {
            return Ok(());
        }
        let clip_rms = rms(&work.samples);
        let mut samples = std::mem::take(&mut work.spare);
        for (index, values) in draws.chunks_exact(N_VALUES).enumerate() {
            let [file, at, drawn_db, max_seconds, fade_ms, _] = *values else {
                continue;
            };
            let noise = Noise {
                file,
                at,
                drawn_db,
                max_seconds,
                fade_ms,
            };
            let recording = self.recordings.get(file, work.sample_rate)?;
            if self.is_silent(&noise, &input) {
                let reason = format!(
                    "`short_noises` came upon nothing but silence, {MOST_DRAWS} times in a row"
                );
                return Err(Error::Unusable(reason));
            }
            noise.start_of(&recording, work.n_channels, &mut samples);
            if let Some(recipe) = &self.recipe {
                work.aside(&mut samples, |noise| inside(index, noise))?;
                if rms(&samples) == 0.0 {
                    return Err(Error::Unusable(format!(
                        "a noise of `short_noises` is silent after `{recipe}`"
                    )));
                }
            }
            self.add(&noise, &mut samples, clip_rms, &input, work);
        }
        work.spare = samples;
        Ok(())
    }
}

impl Noise {
    /// The sample of the clip at which it begins.
    fn first(&self, n: usize) -> usize {
        ((self.at.clamp(0.0, 1.0) * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// How much of a recording it takes.
    fn length(&self, recording: &Waveform) -> usize {
        let longest = (self.max_seconds * f64::from(recording.sample_rate())).round() as usize;
        if self.max_seconds > 0.0 {
            recording.n_samples().min(longest.max(1))
        } else {
            recording.n_samples()
        }
    }

    /// Copies its part of a recording into as many channels as the clip has, as `background` does.
    fn start_of(&self, recording: &Waveform, n_channels: usize, samples: &mut Vec<f32>) {
        super::background::stretch(recording, 0.0, self.length(recording), n_channels, samples);
    }
}

impl ShortNoises {
    /// Whether there is nothing to be heard of a noise where it lies. What cannot be read is not silent: that is another
    /// error.
    fn is_silent(&self, noise: &Noise, input: &Input) -> bool {
        let recording = self.recordings.get(noise.file, input.sample_rate);
        let (Ok(recording), Ok(whole)) = (recording, self.recordings.rms(noise.file)) else {
            return false;
        };
        let n = noise
            .length(&recording)
            .min(input.n - noise.first(input.n).min(input.n));
        let energy = |channel: &[f32]| {
            channel[..n]
                .iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>()
        };
        let energy: f64 = recording.channels().map(energy).sum();
        input.n > 0 && energy <= (SILENT * whole).powi(2) * (n * recording.n_channels()) as f64
    }

    /// Adds what is heard of a noise to the clip.
    fn add(
        &self,
        noise: &Noise,
        samples: &mut [f32],
        clip_rms: f64,
        input: &Input,
        work: &mut Workspace,
    ) {
        let length = samples.len() / work.n_channels.max(1);
        let first = noise.first(input.n);
        let heard = length.min(input.n - first);
        let fade =
            (noise.fade_ms.max(0.0) / 1000.0 * f64::from(input.sample_rate)).round() as usize;
        let fade = fade.min(heard / 2);
        let mut energy = 0.0;
        for channel in samples.chunks_mut(length.max(1)) {
            for i in 0..fade {
                let gain = ((i as f64 + 0.5) / fade as f64) as f32;
                channel[i] *= gain;
                channel[heard - 1 - i] *= gain;
            }
            energy += channel[..heard]
                .iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>();
        }
        let noise_rms = (energy / (heard * work.n_channels).max(1) as f64).sqrt();
        let scale = self.level.scale(clip_rms, noise_rms, noise.drawn_db);
        for (out, channel) in work
            .samples
            .chunks_mut(input.n)
            .zip(samples.chunks(length.max(1)))
        {
            for (y, x) in out[first..first + heard].iter_mut().zip(channel) {
                *y = (f64::from(*y) + f64::from(*x) * scale) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, declaration};
    use super::*;
    use crate::Key;
    use crate::augment::{Stage, Trace};
    use crate::io::{SampleFormat, write_wav};

    fn recipe(folder: &tempfile::TempDir, given: &[(&str, Value)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let paths = (
            "paths".to_owned(),
            Value::Word(folder.path().display().to_string()),
        );
        Stage::new(
            declaration("short_noises").unwrap(),
            std::iter::once(paths).chain(given),
        )
        .unwrap()
        .into()
    }

    fn number(x: f64) -> Value {
        Value::Drawn(x.into())
    }

    /// Bursts of constant level, so that what is heard where can be counted.
    fn bursts(lengths: &[usize]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for &n in lengths {
            let wave = Waveform::mono(vec![0.25; n], 8000).unwrap();
            write_wav(
                &folder.path().join(format!("{n}.wav")),
                &wave,
                SampleFormat::Float32,
            )
            .unwrap();
        }
        folder
    }

    fn traced(recipe: &Recipe, clip: &Waveform, item: u64) -> (Trace, Waveform) {
        let mut work = Workspace::default();
        work.load(clip);
        let trace = recipe
            .trace(
                Key {
                    item,
                    ..Key::of_seed(1)
                },
                &mut work,
            )
            .unwrap();
        let made = work.to_waveform().unwrap();
        work.load(clip);
        recipe.replay(&trace, &mut work).unwrap();
        assert_eq!(work.to_waveform().unwrap(), made);
        (trace, made)
    }

    #[test]
    fn a_noise_lies_where_and_is_as_loud_and_long_as_the_trace_says() {
        let folder = bursts(&[80, 400]);
        let options = [
            ("n", number(1.0)),
            ("snr_db", number(6.0)),
            ("fade_ms", number(0.0)),
        ];
        let recipe = recipe(&folder, &options);
        let clip = Waveform::new([vec![0.5; 2000], vec![-0.5; 2000]].concat(), 2, 8000).unwrap();
        for item in 0..40 {
            let (trace, made) = traced(&recipe, &clip, item);
            let step = &trace.steps[0];
            let length: usize = step.recordings[0]
                .file
                .trim_end_matches(".wav")
                .parse()
                .unwrap();
            let at = step.values.iter().find(|(name, _)| name == "at").unwrap().1;
            let first = (at * 2000.0) as usize;
            let heard = first..(first + length).min(2000);
            // Half of 0.5, to the rounding of 6 dB.
            let added = 0.5 * 10f64.powf(-6.0 / 20.0);
            for (i, (y, x)) in made.channel(0).iter().zip(clip.channel(0)).enumerate() {
                let want = if heard.contains(&i) { added } else { 0.0 };
                assert!(
                    (f64::from(y - x) - want).abs() < 1e-6,
                    "{i} of {heard:?}: {}",
                    y - x
                );
            }
        }
    }

    #[test]
    fn numbers_fades_and_lengths_are_drawn() {
        let folder = bursts(&[800]);
        let several = recipe(
            &folder,
            &[
                ("level_db", number(-20.0)),
                ("n", Value::Drawn(Distribution::int_uniform(0, 3).unwrap())),
            ],
        );
        let silence = Waveform::mono(vec![0.0; 4000], 8000).unwrap();
        let mut counts = [0; 4];
        for item in 0..80 {
            counts[traced(&several, &silence, item).0.steps[0].recordings.len()] += 1;
        }
        assert!(counts.iter().all(|&n| n > 5), "{counts:?}");
        let faded = [
            ("level_db", number(-20.0)),
            ("n", number(1.0)),
            ("fade_ms", number(20.0)),
            ("max_seconds", number(0.05)),
        ];
        let made = traced(&recipe(&folder, &faded), &silence, 3).1;
        let heard: Vec<f32> = made
            .samples()
            .iter()
            .copied()
            .filter(|&x| x != 0.0)
            .collect();
        assert_eq!(heard.len(), 400);
        assert!(heard[..160].windows(2).all(|pair| pair[0] < pair[1]));
        let square = heard.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 400.0;
        assert!((10.0 * square.log10() + 20.0).abs() < 1e-3);
    }

    #[test]
    fn a_recipe_works_on_each_noise_and_silence_is_an_error() {
        let folder = bursts(&[80]);
        let reverse = Recipe::from(Stage::new(declaration("gain").unwrap(), []).unwrap());
        let options = [
            ("n", number(2.0)),
            ("level_db", number(-20.0)),
            ("recipe", Value::from(reverse)),
        ];
        let silence = Waveform::mono(vec![0.0; 4000], 8000).unwrap();
        let (trace, _) = traced(&recipe(&folder, &options), &silence, 0);
        let places: Vec<_> = trace.steps.iter().map(|step| step.place.as_str()).collect();
        assert_eq!(places, ["0", "0/0/0", "0/1/0"]);
        assert_eq!(
            trace.steps[0]
                .values
                .iter()
                .filter(|(name, _)| name.starts_with("at_"))
                .count(),
            2
        );
        let empty = tempfile::tempdir().unwrap();
        write_wav(&empty.path().join("a.wav"), &silence, SampleFormat::Float32).unwrap();
        let error = recipe(&empty, &[])
            .wave(&silence, Key::of_seed(0))
            .unwrap_err()
            .to_string();
        assert!(error.contains("nothing but silence"), "{error}");
    }
}
