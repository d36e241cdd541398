//! Soft clipping by a hyperbolic tangent.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::percentile;
use crate::waveform::rms;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = c tanh(x / (2 t))`, where `t` is the percentile `100 - 99 amount` of the magnitudes of all channels and `c` keeps
/// the root mean square of the clip. As audiomentations' `TanhDistortion` has it, with its `t + 1e-6` instead of `t`.
pub(super) static TANH_DISTORTION: Declaration = Declaration {
    name: "tanh_distortion",
    about: "Distorts softly, adding odd harmonics, at an unchanged level.",
    citation: "",
    parameters: &[Parameter::positional(
        "amount",
        Kind::Drawn {
            low: 0.0,
            high: 1.0,
        },
        DefaultValue::Range(0.01, 0.7),
        "share of the samples that are distorted noticeably: 0 is next to none, at 1 all",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["amount"],
    },
    example: "let x = tone(440, 1); assert_near((x |> tanh_distortion(0.5)).rms_db(), x.rms_db(), 0.0001)",
    build: |settings| {
        Ok(Arc::new(TanhDistortion {
            amount: settings.drawn("amount"),
        }))
    },
};

struct TanhDistortion {
    amount: Distribution,
}

impl Transform for TanhDistortion {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.amount.draw_within(rng, 0.0, 1.0)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let before = rms(&work.samples);
        if before == 0.0 {
            return Ok(());
        }
        work.spare.clear();
        work.spare.extend(work.samples.iter().map(|x| x.abs()));
        let threshold = percentile(&mut work.spare, 100.0 - 99.0 * draws[0]);
        let gain = 0.5 / (threshold + 1e-6);
        work.samples
            .iter_mut()
            .for_each(|x| *x = libm::tanhf((f64::from(*x) * gain) as f32));
        let level = before / rms(&work.samples);
        if level.is_finite() {
            work.samples
                .iter_mut()
                .for_each(|x| *x = (f64::from(*x) * level) as f32);
        }
        Ok(())
    }
}
