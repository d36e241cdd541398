//! A gain that moves within the clip.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y[n] = x[n] 10^(g[n] / 20)` with `g` at `from_db` before the transition, at `to_db` behind it and on a straight line
/// between: over `L` samples from `s` on, `g[n] = from_db + (to_db - from_db) (n - s) / (L - 1)`.
///
/// This is the GainTransition of audiomentations: a random start lies anywhere from where only the end of the transition is
/// left in the clip to where only its beginning is, so a clip may start or end in the middle of it.
pub(super) static GAIN_TRANSITION: Declaration = Declaration {
    name: "gain_transition",
    about: "Amplifies or attenuates the sound by a gain that moves from one value to another within the clip.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "from_db",
            Kind::Drawn {
                low: LOW_DB,
                high: HIGH_DB,
            },
            DefaultValue::Range(-24.0, 6.0),
            "gain before the transition, dB",
        ),
        Parameter::positional(
            "to_db",
            Kind::Drawn {
                low: LOW_DB,
                high: HIGH_DB,
            },
            DefaultValue::Range(-24.0, 6.0),
            "gain behind it, dB",
        ),
        Parameter::option(
            "seconds",
            Kind::Drawn {
                low: 0.0,
                high: MOST_S,
            },
            DefaultValue::Range(0.2, 6.0),
            "duration of the transition, s",
        ),
        Parameter::option(
            "fraction",
            Kind::Drawn {
                low: 0.0,
                high: MOST_FRACTION,
            },
            DefaultValue::Absent,
            "duration of the transition as a share of the clip instead",
        ),
        Parameter::option(
            "start",
            Kind::WordOrDrawn {
                words: &STARTS,
                low: -MOST_FRACTION,
                high: 1.0,
            },
            DefaultValue::Word("random"),
            "where the transition begins: anywhere, also before the clip, or at a share of the clip, 0 at its start",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["from_db", "to_db", "start_samples", "length_samples"],
    },
    example: "let x = wave([1.0, 1.0, 1.0], 8000) |> gain_transition(0, -20, #{ fraction: 1, start: 0 }); \
              assert_near(x.samples()[2], 0.1, 1e-6)",
    build: |settings| {
        let duration = match settings.only_one_of(&["seconds", "fraction"])? {
            Some("fraction") => Duration::Fraction(settings.drawn("fraction")),
            _ => Duration::Seconds(settings.drawn("seconds")),
        };
        Ok(Arc::new(GainTransition {
            from_db: settings.drawn("from_db"),
            to_db: settings.drawn("to_db"),
            duration,
            start: settings.drawn_if("start"),
        }))
    },
};

const STARTS: [&str; 1] = ["random"];
const LOW_DB: f64 = -200.0;
const HIGH_DB: f64 = 100.0;
const MOST_S: f64 = 86_400.0;
const MOST_FRACTION: f64 = 100.0;
/// Samples from one exact gain to the next; between them each follows from the one before.
const ANCHORED: usize = 256;

enum Duration {
    Seconds(Distribution),
    Fraction(Distribution),
}

struct GainTransition {
    from_db: Distribution,
    to_db: Distribution,
    duration: Duration,
    start: Option<Distribution>,
}

impl Transform for GainTransition {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let from_db = self.from_db.draw_within(rng, LOW_DB, HIGH_DB);
        let to_db = self.to_db.draw_within(rng, LOW_DB, HIGH_DB);
        let length = match &self.duration {
            Duration::Seconds(seconds) => {
                seconds.draw_within(rng, 0.0, MOST_S) * f64::from(input.sample_rate)
            }
            Duration::Fraction(fraction) => {
                fraction.draw_within(rng, 0.0, MOST_FRACTION) * input.n as f64
            }
        };
        let length = length.round().max(1.0);
        let start = match &self.start {
            Some(share) => (share.draw_within(rng, -MOST_FRACTION, 1.0) * input.n as f64).round(),
            // Two samples of the transition are inside at least.
            None => {
                2.0 - length
                    + rng.below((length as usize + input.n).saturating_sub(3).max(1)) as f64
            }
        };
        smallvec![from_db, to_db, start, length]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let [from_db, to_db] = [draws[0], draws[1]].map(|db| db.clamp(LOW_DB, HIGH_DB));
        let (start, length) = (draws[2], draws[3].max(1.0));
        let db = |at: f64| {
            let share = if length > 1.0 {
                (at - start) / (length - 1.0)
            } else {
                f64::from(at >= start)
            };
            from_db + (to_db - from_db) * share.clamp(0.0, 1.0)
        };
        let amplitude = |db: f64| libm::pow(10.0, db / 20.0);
        let ratio = amplitude((to_db - from_db) / (length - 1.0).max(1.0));
        for channel in work.channels_mut() {
            for (index, chunk) in channel.chunks_mut(ANCHORED).enumerate() {
                let first = (index * ANCHORED) as f64;
                let last = first + (chunk.len() - 1) as f64;
                let mut gain = amplitude(db(first));
                if last <= start || first >= start + length - 1.0 {
                    let gain = gain as f32;
                    chunk.iter_mut().for_each(|x| *x *= gain);
                } else if first >= start && last < start + length {
                    for x in chunk {
                        *x *= gain as f32;
                        gain *= ratio;
                    }
                } else {
                    for (i, x) in chunk.iter_mut().enumerate() {
                        *x *= amplitude(db(first + i as f64)) as f32;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Trace, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn gains(n: usize, draws: [f64; 4]) -> Vec<f32> {
        let values: Vec<_> = GAIN_TRANSITION.facts.draws.iter().zip(draws).collect();
        let step = serde_json::json!({ "place": "0", "name": "gain_transition", "values": values });
        let trace: Trace = serde_json::from_value(serde_json::json!({ "steps": [step] })).unwrap();
        let recipe: Recipe = Stage::new(declaration("gain_transition").unwrap(), [])
            .unwrap()
            .into();
        let mut work = Workspace::default();
        work.load(&Waveform::mono(vec![1.0; n], 8000).unwrap());
        recipe.replay(&trace, &mut work).unwrap();
        work.samples
    }

    #[test]
    fn the_gain_is_a_line_in_decibels_between_two_levels() {
        for (start, length) in [
            (0.0, 2000.0),
            (300.0, 700.0),
            (-500.0, 1000.0),
            (1500.0, 3000.0),
            (10.0, 1.0),
        ] {
            for (i, got) in gains(2000, [-30.0, 6.0, start, length])
                .into_iter()
                .enumerate()
            {
                let share = ((i as f64 - start) / (length - 1.0f64).max(1e-9)).clamp(0.0, 1.0);
                let share = if length == 1.0 {
                    f64::from(i as f64 >= start)
                } else {
                    share
                };
                let want = 10f64.powf((-30.0 + 36.0 * share) / 20.0);
                assert!(
                    (f64::from(got) / want - 1.0).abs() < 1e-6,
                    "{start} {length} at {i}: {got}, not {want}"
                );
            }
        }
    }

    #[test]
    fn a_random_transition_is_at_least_partly_inside() {
        let recipe: Recipe = Stage::new(declaration("gain_transition").unwrap(), [])
            .unwrap()
            .into();
        let (mut before, mut behind) = (false, false);
        for item in 0..300 {
            let mut work = Workspace::default();
            work.load(&Waveform::mono(vec![1.0; 8000], 8000).unwrap());
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(2)
                    },
                    &mut work,
                )
                .unwrap();
            let [start, length] = [2, 3].map(|i| trace.steps[0].values[i].1);
            assert!(start <= 7998.0 && start + length >= 2.0, "{start} {length}");
            before |= start < 0.0;
            behind |= start + length > 8000.0;
        }
        assert!(before && behind);
    }
}
