//! Cropping to a duration.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Keeps a part of a given duration; a clip that is shorter is kept whole and followed by zeros.
pub(super) static CROP: Declaration = Declaration {
    name: "crop",
    about: "Keeps a part of the sound of a given duration; a shorter sound is followed by silence.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "seconds",
            Kind::Drawn {
                low: 1e-6,
                high: 86_400.0,
            },
            DefaultValue::Required,
            "duration of the part, s",
        ),
        Parameter::option(
            "position",
            Kind::Word(&words(&POSITIONS)),
            DefaultValue::Word("random"),
            "which part: any, with equal chances, or a fixed one",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["start_samples", "length_samples"],
    },
    example: "assert_near((tone(440, 2) |> crop(0.5)).seconds, 0.5, 1e-6)",
    build: |settings| {
        Ok(Arc::new(Crop {
            seconds: settings.drawn("seconds"),
            position: settings
                .word("position", &POSITIONS)
                .unwrap_or(Position::Random),
        }))
    },
};

const POSITIONS: [(&str, Position); 4] = [
    ("random", Position::Random),
    ("start", Position::Start),
    ("center", Position::Center),
    ("end", Position::End),
];

#[derive(Clone, Copy)]
enum Position {
    Random,
    Start,
    Center,
    End,
}

struct Crop {
    seconds: Distribution,
    position: Position,
}

impl Transform for Crop {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seconds = self.seconds.draw_within(rng, 1e-6, 86_400.0);
        let length = ((seconds * f64::from(input.sample_rate)).round() as usize).max(1);
        let room = input.n.saturating_sub(length);
        let start = match self.position {
            Position::Random => rng.below(room + 1),
            Position::Start => 0,
            Position::Center => room / 2,
            Position::End => room,
        };
        smallvec![start as f64, length as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let start = (draws[0].max(0.0) as usize).min(n);
        let length = draws[1].clamp(1.0, 1e12) as usize;
        let kept = length.min(n - start);
        work.spare.clear();
        for channel in work.samples.chunks(n.max(1)) {
            work.spare.extend_from_slice(&channel[start..start + kept]);
            work.spare.resize(work.spare.len() + length - kept, 0.0);
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        Ok(())
    }
}
