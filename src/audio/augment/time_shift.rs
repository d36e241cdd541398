//! Shifting along time.

use super::seam::{self, FADE_MS};
use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Kind, Parameter, Transform,
    Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y[n] = x[(n - k) mod N]`; without wrapping, zeros come in where the sound left.
///
/// The end and the start of the clip meet at the seam, `n = k mod N`. Both are faded to zero there, as in audiomentations,
/// but for a shift of whole clips, which has no seam.
pub(super) static TIME_SHIFT: Declaration = Declaration {
    name: "time_shift",
    about: "Moves the sound in time, around the ends of the clip.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (TS)",
    parameters: &[
        Parameter::positional(
            "fraction",
            Kind::Drawn {
                low: -1.0,
                high: 1.0,
            },
            DefaultValue::Range(-0.5, 0.5),
            "shift as a share of the clip; positive is later",
        ),
        Parameter::option(
            "seconds",
            Kind::Drawn {
                low: -MOST_S,
                high: MOST_S,
            },
            DefaultValue::Absent,
            "shift in seconds instead, of waves",
        ),
        Parameter::option(
            "samples",
            Kind::Drawn {
                low: -MOST_SAMPLES,
                high: MOST_SAMPLES,
            },
            DefaultValue::Absent,
            "shift in samples of a wave, or in frames of features, instead; rounded",
        ),
        Parameter::option(
            "wrap",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether what leaves at one end enters at the other",
        ),
        FADE_MS,
    ],
    facts: Flows {
        accepts: Accepts::Either,
        gives: None,
        draws: &["shift", "fade_samples"],
    },
    example: "let x = click(0.25, 1) |> time_shift(#{ seconds: 0.5 }); assert(x.samples()[12000] == 1.0)",
    build: |settings| {
        let (unit, amount) = match settings.only_one_of(&["fraction", "seconds", "samples"])? {
            Some("seconds") => (Unit::Seconds, settings.drawn("seconds")),
            Some("samples") => (Unit::Samples, settings.drawn("samples")),
            _ => (Unit::Fraction, settings.drawn("fraction")),
        };
        Ok(Arc::new(TimeShift {
            unit,
            amount,
            wrap: settings.flag("wrap"),
            fade_ms: settings.drawn("fade_ms"),
        }))
    },
};

const MOST_S: f64 = 86_400.0;
const MOST_SAMPLES: f64 = 1e12;

#[derive(PartialEq)]
enum Unit {
    Fraction,
    Seconds,
    Samples,
}

struct TimeShift {
    unit: Unit,
    amount: Distribution,
    wrap: bool,
    fade_ms: Distribution,
}

impl Transform for TimeShift {
    /// Frames of features are no seconds of their own.
    fn accepts(&self) -> Option<Accepts> {
        (self.unit == Unit::Seconds).then_some(Accepts::Wave)
    }

    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let shift = match self.unit {
            Unit::Fraction => self.amount.draw_within(rng, -1.0, 1.0) * input.n as f64,
            Unit::Seconds => {
                self.amount.draw_within(rng, -MOST_S, MOST_S) * f64::from(input.sample_rate)
            }
            Unit::Samples => self.amount.draw_within(rng, -MOST_SAMPLES, MOST_SAMPLES),
        };
        smallvec![shift.round(), seam::draw(&self.fade_ms, rng, input)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let shift = draws[0].clamp(-1e15, 1e15) as i64;
        let fade = if work.domain() == Domain::Wave {
            draws[1].max(0.0) as usize
        } else {
            0
        };
        for row in work.rows_mut() {
            if self.wrap {
                let seam = shift.rem_euclid(n as i64) as usize;
                row.rotate_right(seam);
                if seam > 0 {
                    seam::fade_out(&mut row[..seam], fade);
                    seam::fade_in(&mut row[seam..], fade);
                }
                continue;
            }
            let kept = n - (shift.unsigned_abs() as usize).min(n);
            if shift > 0 {
                row.copy_within(..kept, n - kept);
                row[..n - kept].fill(0.0);
                seam::fade_in(&mut row[n - kept..], fade);
            } else if shift < 0 {
                row.copy_within(n - kept.., 0);
                row[kept..].fill(0.0);
                seam::fade_out(&mut row[..kept], fade);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn stage(given: &[(&str, Value)]) -> Result<Stage, Error> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration("time_shift").unwrap(), given)
    }

    fn number(value: f64) -> Value {
        Value::Drawn(value.into())
    }

    #[test]
    fn the_three_units_are_one_shift_and_exclude_each_other() {
        let clip =
            Waveform::mono((0..1000).map(|i| (i as f32 * 0.1).sin()).collect(), 8000).unwrap();
        let shifted = |name, value| {
            let recipe = Recipe::from(stage(&[(name, number(value))]).unwrap());
            recipe.wave(&clip, Key::of_seed(0)).unwrap()
        };
        assert_eq!(shifted("fraction", -0.2), shifted("samples", -200.0));
        assert_eq!(shifted("fraction", -0.2), shifted("seconds", -0.025));
        assert_eq!(
            shifted("seconds", 0.135),
            shifted("samples", 80.0),
            "around the end more than once"
        );
        let error = stage(&[("fraction", number(0.1)), ("samples", number(3.0))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`samples` must be left out where `fraction` is given, not 3"
        );
        let seconds: Recipe = stage(&[("seconds", number(0.1))]).unwrap().into();
        let mel = Recipe::from(Stage::new(declaration("mel").unwrap(), []).unwrap());
        assert!(matches!(mel.then(&seconds), Err(Error::Domain { .. })));
    }

    #[test]
    fn no_step_is_left_at_the_seam_and_all_else_is_moved_exactly() {
        // A clip that ends where it is largest: rolled, it would jump by its amplitude.
        let clip = Waveform::mono(vec![1.0; 16_000], 16_000).unwrap();
        for (wrap, shift) in [
            (true, 5000.0),
            (true, -5000.0),
            (false, 5000.0),
            (false, -5000.0),
            (true, 3.0),
        ] {
            let given = [("samples", number(shift)), ("wrap", Value::Flag(wrap))];
            let moved = Recipe::from(stage(&given).unwrap())
                .wave(&clip, Key::of_seed(0))
                .unwrap();
            let steps = moved
                .samples()
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs());
            let largest = steps.fold(0.0, f32::max);
            // The short side of the seam has three samples only.
            assert!(
                largest < if shift == 3.0 { 0.4 } else { 0.02 },
                "{wrap} {shift}: {largest}"
            );
            let touched = moved.samples().iter().filter(|&&x| x != 1.0).count();
            let want = match (wrap, shift as i64) {
                (true, 3) => 80 + 3,
                (true, _) => 160,
                _ => 5000 + 80,
            };
            assert_eq!(touched, want, "{wrap} {shift}");
            let hard = Recipe::from(
                stage(&[given.as_slice(), &[("fade_ms", number(0.0))]].concat()).unwrap(),
            );
            let hard = hard.wave(&clip, Key::of_seed(0)).unwrap();
            assert_eq!(hard.samples().contains(&0.0), !wrap);
        }
        // Whole clips, and no shift, leave no seam.
        for shift in [0.0, 16_000.0, -32_000.0] {
            let whole = Recipe::from(stage(&[("samples", number(shift))]).unwrap());
            assert_eq!(whole.wave(&clip, Key::of_seed(0)).unwrap(), clip);
        }
    }
}
