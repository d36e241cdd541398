//! Repeating a part of the sound.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Inside, Kind, Parameter, RECIPE,
    Transform, Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// Plays a random part again, right behind itself, once or several times.
///
/// Where a copy begins, it is faded in over what would have followed; the last copy runs into the rest by itself. In the
/// mode `insert` the rest is moved back, in `replace` the copies cover it and the length stays. A recipe is run on each copy
/// anew, and the trace holds what it draws for each.
pub(super) static REPEAT_PART: Declaration = Declaration {
    name: "repeat_part",
    about: "Repeats a random part of the sound right behind itself; in the mode \"insert\" the sound becomes longer.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "seconds",
            Kind::Drawn {
                low: 1e-4,
                high: 3600.0,
            },
            DefaultValue::Range(0.25, 1.2),
            "duration of the part, s; at most the clip",
        ),
        Parameter::option(
            "repeats",
            Kind::Drawn {
                low: 1.0,
                high: MOST_REPEATS,
            },
            DefaultValue::Whole(1, 3),
            "how often the part comes again; rounded, so whole numbers are best drawn by `int_uniform`",
        ),
        Parameter::option(
            "mode",
            Kind::Word(&words(&MODES)),
            DefaultValue::Word("insert"),
            "whether the rest is moved back, or covered so that the length stays",
        ),
        Parameter::option(
            "fade_s",
            Kind::Drawn {
                low: 0.0,
                high: MOST_FADE_S,
            },
            DefaultValue::Number(0.005),
            "duration of the fade at each joint, s; at most the part",
        ),
        Parameter::option(
            "recipe",
            RECIPE,
            DefaultValue::Absent,
            "what is done with each copy, drawn anew for each, such as `gain(-12..0)`",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["start", "length", "repeats", "fade_samples"],
    },
    example: "print(tone(440, 1) |> repeat_part(0.25, #{ recipe: gain(-12..0) })); \
              let x = tone(440, 1) |> repeat_part(0.5, #{ repeats: 2 }); assert_near(x.seconds, 2, 0.0001)",
    build: |settings| {
        Ok(Arc::new(RepeatPart {
            seconds: settings.drawn("seconds"),
            repeats: settings.drawn("repeats"),
            mode: settings.word("mode", &MODES),
            fade_s: settings.drawn("fade_s"),
            has_recipe: settings.is_changed("recipe"),
        }))
    },
};

const MODES: [(&str, Mode); 2] = [("insert", Mode::Insert), ("replace", Mode::Replace)];
const MOST_REPEATS: f64 = 100.0;
const MOST_FADE_S: f64 = 10.0;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Insert,
    Replace,
}

struct RepeatPart {
    seconds: Distribution,
    repeats: Distribution,
    mode: Mode,
    fade_s: Distribution,
    /// Whether a recipe is run on each copy.
    has_recipe: bool,
}

impl Transform for RepeatPart {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seconds = self.seconds.draw_within(rng, 1e-4, 3600.0);
        let length = ((seconds * f64::from(input.sample_rate)).round() as usize)
            .clamp(1, input.n.max(1))
            .min(input.n);
        let start = rng.below(input.n - length + 1);
        let repeats = self.repeats.draw_within(rng, 1.0, MOST_REPEATS).round();
        let fade =
            (self.fade_s.draw_within(rng, 0.0, MOST_FADE_S) * f64::from(input.sample_rate)).round();
        smallvec![start as f64, length as f64, repeats, fade]
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
        let n = work.input().n;
        let start = (draws[0].max(0.0) as usize).min(n);
        let length = (draws[1].max(0.0) as usize).min(n - start);
        let repeats = draws[2].clamp(0.0, MOST_REPEATS) as usize;
        if length == 0 {
            return Ok(());
        }
        let fade = (draws[3].max(0.0) as usize).min(length);
        let end = start + length;
        let copies = self.copies(start..end, end + fade.min(n - end), repeats, work, inside)?;
        let inserted = copies.iter().map(|copy| copy.len).sum::<usize>();
        work.spare.clear();
        for (index, channel) in work.samples.chunks(n).enumerate() {
            let from = work.spare.len();
            let follows = &channel[end..];
            work.spare.extend_from_slice(&channel[..end]);
            let mut continued = follows;
            for copy in &copies {
                let (part, rest) = copy.channel(index, &channel[start..]).split_at(copy.len);
                join(&mut work.spare, part, continued, fade);
                continued = rest;
            }
            match self.mode {
                Mode::Insert if self.has_recipe => join(&mut work.spare, follows, continued, fade),
                Mode::Insert => work.spare.extend_from_slice(follows),
                Mode::Replace => {
                    let covered = (end + inserted).min(n);
                    join(&mut work.spare, &channel[covered..], continued, fade);
                    work.spare.truncate(from + n);
                }
            }
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        Ok(())
    }
}

/// A copy of the part.
struct Copy {
    /// Samples of the copy itself.
    len: usize,
    /// The copy and what would follow it, planar, where a recipe has changed it.
    changed: Option<Vec<f32>>,
    n_channels: usize,
}

impl Copy {
    /// One channel of the copy and of what would follow it; `part` is the sound from the part on.
    fn channel<'a>(&'a self, index: usize, part: &'a [f32]) -> &'a [f32] {
        match &self.changed {
            None => part,
            Some(changed) => {
                let size = changed.len() / self.n_channels;
                &changed[index * size..(index + 1) * size]
            }
        }
    }
}

impl RepeatPart {
    /// The copies. The recipe sees the part as far as `until`, so that the next joint can be faded over its own end.
    fn copies(
        &self,
        part: std::ops::Range<usize>,
        until: usize,
        repeats: usize,
        work: &mut Workspace,
        inside: &mut Inside<'_>,
    ) -> Result<SmallVec<[Copy; 4]>, Error> {
        let (n, n_channels) = (work.input().n, work.n_channels);
        let copy = |index: usize| {
            if !self.has_recipe {
                return Ok(Copy {
                    len: part.len(),
                    changed: None,
                    n_channels,
                });
            }
            let mut samples = Vec::with_capacity((until - part.start) * n_channels);
            for channel in work.samples.chunks(n) {
                samples.extend_from_slice(&channel[part.start..until]);
            }
            work.aside(&mut samples, |copy| inside(index, copy))?;
            let size = samples.len() / n_channels.max(1);
            Ok(Copy {
                len: size - (until - part.end).min(size),
                changed: Some(samples),
                n_channels,
            })
        };
        (0..repeats).map(copy).collect()
    }
}

/// Appends a part, faded in over what would have followed.
fn join(out: &mut Vec<f32>, part: &[f32], follows: &[f32], fade: usize) {
    let (faded, rest) = part.split_at(fade.min(part.len()));
    let step = 1.0 / (fade + 1) as f32;
    out.extend(faded.iter().enumerate().map(|(i, x)| {
        let gain = (i + 1) as f32 * step;
        gain * x + (1.0 - gain) * follows.get(i).copied().unwrap_or(0.0)
    }));
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Trace, TraceStep, Value, declaration};
    use super::*;
    use crate::io::{SampleFormat, write_wav};
    use crate::{Key, Waveform};

    fn repeated(mode: &str, fade_s: f64, repeats: f64) -> Vec<f32> {
        let given = [
            ("mode", Value::Word(mode.into())),
            ("fade_s", Value::Drawn(fade_s.into())),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let recipe: Recipe = Stage::new(declaration("repeat_part").unwrap(), given)
            .unwrap()
            .into();
        let fade = (fade_s * 8.0).round();
        let values = [
            ("start", 1.0),
            ("length", 2.0),
            ("repeats", repeats),
            ("fade_samples", fade),
        ];
        let values = values.map(|(name, x)| (name.to_owned(), x));
        let step = TraceStep {
            place: "0".into(),
            name: "repeat_part".into(),
            values: values.to_vec(),
            ..TraceStep::default()
        };
        let mut work = Workspace::default();
        work.load(&Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap());
        recipe
            .replay(&Trace { steps: vec![step] }, &mut work)
            .unwrap();
        work.samples
    }

    #[test]
    fn copies_are_inserted_or_cover_what_follows() {
        assert_eq!(
            repeated("insert", 0.0, 2.0),
            [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
        );
        assert_eq!(
            repeated("replace", 0.0, 2.0),
            [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 7.0]
        );
        assert_eq!(
            repeated("replace", 0.0, 9.0),
            [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]
        );
    }

    #[test]
    fn a_copy_is_faded_in_over_what_would_have_followed() {
        // One sample of fade: half of the copy's first, 1, and half of what followed, 3.
        assert_eq!(
            repeated("insert", 0.125, 1.0),
            [0.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
        );
    }

    fn stage(name: &str, given: &[(&str, Value)]) -> Result<Stage, Error> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration(name).unwrap(), given)
    }

    #[test]
    fn a_recipe_changes_each_copy_and_nothing_else() {
        let halves =
            Distribution::choice([0.5f64, 0.25].iter().map(|a| 20.0 * a.log10()).collect())
                .unwrap();
        let recipe = Recipe::from(stage("gain", &[("gain_db", Value::Drawn(halves))]).unwrap());
        let given = [
            ("seconds", Value::Drawn(0.25.into())),
            ("repeats", Value::Drawn(16.0.into())),
            ("fade_s", Value::Drawn(0.0.into())),
            ("recipe", Value::from(recipe)),
        ];
        let recipe = Recipe::from(stage("repeat_part", &given).unwrap());
        let clip = Waveform::new([vec![1.0; 8], vec![2.0; 8]].concat(), 2, 8).unwrap();
        let mut work = Workspace::default();
        work.load(&clip);
        let trace = recipe.trace(Key::of_seed(1), &mut work).unwrap();
        let made = work.to_waveform().unwrap();
        let end = (trace.steps[0].values[0].1 + 2.0) as usize;
        let (left, right) = (made.channel(0), made.channel(1));
        assert_eq!(left.len(), 40);
        assert!(
            left.iter()
                .zip(right)
                .all(|(a, b)| (2.0 * a - b).abs() < 1e-6)
        );
        let copies: Vec<f32> = (0..16).map(|i| left[end + 2 * i]).collect();
        assert!(
            [0.5, 0.25]
                .iter()
                .all(|want| copies.iter().any(|x| (x - want).abs() < 1e-6)),
            "{copies:?}"
        );
        assert!(
            left[..end]
                .iter()
                .chain(&left[end + 32..])
                .all(|&x| x == 1.0)
        );
        let text = "repeat_part(0.25, #{ repeats: 16, fade_s: 0, recipe: gain(choice([";
        assert!(recipe.to_string().starts_with(text), "{recipe}");
    }

    #[test]
    fn recordings_that_are_drawn_for_a_copy_are_named_and_can_be_repeated() {
        let folder = tempfile::tempdir().unwrap();
        for (name, level) in [("a.wav", 0.25), ("b.wav", 0.5)] {
            let wave = Waveform::mono(vec![level; 32], 8).unwrap();
            write_wav(&folder.path().join(name), &wave, SampleFormat::Float32).unwrap();
        }
        let noise = [
            ("paths", Value::Word(folder.path().display().to_string())),
            (
                "level_db",
                Value::Drawn(Distribution::uniform(-20.0, 0.0).unwrap()),
            ),
        ];
        let given = [
            ("seconds", Value::Drawn(0.25.into())),
            ("repeats", Value::Drawn(8.0.into())),
            (
                "recipe",
                Value::from(Recipe::from(stage("background", &noise).unwrap())),
            ),
        ];
        let recipe = Recipe::from(stage("repeat_part", &given).unwrap());
        let mut work = Workspace::default();
        work.load(&Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap());
        let trace = recipe.trace(Key::of_seed(3), &mut work).unwrap();
        let made = work.to_waveform().unwrap();
        let (own, inner) = trace.steps.split_first().unwrap();
        assert!(own.recordings.is_empty() && inner.len() == 8, "{trace:?}");
        let drawn = |name: &str| {
            let has = |step: &&TraceStep| step.recordings[0].file == name;
            inner.iter().filter(has).count()
        };
        assert!(drawn("a.wav") > 0 && drawn("b.wav") > 0, "{trace:?}");
        assert_eq!(drawn("a.wav") + drawn("b.wav"), 8);
        // Another key would draw others: what is repeated is what the trace says.
        work.load(&Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap());
        recipe.replay(&trace, &mut work).unwrap();
        assert_eq!(work.to_waveform().unwrap(), made);
    }

    #[test]
    fn a_recipe_that_does_not_fit_is_refused() {
        let with = |inner: &str| {
            let inner = Recipe::from(stage(inner, &[]).unwrap());
            stage("repeat_part", &[("recipe", Value::from(inner))])
        };
        let error = with("log_mel").unwrap_err().to_string();
        assert_eq!(
            error,
            "`recipe` must be a recipe that gives waves, not log_mel()"
        );
        let error = with("frequency_mask").unwrap_err().to_string();
        assert_eq!(error, "`frequency_mask` works on features, but gets waves");
        let clip = Waveform::new(vec![1.0; 32], 2, 8).unwrap();
        let error = Recipe::from(with("mono").unwrap())
            .wave(&clip, Key::of_seed(0))
            .unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
        // What makes a copy shorter or longer is joined as it is.
        let short = Recipe::from(with("speed").unwrap());
        assert!(short.wave(&clip, Key::of_seed(0)).unwrap().n_samples() > 16);
    }
}
