//! A one-pole low-pass.

use crate::emitter::Emitter;
use crate::{ControlOp, Error, Facts, Gain, Knob, Module, Output, Port, Rate, Wiring};

const INPUT: Port = Port::required("input", Rate::Audio, "the sound");
const CUTOFF: Port = Port::optional("modulation", Rate::Control, "what moves its cutoff");
const CUTOFF_HZ: Knob =
    Knob::new("cutoff_hz", "Hz", 20.0, 20_000.0, "cutoff frequency").curve(0.25);
const DEPTH_HZ: Knob = Knob::new(
    "depth_hz",
    "Hz",
    -20_000.0,
    20_000.0,
    "how far `modulation` moves the cutoff",
)
.curve(0.5)
.symmetric()
.of_port("modulation");
const PORTS: &[Port] = &[INPUT, CUTOFF];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// A one-pole low-pass.
pub(super) static ONE_POLE: Module = Module {
    name: "one_pole",
    about: "Attenuates what lies above a cutoff, 6 dB per octave: `y += a (x - y)` with `a = dt / (1 / (2 pi cutoff) + dt)`.",
    citation: "Cherep and Singh, \"SynthAX\", 2023",
    parameters: &[
        INPUT.parameter(),
        CUTOFF.parameter(),
        CUTOFF_HZ.parameter(),
        DEPTH_HZ.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[CUTOFF_HZ, DEPTH_HZ],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(one_pole(noise_source(), #{ cutoff_hz: 200..4000 })); assert(s.parameters().len() == 1)",
    build: |settings| Wiring::new("one_pole", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let input = module.audio(0);
    let one = module.control_op(ControlOp::Mix {
        terms: Vec::new(),
        offset: 1.0,
    });
    let mut terms = vec![(Gain::Scalar(module.knob("cutoff_hz")), one)];
    if let Some(modulation) = module.control(1) {
        terms.push((Gain::Scalar(module.knob("depth_hz")), modulation));
    }
    let cutoff = module.control_op(ControlOp::Mix { terms, offset: 0.0 });
    let out = module.new_one_pole(input, cutoff);
    module.give_audio(out);
    Ok(())
}
