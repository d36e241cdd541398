//! Warping time and frequency.

use super::time_warp::{INTERPOLATION, PLACES, draw_bend, warp_frequency, warp_time};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Parameter, Transform, Workspace,
};
use crate::features::Interpolation;
use crate::{Distribution, Error, Rng};
use smallvec::SmallVec;
use std::sync::Arc;

/// A random frame and a random band move, each along its own axis; the four parts around their crossing are stretched or
/// squeezed. Along frequency this is a coarse change of vocal tract length.
pub(super) static SPEC_WARP: Declaration = Declaration {
    name: "spec_warp",
    about: "Moves a random frame and a random band of features, and stretches what is around them.",
    citation: "Park et al., SpecAugment, 2019, section 2 (time); the same along frequency",
    parameters: &[
        Parameter::positional(
            "max_frames",
            PLACES,
            DefaultValue::Number(5.0),
            "farthest move along time, frames; a range is the move itself",
        ),
        Parameter::positional(
            "max_bands",
            PLACES,
            DefaultValue::Number(4.0),
            "farthest move along frequency, bands; a range is the move itself",
        ),
        INTERPOLATION,
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &["center_frame", "shift_frames", "center_band", "shift_bands"],
    },
    example: "let m = tone(440, 1) |> log_mel() |> spec_warp(20, 6); assert(m.shape == [1, 64, 101])",
    build: |settings| {
        let interpolation = settings.word("interpolation", &Interpolation::WORDS);
        Ok(Arc::new(SpecWarp {
            max_frames: settings.drawn("max_frames"),
            max_bands: settings.drawn("max_bands"),
            interpolation,
        }))
    },
};

struct SpecWarp {
    max_frames: Distribution,
    max_bands: Distribution,
    interpolation: Interpolation,
}

impl Transform for SpecWarp {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let (time, frequency) = (
            draw_bend(rng, input.n, &self.max_frames),
            draw_bend(rng, input.n_bands, &self.max_bands),
        );
        SmallVec::from_slice(&[time, frequency].concat())
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        warp_time(work, &draws[..2], self.interpolation);
        warp_frequency(work, &draws[2..], self.interpolation);
        Ok(())
    }
}
