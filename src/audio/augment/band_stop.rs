//! Band stop filters.

use super::filter::{BANDWIDTH, CENTER_HZ, Filter, ORDER, QUALITY, START, Shape, ZERO_PHASE};
use super::{Accepts, Declaration, DefaultValue, Flows, Parameter};
use crate::dsp::{Biquad, Butterworth};
use std::sync::Arc;

/// A Butterworth filter between `center_hz (1 -+ bandwidth / 2)`, or the cookbook's biquad of a quality.
pub(super) static BAND_STOP: Declaration = Declaration {
    name: "band_stop",
    about: "Attenuates a band of frequencies.",
    citation: "Butterworth, 1930; with `q`: Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        CENTER_HZ,
        BANDWIDTH,
        ORDER,
        Parameter::option(
            "q",
            QUALITY,
            DefaultValue::Absent,
            "quality of a notch biquad, which then has no `bandwidth`; if not given, a Butterworth filter",
        ),
        ZERO_PHASE,
        START,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["center_hz", "order", "q", "bandwidth"],
    },
    example: "let x = tone(1000, 1); assert((x |> band_stop(1000, #{ q: 2 })).slice(0.1, 1).rms_db() < -90)",
    build: |settings| {
        let bandwidth = settings.drawn("bandwidth");
        let shape = Shape::Band(Butterworth::band_stop, Biquad::notch, bandwidth);
        Ok(Arc::new(Filter::new("center_hz", shape, settings)?))
    },
};
