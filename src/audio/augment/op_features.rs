//! An expression of the user's over cells of features.

use super::op::Expression;
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::expression::{FEATURES, Row};
use crate::{Error, Rng};
use std::sync::Arc;

/// The same as [`super::op`] over the cells of a band, from frame to frame.
pub(super) static OP_FEATURES: Declaration = Declaration {
    name: "op_features",
    about: "Computes every cell of features by an expression over it, at the speed of a built-in stage.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "expression",
            Kind::Text,
            DefaultValue::Required,
            "what a cell `x` becomes. It knows `x[-1]` (the same band a frame before), `y[-1]` (what that became), up to 4096 frames back \
             and 0 before the first; `band` and `frame` (from 0), `n_bands`, `n_frames`, `channel` (from 0), the channel's `mean` and \
             `std`, `noise` (normal, deviation 1, anew for every cell), `pi`, `tau`; numbers, operators and functions as in `op`",
        ),
        Parameter::option(
            "name",
            Kind::Named,
            DefaultValue::Absent,
            "any name that the expression uses as a number: a value, or a distribution that is drawn from for every clip",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &["every named value", "noise_seed (where there is `noise`)"],
    },
    example: "let r = log_mel() |> op_features(\"(x - mean) / max(std, 0.001) + jitter * noise\", #{ jitter: 0..0.1 }); \
              assert(from_json(to_json(r)) == r); print(tone(440, 1) |> r)",
    build: |settings| {
        let expression = settings.chosen("expression").unwrap_or_default();
        let named = Expression::new(expression, settings.named("name"), &FEATURES)?;
        Ok(Arc::new(OpFeatures(named)))
    },
};

struct OpFeatures(Expression);

impl Transform for OpFeatures {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        self.0.draw(rng)
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(self.0.draw_names())
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let [_, n_bands, n_frames] = work.features.shape();
        let (mut given, noise_seed) = self.0.given(draws);
        let first = given.len();
        given.extend([0.0, n_bands as f64, n_frames as f64, 0.0, 0.0, 0.0]);
        let cells = (n_bands * n_frames).max(1);
        for (channel, cells) in work.features.values.chunks_mut(cells).enumerate() {
            let (mean, std) = mean_and_deviation(cells);
            given[first + 3..].copy_from_slice(&[mean, std, channel as f64]);
            for (band, cells) in cells.chunks_mut(n_frames).enumerate() {
                given[first] = band as f64;
                let label = |frame: usize| format!("frame {frame} of band {band}");
                let row = Row {
                    samples: cells,
                    given: &given,
                    rate: 1.0,
                    noise_seed,
                    number: channel * n_bands + band,
                    label: &label,
                };
                self.0.program().run(row, &mut work.expression)?;
            }
        }
        Ok(())
    }
}

/// Mean and standard deviation of all cells, in double precision.
fn mean_and_deviation(cells: &[f32]) -> (f64, f64) {
    let n = cells.len() as f64;
    let mean = cells.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let squares = cells
        .iter()
        .map(|&x| (f64::from(x) - mean) * (f64::from(x) - mean));
    (mean, (squares.sum::<f64>() / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::features::Features;
    use crate::{Distribution, Key};

    fn made(expression: &str, named: &[(&str, Distribution)]) -> Features {
        let named = named
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Drawn(value.clone())));
        let expression = ("expression".to_owned(), Value::Word(expression.to_owned()));
        let given = [expression].into_iter().chain(named);
        let stage = Stage::new(declaration("op_features").unwrap(), given).unwrap();
        let mut work = Workspace::default();
        work.load_features(&Features {
            values: (0..24).map(|i| i as f32).collect(),
            n_channels: 2,
            n_bands: 3,
            n_frames: 4,
            axes: None,
        });
        Recipe::from(stage).run(Key::of_seed(0), &mut work).unwrap();
        work.features
    }

    #[test]
    fn a_cell_knows_where_it_is_and_what_its_channel_is_like() {
        let cell = |expression: &str| made(expression, &[]).band(1, 2)[3];
        assert_eq!(cell("x"), 23.0);
        assert_eq!(cell("x[-1]"), 22.0);
        assert_eq!(cell("x[-4]"), 0.0);
        assert_eq!(cell("100 * channel + 10 * band + frame"), 123.0);
        assert_eq!(cell("10 * n_bands + n_frames"), 34.0);
        assert_eq!(cell("mean"), 17.5);
        assert_eq!(cell("std"), (143.0f64 / 12.0).sqrt() as f32);
        assert_eq!(cell("x + y[-1]"), 86.0);
        assert_eq!(
            made("k * x", &[("k", 0.5.into())]).band(0, 1),
            [2.0, 2.5, 3.0, 3.5]
        );
    }

    #[test]
    fn every_band_has_noise_of_its_own() {
        let noise = made("noise", &[]);
        let mut values = noise.values.clone();
        values.sort_by(f32::total_cmp);
        values.dedup();
        assert_eq!(values.len(), 24);
    }
}
