//! Keeping a part of the sound in a clip of the same length.

use super::level_gate::{self, ABOVE_DB, LevelGate};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Keeps `c N` samples from a random start and puts them at a random place of a silent clip of `N` samples.
pub(super) static CROP_PAD: Declaration = Declaration {
    name: "crop_pad",
    about: "Keeps a random part of the sound, at a random place of a clip that is as long as before.",
    citation: "Augmentation of health acoustics (arXiv:2309.05843)",
    parameters: &[
        Parameter::positional(
            "fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Range(0.5, 1.0),
            "share of the clip that is kept; silence fills the rest on both sides",
        ),
        ABOVE_DB,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["start", "length", "pad_before"],
    },
    example: "let x = tone(440, 1) |> crop_pad(0.5); assert(x.n_samples == 16000); assert_near(x.rms_db(), -6.02, 0.1)",
    build: |settings| {
        Ok(Arc::new(CropPad {
            fraction: settings.drawn("fraction"),
            gate: LevelGate::of(settings),
            gated_draws: ["place", "length", "pad_before", "above_db"].map(String::from),
        }))
    },
};

struct CropPad {
    fraction: Distribution,
    gate: Option<LevelGate>,
    gated_draws: [String; 4],
}

impl Transform for CropPad {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let n = input.n;
        let length =
            ((self.fraction.draw_within(rng, 0.0, 1.0) * n as f64).round() as usize).min(n);
        if let Some(gate) = &self.gate {
            let [place, above_db] = gate.draw(rng);
            let before = rng.below(n - length + 1);
            return smallvec![place, length as f64, before as f64, above_db];
        }
        let start = rng.below(n - length + 1);
        smallvec![
            start as f64,
            length as f64,
            rng.below(n - length + 1) as f64
        ]
    }

    fn draw_names(&self) -> Option<&[String]> {
        self.gate.as_ref().map(|_| self.gated_draws.as_slice())
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let start = match self.gate {
            Some(_) => {
                let length = (draws[1].max(0.0) as usize).min(n);
                level_gate::start(work, length, draws[0], draws[3])
            }
            None => (draws[0].max(0.0) as usize).min(n),
        };
        let length = (draws[1].max(0.0) as usize).min(n - start);
        let before = (draws[2].max(0.0) as usize).min(n - length);
        for channel in work.channels_mut() {
            channel.copy_within(start..start + length, before);
            channel[..before].fill(0.0);
            channel[before + length..].fill(0.0);
        }
        Ok(())
    }
}
