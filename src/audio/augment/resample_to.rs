//! Another sample rate.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::resample_planar;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Pitch and duration stay; the number of samples becomes `ceil(N hz / sample_rate)`. A drawn rate is rounded to whole hertz.
pub(super) static RESAMPLE_TO: Declaration = Declaration {
    name: "resample_to",
    about: "Converts the sound to another sample rate, band-limited.",
    citation: "",
    parameters: &[Parameter::positional(
        "hz",
        Kind::Drawn {
            low: LOWEST_HZ,
            high: HIGHEST_HZ,
        },
        DefaultValue::Required,
        "samples per second of the result, Hz",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["hz"],
    },
    example: "let x = tone(440, 1) |> resample_to(8000); assert(x.sample_rate == 8000 && x.n_samples == 8000)",
    build: |settings| {
        Ok(Arc::new(ResampleTo {
            hz: settings.drawn("hz"),
        }))
    },
};

const LOWEST_HZ: f64 = 100.0;
const HIGHEST_HZ: f64 = 1e6;

struct ResampleTo {
    hz: Distribution,
}

impl Transform for ResampleTo {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.hz.draw_within(rng, LOWEST_HZ, HIGHEST_HZ).round()]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let hz = draws[0].clamp(LOWEST_HZ, HIGHEST_HZ).round() as u32;
        resample_planar(
            &work.samples,
            work.n_channels,
            [work.sample_rate, hz],
            &mut work.spare,
        );
        std::mem::swap(&mut work.samples, &mut work.spare);
        work.sample_rate = hz;
        Ok(())
    }
}
