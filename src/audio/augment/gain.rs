//! Gain: a change of level.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = x * 10^(db / 20)`.
pub(super) static GAIN: Declaration = Declaration {
    name: "gain",
    about: "Amplifies or attenuates the sound by a gain.",
    citation: "",
    parameters: &[Parameter::positional(
        "gain_db",
        Kind::Drawn {
            low: LOW_DB,
            high: HIGH_DB,
        },
        DefaultValue::Range(-12.0, 12.0),
        "change of level, dB; a factor of two is 6.02 dB",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["gain_db"],
    },
    example: "let x = tone(440, 1); assert_near((x |> gain(-6)).rms_db() - x.rms_db(), -6, 0.001)",
    build: |settings| {
        Ok(Arc::new(Gain {
            gain_db: settings.drawn("gain_db"),
        }))
    },
};

const LOW_DB: f64 = -200.0;
const HIGH_DB: f64 = 100.0;

struct Gain {
    gain_db: Distribution,
}

impl Transform for Gain {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.gain_db.draw_within(rng, LOW_DB, HIGH_DB)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let amplitude = libm::pow(10.0, draws[0] / 20.0) as f32;
        work.samples.iter_mut().for_each(|x| *x *= amplitude);
        Ok(())
    }
}
