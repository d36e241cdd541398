//! Low pass filters.

use super::filter::{Filter, HERTZ, ORDER, QUALITY, START, Shape, ZERO_PHASE};
use super::{Accepts, Declaration, DefaultValue, Flows, Parameter};
use crate::dsp::{Biquad, Butterworth};
use std::sync::Arc;

/// A Butterworth filter of an order, or the cookbook's biquad of a quality; see [`Butterworth`] and [`Biquad`].
pub(super) static LOW_PASS: Declaration = Declaration {
    name: "low_pass",
    about: "Attenuates the frequencies above a cutoff.",
    citation: "Butterworth, 1930; with `q`: Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        Parameter::positional(
            "cutoff_hz",
            HERTZ,
            DefaultValue::LogRange(150.0, 7500.0),
            "frequency where the gain is 0.7071 (`q` with a biquad), Hz; limited to 0.9999 of the Nyquist frequency",
        ),
        ORDER,
        Parameter::option(
            "q",
            QUALITY,
            DefaultValue::Absent,
            "quality of a biquad: its gain at the cutoff; 0.7071 is the Butterworth filter of order 2; if not given, a Butterworth filter",
        ),
        ZERO_PHASE,
        START,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["cutoff_hz", "order", "q"],
    },
    example: "let x = tone(1000, 1); assert_near((x |> low_pass(1000, #{ order: 4 })).rms_db() - x.rms_db(), -3.01, 0.02)",
    build: |settings| {
        let shape = Shape::Side(Butterworth::low_pass, Biquad::low_pass);
        Ok(Arc::new(Filter::new("cutoff_hz", shape, settings)?))
    },
};
