//! A knob between two signals.

use crate::emitter::Emitter;
use crate::{Error, Facts, Gain, Knob, Module, Output, Port, Rate, Wiring};

const A: Port = Port::required("a", Rate::Audio, "the signal at 0").any_rate();
const B: Port = Port::required("b", Rate::Audio, "the signal at 1").any_rate();
const RATIO: Knob = Knob::new("ratio", "", 0.0, 1.0, "how much of `b` there is");
const PORTS: &[Port] = &[A, B];

/// A knob between two signals.
pub(super) static CROSSFADE: Module = Module {
    name: "crossfade",
    about: "Fades from one signal to another: `(1 - ratio) a + ratio b`.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[A.parameter(), B.parameter(), RATIO.parameter()],
    facts: Facts {
        ports: PORTS,
        knobs: &[RATIO],
        output: Output::AsInputs,
        smooth: true,
        emit,
    },
    example: "let s = synth(crossfade(sine(), noise_source(), #{ ratio: 0.5 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("crossfade", settings, PORTS, Output::AsInputs),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let ratio = module.knob("ratio");
    let rest = module.new_complement(ratio);
    module.give_mix_of(&[(Gain::Scalar(rest), 0), (Gain::Scalar(ratio), 1)]);
    Ok(())
}
