//! Playing backwards.

use super::{Accepts, Declaration, Draws, Flows, Input, Transform, Workspace};
use crate::{Error, Rng};
use std::sync::Arc;

/// `y[n] = x[N - 1 - n]`.
pub(super) static REVERSE: Declaration = Declaration {
    name: "reverse",
    about: "Plays the sound backwards.",
    citation: "",
    parameters: &[],
    facts: Flows {
        accepts: Accepts::Either,
        gives: None,
        draws: &[],
    },
    example: "let x = chirp(100, 900, 1); assert((x |> reverse() |> reverse()) == x)",
    build: |_| Ok(Arc::new(Reverse)),
};

struct Reverse;

impl Transform for Reverse {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        work.rows_mut().for_each(<[f32]>::reverse);
        Ok(())
    }
}
