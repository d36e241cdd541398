//! Fewer bits.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = step round(x / step)` with `step = 2^(1 - bits)`, the grid of signed integers of that many bits, without dither.
///
/// Samples beyond -1..1 are put on the grid too, not clipped. Fractional bits are steps between the powers of two.
pub(super) static BIT_CRUSH: Declaration = Declaration {
    name: "bit_crush",
    about: "Rounds the samples to fewer bits, which adds quantization noise.",
    citation: "",
    parameters: &[Parameter::positional(
        "bits",
        Kind::Drawn {
            low: 1.0,
            high: 32.0,
        },
        DefaultValue::Range(5.0, 10.0),
        "bits of a sample; the step is 2^(1 - bits), also between whole numbers",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["bits"],
    },
    example: "let x = wave([0.3, -0.9], 8000) |> bit_crush(2); assert(x.samples() == [0.5, -1.0])",
    build: |settings| {
        Ok(Arc::new(BitCrush {
            bits: settings.drawn("bits"),
        }))
    },
};

struct BitCrush {
    bits: Distribution,
}

impl Transform for BitCrush {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.bits.draw_within(rng, 1.0, 32.0)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let per_unit = libm::exp2(draws[0] - 1.0);
        let step = 1.0 / per_unit;
        work.samples
            .iter_mut()
            .for_each(|x| *x = ((f64::from(*x) * per_unit).round() * step) as f32);
        Ok(())
    }
}
