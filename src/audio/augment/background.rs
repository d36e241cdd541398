//! Recorded noise behind the sound.

use super::noise_level::NoiseLevel;
use super::recordings::{Purpose, Recordings};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Inside, Kind, Parameter, Recipe,
    Transform, Workspace,
};
use crate::waveform::rms;
use crate::{Error, Rng, Waveform};
use smallvec::smallvec;
use std::sync::Arc;

/// The sound and a random stretch of a random recording, at a [`NoiseLevel`].
///
/// A recording shorter than the clip starts anywhere and is repeated. Many recordings hold silence, before an event or where
/// they were filled up to a length; noise that is not there has no level, so a stretch whose root mean square is more than
/// 80 dB below that of its recording is drawn again, file and start, and the trace says how often.
pub(super) static BACKGROUND: Declaration = Declaration {
    name: "background",
    about: "Mixes in a random stretch of a recorded noise, at a signal-to-noise ratio or at a level of its own.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "paths",
            Kind::Paths { words: &[] },
            DefaultValue::Required,
            "the recordings, one of which is drawn for every clip: a file, a folder or an array of them",
        ),
        NoiseLevel::snr_db(3.0, 30.0),
        NoiseLevel::LEVEL_DB,
        NoiseLevel::RECIPE,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["file", "start", "snr_db or level_db", "silent_draws"],
    },
    example: "let dir = temporary_folder(); white_noise(0.3).save(dir + \"/noise.wav\"); let x = tone(440, 1); \
              assert_near(snr_db(x, x |> background(dir, 10)), 10, 0.01); \
              assert_near((silence(1) |> background(dir, #{ level_db: -30 })).rms_db(), -30, 0.01)",
    build: |settings| {
        let level = NoiseLevel::of(settings)?;
        let names = ["file", "start", level.name(), "silent_draws"].map(str::to_owned);
        let recordings =
            Recordings::find(settings.paths("paths").unwrap_or_default(), Purpose::Sound)?;
        Ok(Arc::new(Background {
            recordings,
            level,
            recipe: settings.inside::<Recipe>("recipe").cloned(),
            names,
        }))
    },
};

/// Draws of a file and a start in a row that may come upon silence. Where three quarters of all stretches are silent, one
/// clip in 10^32 finds none.
const MOST_DRAWS: u64 = 256;

/// A stretch is silent whose root mean square is at most this share of its recording's: -80 dB.
const SILENT: f64 = 1e-4;

struct Background {
    recordings: Recordings,
    level: NoiseLevel,
    recipe: Option<Recipe>,
    names: [String; 4],
}

impl Transform for Background {
    /// The start is drawn as a share of the places where a stretch can start. Every draw of a file and a start has a stream
    /// of its own, so that neither depends on how many files there are.
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seed = rng.seed();
        let drawn_db = self.level.draw(rng);
        let draw = |n: u64| {
            let mut rng = Rng::from_words(&[seed as u64, n]);
            (
                self.recordings.draw(rng.seed(), input.sample_rate),
                rng.uniform(),
            )
        };
        let mut n_silent = 0;
        let (mut file, mut start) = draw(0);
        while n_silent < MOST_DRAWS && self.is_silent(file, start, input) {
            n_silent += 1;
            (file, start) = draw(n_silent);
        }
        smallvec![file, start, drawn_db, n_silent as f64]
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
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
        let recording = self.recordings.get(draws[0], work.sample_rate)?;
        if self.is_silent(draws[0], draws[1], &input) {
            let reason = format!(
                "`background` found nothing but silence in its recordings, {MOST_DRAWS} times in a row"
            );
            return Err(Error::Unusable(reason));
        }
        let mut noise = std::mem::take(&mut work.spare);
        stretch(&recording, draws[1], input.n, work.n_channels, &mut noise);
        if let Some(recipe) = &self.recipe {
            work.aside(&mut noise, |noise| inside(0, noise))?;
            if rms(&noise) == 0.0 {
                return Err(Error::Unusable(format!(
                    "the noise of `background` is silent after `{recipe}`"
                )));
            }
            fit(&mut noise, input.n, work.n_channels);
        }
        self.level.mix(&mut work.samples, &noise, draws[2]);
        work.spare = noise;
        Ok(())
    }
}

/// Cuts every channel to a length, or repeats it to that.
fn fit(samples: &mut Vec<f32>, n: usize, n_channels: usize) {
    let length = samples.len() / n_channels.max(1);
    if length != n && length > 0 {
        let fitted = samples
            .chunks(length)
            .flat_map(|channel| channel.iter().cycle().take(n));
        *samples = fitted.copied().collect();
    }
}

impl Background {
    /// Whether there is nothing to be heard in a stretch. What cannot be read is not silent: that is another error.
    fn is_silent(&self, file: f64, share: f64, input: &Input) -> bool {
        let (Ok(recording), Ok(whole)) = (
            self.recordings.get(file, input.sample_rate),
            self.recordings.rms(file),
        ) else {
            return false;
        };
        let (length, n) = (recording.n_samples(), input.n.min(recording.n_samples()));
        // In a short recording, which is repeated, every stretch holds all of it.
        let start = first(share, length, n);
        let energy = |channel: &[f32]| {
            channel[start..start + n]
                .iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>()
        };
        let energy: f64 = recording.channels().map(energy).sum();
        input.n > 0 && energy <= (SILENT * whole).powi(2) * (n * recording.n_channels()) as f64
    }
}

/// Where a stretch of a recording begins. A long recording is not read past its end.
fn first(share: f64, length: usize, n: usize) -> usize {
    let places = length - n.min(length) + 1;
    ((share.clamp(0.0, 1.0) * places as f64) as usize).min(places - 1)
}

/// Copies a stretch of a recording into as many channels as the clip has. One channel gets the mean of the recording's;
/// several get them in turn.
pub(super) fn stretch(
    recording: &Waveform,
    share: f64,
    n: usize,
    n_channels: usize,
    noise: &mut Vec<f32>,
) {
    let length = recording.n_samples();
    // In a short recording, which is repeated, every sample can be the first.
    let start = if length >= n {
        first(share, length, n)
    } else {
        first(share, length, 1)
    };
    noise.clear();
    noise.resize(n * n_channels, 0.0);
    if length == 0 {
        return;
    }
    let add = |out: &mut [f32], channel: &[f32]| {
        let mut at = start;
        let mut out = out;
        while !out.is_empty() {
            let part = (length - at).min(out.len());
            let (now, later) = out.split_at_mut(part);
            now.iter_mut()
                .zip(&channel[at..])
                .for_each(|(y, x)| *y += x);
            (out, at) = (later, 0);
        }
    };
    if n_channels == 1 {
        // The sum stands for the mean: the level is set afterwards.
        recording.channels().for_each(|channel| add(noise, channel));
    } else {
        for (index, out) in noise.chunks_mut(n).enumerate() {
            add(out, recording.channel(index % recording.n_channels()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::Key;
    use crate::io::{SampleFormat, write_wav};

    fn ramp(n: usize) -> Waveform {
        Waveform::mono((1..=n).map(|i| i as f32).collect(), 8000).unwrap()
    }

    #[test]
    fn a_stretch_lies_inside_a_long_recording_and_goes_round_a_short_one() {
        let mut noise = Vec::new();
        stretch(&ramp(10), 0.0, 4, 1, &mut noise);
        assert_eq!(noise, [1.0, 2.0, 3.0, 4.0]);
        stretch(&ramp(10), 0.999, 4, 1, &mut noise);
        assert_eq!(noise, [7.0, 8.0, 9.0, 10.0]);
        stretch(&ramp(3), 0.5, 8, 2, &mut noise);
        assert_eq!(
            noise,
            [
                2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0
            ]
        );
        let two = Waveform::new(vec![1.0, 1.0, 4.0, 4.0], 2, 8000).unwrap();
        stretch(&two, 0.0, 2, 1, &mut noise);
        assert_eq!(noise, [5.0, 5.0]);
        stretch(&two, 0.0, 2, 3, &mut noise);
        assert_eq!(noise, [1.0, 1.0, 4.0, 4.0, 1.0, 1.0]);
    }

    #[test]
    fn the_ratio_is_exact_for_every_file_rate_and_number_of_channels() {
        let folder = tempfile::tempdir().unwrap();
        for (name, n, rate) in [("a", 100_usize, 8000), ("b", 50_000, 44_100)] {
            let mut samples = vec![0.0; 2 * n];
            Rng::from_words(&[n as u64]).fill_normal(&mut samples);
            let path = folder.path().join(format!("{name}.wav"));
            write_wav(
                &path,
                &Waveform::new(samples, 2, rate).unwrap(),
                SampleFormat::Float32,
            )
            .unwrap();
        }
        let paths = Value::Word(folder.path().display().to_string());
        for n_channels in [1, 2, 8] {
            let clip = Waveform::new(
                (0..n_channels * 4000)
                    .map(|i| (i as f32 * 0.1).sin())
                    .collect(),
                n_channels,
                16_000,
            );
            let clip = clip.unwrap();
            for (item, snr_db) in [-5.0, 0.0, 10.0, 30.0].into_iter().enumerate() {
                let given = [
                    ("paths".to_owned(), paths.clone()),
                    ("snr_db".to_owned(), Value::Drawn(snr_db.into())),
                ];
                let recipe: Recipe = Stage::new(declaration("background").unwrap(), given)
                    .unwrap()
                    .into();
                let noisy = recipe
                    .wave(
                        &clip,
                        Key {
                            item: item as u64,
                            ..Key::of_seed(1)
                        },
                    )
                    .unwrap();
                let got = clip.snr_db(&noisy).unwrap();
                assert!(
                    (got - snr_db).abs() < 0.001,
                    "{n_channels} channels, {snr_db} dB: {got}"
                );
            }
        }
    }

    fn with(folder: &tempfile::TempDir, given: &[(&str, f64)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Drawn((*value).into())));
        let paths = (
            "paths".to_owned(),
            Value::Word(folder.path().display().to_string()),
        );
        Stage::new(
            declaration("background").unwrap(),
            std::iter::once(paths).chain(given),
        )
        .unwrap()
        .into()
    }

    /// A recording of a thousand samples, of which only the last tenth is not silent.
    fn mostly_silent(folder: &tempfile::TempDir, name: &str) {
        let mut samples = vec![0.0; 1000];
        Rng::from_words(&[4]).fill_normal(&mut samples[900..]);
        write_wav(
            &folder.path().join(name),
            &Waveform::mono(samples, 8000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
    }

    #[test]
    fn a_silent_stretch_is_drawn_again_and_the_trace_says_so() {
        let folder = tempfile::tempdir().unwrap();
        mostly_silent(&folder, "a.wav");
        let clip = ramp(20);
        let recipe = with(&folder, &[("snr_db", 10.0)]);
        let mut again = 0.0;
        for item in 0..100 {
            let mut work = Workspace::default();
            work.load(&clip);
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                    &mut work,
                )
                .unwrap();
            let noisy = work.to_waveform().unwrap();
            assert!(
                (clip.snr_db(&noisy).unwrap() - 10.0).abs() < 1e-3,
                "{trace}"
            );
            again += trace.steps[0]
                .values
                .iter()
                .find(|(name, _)| name == "silent_draws")
                .unwrap()
                .1;
            work.load(&clip);
            recipe.replay(&trace, &mut work).unwrap();
            assert_eq!(work.to_waveform().unwrap(), noisy);
        }
        // 118 of 981 stretches reach into the noise, so 7.3 draws of each clip find none.
        assert!((again / 100.0 - 7.3).abs() < 4.0, "{again}");
    }

    #[test]
    fn recordings_of_nothing_but_silence_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let silence = Waveform::mono(vec![0.0; 1000], 8000).unwrap();
        write_wav(
            &folder.path().join("a.wav"),
            &silence,
            SampleFormat::Float32,
        )
        .unwrap();
        let error = with(&folder, &[])
            .wave(&ramp(20), Key::of_seed(1))
            .unwrap_err()
            .to_string();
        assert!(error.contains("nothing but silence"), "{error}");
    }

    #[test]
    fn a_level_is_that_of_the_noise_alone_on_silence_too() {
        let folder = tempfile::tempdir().unwrap();
        mostly_silent(&folder, "a.wav");
        let silence = Waveform::new(vec![0.0; 2000], 2, 8000).unwrap();
        let noisy = with(&folder, &[("level_db", -26.0)])
            .wave(&silence, Key::of_seed(1))
            .unwrap();
        assert!((noisy.rms_db() + 26.0).abs() < 1e-3, "{}", noisy.rms_db());
        let both = [("paths", Value::Word(folder.path().display().to_string()))];
        let both = both
            .into_iter()
            .chain(["snr_db", "level_db"].map(|name| (name, Value::Drawn(5.0.into()))));
        let both = both.map(|(name, value)| (name.to_owned(), value));
        let error = Stage::new(declaration("background").unwrap(), both)
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "`level_db` must be left out where `snr_db` is given, not 5"
        );
    }

    #[test]
    fn a_replay_goes_by_names_and_is_refused_where_they_lead_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        for (name, level) in [("b.wav", 0.5), ("in/c.wav", 1.0), ("d.wav", -0.5)] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let wave =
                Waveform::mono((0..500).map(|i| level * (i as f32).sin()).collect(), 8000).unwrap();
            write_wav(&path, &wave, SampleFormat::Float32).unwrap();
        }
        let clip = ramp(50);
        let mut work = Workspace::default();
        let mut traces = Vec::new();
        let recipe = with(&folder, &[("snr_db", 0.0)]);
        for item in 0..30 {
            work.load(&clip);
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(5)
                    },
                    &mut work,
                )
                .unwrap();
            let json = serde_json::to_string(&trace).unwrap();
            assert!(
                json.contains(&format!(
                    "\"file\":\"{}\"",
                    trace.steps[0].recordings[0].file
                )),
                "{json}"
            );
            assert!(
                trace
                    .to_string()
                    .contains(&format!("file {},", trace.steps[0].recordings[0].file)),
                "{trace}"
            );
            traces.push((
                serde_json::from_str::<super::super::Trace>(&json).unwrap(),
                work.samples.clone(),
            ));
        }
        let drawn = |name: &str| {
            traces
                .iter()
                .filter(|(trace, _)| trace.steps[0].recordings[0].file == name)
                .count()
        };
        assert!(drawn("b.wav") > 3 && drawn("in/c.wav") > 3 && drawn("d.wav") > 3);
        mostly_silent(&folder, "a new one.wav");
        std::fs::remove_file(folder.path().join("d.wav")).unwrap();
        let later = with(&folder, &[("snr_db", 0.0)]);
        for (trace, samples) in traces {
            work.load(&clip);
            match later.replay(&trace, &mut work) {
                Ok(()) => assert_eq!(work.samples, samples),
                Err(error) => {
                    assert_eq!(trace.steps[0].recordings[0].file, "d.wav");
                    assert!(matches!(error, Error::Trace { .. }), "{error}");
                }
            }
        }
        // A trace of a version that numbered the recordings.
        let old = r#"{"steps":[{"place":"0","name":"background","values":[["file",1.0],["start",0.5],["snr_db",0.0],["silent_draws",0.0]]}]}"#;
        let error = later
            .replay(&serde_json::from_str(old).unwrap(), &mut work)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("`background` draws recordings, and it does not name them"),
            "{error}"
        );
    }

    #[test]
    fn a_recipe_works_on_the_noise_alone_and_is_traced() {
        let folder = tempfile::tempdir().unwrap();
        let mut samples = vec![0.0; 20_000];
        Rng::from_words(&[9]).fill_normal(&mut samples);
        write_wav(
            &folder.path().join("n.wav"),
            &Waveform::mono(samples, 8000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
        let paths = || {
            (
                "paths".to_owned(),
                Value::Word(folder.path().display().to_string()),
            )
        };
        let built = |recipe: Recipe| {
            let given = [
                paths(),
                ("snr_db".to_owned(), Value::Drawn(10.0.into())),
                ("recipe".into(), Value::from(recipe)),
            ];
            Stage::new(declaration("background").unwrap(), given).map(Recipe::from)
        };
        let stage = |name: &str| Recipe::from(Stage::new(declaration(name).unwrap(), []).unwrap());
        let clip = Waveform::new(
            (0..16_000).map(|i| (i as f32 * 0.01).sin()).collect(),
            2,
            8000,
        )
        .unwrap();
        // What makes the noise shorter or longer and draws, too.
        let recipe = built(stage("speed").then(&stage("gain")).unwrap()).unwrap();
        let mut lengths = std::collections::BTreeSet::new();
        for item in 0..10 {
            let mut work = Workspace::default();
            work.load(&clip);
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(2)
                    },
                    &mut work,
                )
                .unwrap();
            let noisy = work.to_waveform().unwrap();
            assert!((clip.snr_db(&noisy).unwrap() - 10.0).abs() < 1e-3);
            let steps: Vec<_> = trace
                .steps
                .iter()
                .map(|step| (step.place.as_str(), step.name.as_str()))
                .collect();
            assert_eq!(
                steps,
                [("0", "background"), ("0/0/0", "speed"), ("0/0/1", "gain")]
            );
            lengths.insert(trace.steps[1].values[0].1 > 1.0);
            work.load(&clip);
            recipe.replay(&trace, &mut work).unwrap();
            assert_eq!(work.to_waveform().unwrap(), noisy);
        }
        assert_eq!(lengths.len(), 2);
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
        assert!(
            recipe
                .to_string()
                .ends_with(", 10, #{ recipe: speed() |> gain() })"),
            "{recipe}"
        );
        let error = built(stage("log_mel")).unwrap_err().to_string();
        assert!(
            error.starts_with("`recipe` must be a recipe that gives waves"),
            "{error}"
        );
        let quieter = [("gain_db".to_owned(), Value::Drawn((-200.0).into()))];
        let quieter = Recipe::from(Stage::new(declaration("gain").unwrap(), quieter).unwrap());
        let error = built(quieter.repeat(6).unwrap())
            .unwrap()
            .wave(&clip, Key::of_seed(1))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the noise of `background` is silent after"),
            "{error}"
        );
    }
}
