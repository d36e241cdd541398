//! Hard clipping.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::percentile;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = min(max(x, low), high)`. With a percentile `p`, `low` and `high` are the percentiles `p/2` and `100 - p/2` of the
/// samples of all channels, so that `p` percent of them are clipped; with a level they are `-level` and `level`.
pub(super) static CLIP: Declaration = Declaration {
    name: "clip",
    about: "Clips the loudest samples, like a microphone or amplifier that is overdriven.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "percentile",
            Kind::Drawn {
                low: 0.0,
                high: 100.0,
            },
            DefaultValue::Range(0.0, 40.0),
            "share of the samples that is clipped, %",
        ),
        Parameter::option(
            "level",
            Kind::Drawn {
                low: 0.0,
                high: 1e6,
            },
            DefaultValue::Absent,
            "largest magnitude that is kept, instead of a percentile",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["percentile_or_level"],
    },
    example: "let x = tone(440, 1) |> clip(0, #{ level: 0.5 }); assert(x.peak() == 0.5)",
    build: |settings| {
        Ok(Arc::new(match settings.drawn_if("level") {
            Some(level) => Clip::Level(level),
            None => Clip::Percentile(settings.drawn("percentile")),
        }))
    },
};

enum Clip {
    Percentile(Distribution),
    Level(Distribution),
}

impl Transform for Clip {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![match self {
            Clip::Percentile(percentile) => percentile.draw_within(rng, 0.0, 100.0),
            Clip::Level(level) => level.draw_within(rng, 0.0, 1e6),
        }]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (low, high) = match self {
            Clip::Level(_) => (-draws[0].abs(), draws[0].abs()),
            Clip::Percentile(_) => {
                work.spare.clone_from(&work.samples);
                (
                    percentile(&mut work.spare, draws[0] / 2.0),
                    percentile(&mut work.spare, 100.0 - draws[0] / 2.0),
                )
            }
        };
        let (low, high) = (low.min(high) as f32, high.max(low) as f32);
        work.samples
            .iter_mut()
            .for_each(|x| *x = x.clamp(low, high));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Rng, Waveform};

    #[test]
    fn as_many_samples_are_clipped_as_asked_for() {
        let mut samples = vec![0.0; 2 * 10_000];
        Rng::from_words(&[3]).fill_normal(&mut samples);
        let clip = Waveform::new(samples, 2, 8000).unwrap();
        for percent in [0.0, 1.0, 10.0, 40.0, 100.0] {
            let given = [("percentile".to_owned(), Value::Drawn(percent.into()))];
            let recipe: Recipe = Stage::new(declaration("clip").unwrap(), given)
                .unwrap()
                .into();
            let clipped = recipe.wave(&clip, Key::of_seed(0)).unwrap();
            let changed = clipped
                .samples()
                .iter()
                .zip(clip.samples())
                .filter(|(y, x)| y != x)
                .count();
            assert!(
                (changed as f64 / 200.0 - percent).abs() < 0.03,
                "{percent} %: {changed}"
            );
        }
    }
}
