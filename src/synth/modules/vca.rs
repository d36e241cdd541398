//! An amplifier that a signal controls.

use crate::emitter::Emitter;
use crate::{Error, Facts, Module, Output, Port, Rate, Wiring};

const INPUT: Port = Port::required("input", Rate::Audio, "the signal").any_rate();
const AMP: Port = Port::required("amp", Rate::Audio, "what it is multiplied by").any_rate();
const PORTS: &[Port] = &[INPUT, AMP];

/// An amplifier that a signal controls.
pub(super) static VCA: Module = Module {
    name: "vca",
    about: "Multiplies two signals, as `*` does.",
    citation: "",
    parameters: &[INPUT.parameter(), AMP.parameter()],
    facts: Facts {
        ports: PORTS,
        knobs: &[],
        output: Output::AsInputs,
        smooth: true,
        emit,
    },
    example: "let s = synth(vca(sine(), adsr())); assert(s.parameters().len() == 9)",
    build: |settings| Wiring::new("vca", settings, PORTS, Output::AsInputs),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    module.give_product(0, 1);
    Ok(())
}
