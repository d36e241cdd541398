//! Bursts of noise.

use super::pulses::{DECAY, JITTER, RATE, emit_train};
use crate::module::NOTE;
use crate::{Burst, Facts, Module, Output, Port, Rate, Wiring};

const PORTS: &[Port] = &[NOTE];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// Bursts of noise.
pub(super) static BURSTS: Module = Module {
    name: "bursts",
    about: "Makes bursts of white noise from the begin of a note on, evenly or with jitter.",
    citation: "",
    parameters: &[
        NOTE.parameter(),
        RATE.parameter(),
        DECAY.parameter(),
        JITTER.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[RATE, DECAY, JITTER],
        output: OUTPUT,
        smooth: false,
        emit: |module| emit_train(module, Burst::Noise),
    },
    example: "let s = synth(bursts(#{ rate: 2..10, jitter: 0 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("bursts", settings, PORTS, OUTPUT),
};
