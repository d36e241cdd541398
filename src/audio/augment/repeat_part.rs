//! Repeating a part of the sound.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Plays a random part again, right behind itself, once or several times.
///
/// Where a copy begins, it is faded in over what would have followed; the last copy runs into the rest by itself. In the
/// mode `insert` the rest is moved back, in `replace` the copies cover it and the length stays.
pub(super) static REPEAT_PART: Declaration = Declaration {
    name: "repeat_part",
    about: "Repeats a random part of the sound right behind itself; in the mode \"insert\" the sound becomes longer.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "seconds",
            Kind::Drawn { low: 1e-4, high: 3600.0 },
            DefaultValue::Range(0.25, 1.2),
            "duration of the part, s; at most the clip",
        ),
        Parameter::option(
            "repeats",
            Kind::Drawn { low: 1.0, high: MOST_REPEATS },
            DefaultValue::Whole(1, 3),
            "how often the part comes again; rounded, so whole numbers are best drawn by `int_uniform`",
        ),
        Parameter::option(
            "mode",
            Kind::Word(&MODES),
            DefaultValue::Word("insert"),
            "whether the rest is moved back, or covered so that the length stays",
        ),
        Parameter::option(
            "fade_s",
            Kind::Number { low: 0.0, high: 10.0 },
            DefaultValue::Number(0.005),
            "duration of the fade at each joint, s; at most the part",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &["start", "length", "repeats"],
    example: "let x = tone(440, 1) |> repeat_part(0.5, #{ repeats: 2 }); assert_near(x.seconds, 2, 0.0001)",
    build: |settings| {
        Ok(Arc::new(RepeatPart {
            seconds: settings.drawn("seconds").unwrap_or(1.0.into()),
            repeats: settings.drawn("repeats").unwrap_or(1.0.into()),
            mode: if settings.word("mode", &MODES) == Some(1) { Mode::Replace } else { Mode::Insert },
            fade_s: settings.number("fade_s").unwrap_or(0.0),
        }))
    },
};

const MODES: [&str; 2] = ["insert", "replace"];
const MOST_REPEATS: f64 = 100.0;

#[derive(PartialEq)]
enum Mode {
    Insert,
    Replace,
}

struct RepeatPart {
    seconds: Distribution,
    repeats: Distribution,
    mode: Mode,
    fade_s: f64,
}

impl Transform for RepeatPart {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seconds = self.seconds.draw_within(rng, 1e-4, 3600.0);
        let length = ((seconds * f64::from(input.sample_rate)).round() as usize).clamp(1, input.n.max(1)).min(input.n);
        let start = rng.below(input.n - length + 1);
        smallvec![start as f64, length as f64, self.repeats.draw_within(rng, 1.0, MOST_REPEATS).round()]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let start = (draws[0].max(0.0) as usize).min(n);
        let length = (draws[1].max(0.0) as usize).min(n - start);
        let repeats = draws[2].clamp(0.0, MOST_REPEATS) as usize;
        if length == 0 {
            return Ok(());
        }
        let fade = ((self.fade_s * f64::from(work.sample_rate)).round() as usize).min(length);
        let end = start + length;
        work.spare.clear();
        for channel in work.samples.chunks(n) {
            let from = work.spare.len();
            let follows = &channel[end..];
            work.spare.extend_from_slice(&channel[..end]);
            (0..repeats).for_each(|_| join(&mut work.spare, &channel[start..end], follows, fade));
            match self.mode {
                Mode::Insert => work.spare.extend_from_slice(follows),
                Mode::Replace => {
                    let covered = (end + repeats * length).min(n);
                    join(&mut work.spare, &channel[covered..], follows, fade);
                    work.spare.truncate(from + n);
                }
            }
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        Ok(())
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
    use crate::Waveform;

    fn repeated(mode: &str, fade_s: f64, repeats: f64) -> Vec<f32> {
        let given = [("mode", Value::Word(mode.into())), ("fade_s", Value::Drawn(fade_s.into()))];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let recipe: Recipe = Stage::new(declaration("repeat_part").unwrap(), given).unwrap().into();
        let values = [("start", 1.0), ("length", 2.0), ("repeats", repeats)].map(|(name, x)| (name.to_owned(), x));
        let step = TraceStep {
            place: "0".into(),
            name: "repeat_part".into(),
            values: values.to_vec(),
            ..TraceStep::default()
        };
        let mut work = Workspace::default();
        work.load(&Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap());
        recipe.replay(&Trace { steps: vec![step] }, &mut work).unwrap();
        work.samples
    }

    #[test]
    fn copies_are_inserted_or_cover_what_follows() {
        assert_eq!(repeated("insert", 0.0, 2.0), [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(repeated("replace", 0.0, 2.0), [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 7.0]);
        assert_eq!(repeated("replace", 0.0, 9.0), [0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]);
    }

    #[test]
    fn a_copy_is_faded_in_over_what_would_have_followed() {
        // One sample of fade: half of the copy's first, 1, and half of what followed, 3.
        assert_eq!(repeated("insert", 0.125, 1.0), [0.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    }
}
