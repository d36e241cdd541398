//! Band pass filters.

use super::filter::{BANDWIDTH, CENTER_HZ, Filter, ORDER, QUALITY, START, Shape, ZERO_PHASE};
use super::{Accepts, Declaration, DefaultValue, Flows, Parameter};
use crate::dsp::{Biquad, Butterworth};
use std::sync::Arc;

/// A Butterworth filter between `center_hz (1 -+ bandwidth / 2)`, or the cookbook's biquad of a quality.
pub(super) static BAND_PASS: Declaration = Declaration {
    name: "band_pass",
    about: "Attenuates the frequencies outside a band.",
    citation: "Butterworth, 1930; with `q`: Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        CENTER_HZ,
        BANDWIDTH,
        ORDER,
        Parameter::option(
            "q",
            QUALITY,
            DefaultValue::Absent,
            "quality of a biquad whose gain is 1 at the centre, which then has no `bandwidth`; if not given, a Butterworth filter",
        ),
        ZERO_PHASE,
        START,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["center_hz", "order", "q", "bandwidth"],
    },
    example: "let x = tone(400, 1); assert_near((x |> band_pass(1000, #{ bandwidth: 1.2 })).rms_db() - x.rms_db(), -3.01, 0.02)",
    build: |settings| {
        let bandwidth = settings.drawn("bandwidth");
        let shape = Shape::Band(Butterworth::band_pass, Biquad::band_pass, bandwidth);
        Ok(Arc::new(Filter::new("center_hz", shape, settings)?))
    },
};
