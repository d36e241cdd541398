//! Bursts of noise.

use super::pulses::{KNOBS, OUTPUT, PARAMETERS, PORTS, emit_train};
use crate::{Burst, Facts, Module, Wiring};

/// Bursts of noise.
pub(super) static BURSTS: Module = Module {
    name: "bursts",
    about: "Makes bursts of white noise from the begin of a note on, evenly or with jitter.",
    citation: "",
    parameters: PARAMETERS,
    facts: Facts {
        ports: PORTS,
        knobs: KNOBS,
        output: OUTPUT,
        smooth: false,
        emit: |module| emit_train(module, Burst::Noise),
    },
    example: "let s = synth(bursts(#{ rate: 2..10, jitter: 0 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("bursts", settings, PORTS, OUTPUT),
};
