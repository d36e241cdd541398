//! Inversion of the polarity.

use super::{Accepts, Declaration, Draws, Flows, Input, Transform, Workspace};
use crate::{Error, Rng};
use std::sync::Arc;

/// `y = -x`.
pub(super) static POLARITY: Declaration = Declaration {
    name: "polarity",
    about: "Inverts the polarity of the sound: inaudible, but not to a model. Use `0.5 * polarity()` for every other clip.",
    citation: "",
    parameters: &[],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &[],
    },
    example: "let x = wave([0.5, -0.25], 8000); assert((x |> polarity()).samples() == [-0.5, 0.25])",
    build: |_| Ok(Arc::new(Polarity)),
};

struct Polarity;

impl Transform for Polarity {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        work.samples.iter_mut().for_each(|x| *x = -*x);
        Ok(())
    }
}
