//! Cropping to a duration.

use super::level_gate::{self, ABOVE_DB, LevelGate};
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
        ABOVE_DB,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["start_samples", "length_samples"],
    },
    example: "assert_near((tone(440, 2) |> crop(0.5)).seconds, 0.5, 1e-6)",
    build: |settings| {
        settings.only_one_of(&["position", ABOVE_DB.name])?;
        Ok(Arc::new(Crop {
            seconds: settings.drawn("seconds"),
            position: settings.word("position", &POSITIONS),
            gate: LevelGate::of(settings),
            gated_draws: ["place", "length_samples", "above_db"].map(String::from),
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
    gate: Option<LevelGate>,
    gated_draws: [String; 3],
}

impl Transform for Crop {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let seconds = self.seconds.draw_within(rng, 1e-6, 86_400.0);
        let length = ((seconds * f64::from(input.sample_rate)).round() as usize).max(1);
        if let Some(gate) = &self.gate {
            let [place, above_db] = gate.draw(rng);
            return smallvec![place, length as f64, above_db];
        }
        let room = input.n.saturating_sub(length);
        let start = match self.position {
            Position::Random => rng.below(room + 1),
            Position::Start => 0,
            Position::Center => room / 2,
            Position::End => room,
        };
        smallvec![start as f64, length as f64]
    }

    fn draw_names(&self) -> Option<&[String]> {
        self.gate.as_ref().map(|_| self.gated_draws.as_slice())
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let length = draws[1].clamp(1.0, 1e12) as usize;
        let start = match self.gate {
            Some(_) => level_gate::start(work, length, draws[0], draws[2]),
            None => (draws[0].max(0.0) as usize).min(n),
        };
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
