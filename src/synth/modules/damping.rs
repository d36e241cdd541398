//! Spectral damping: high frequencies fade first.

use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{ControlOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};

const INPUT: Port = Port::required("input", Rate::Audio, "the sound");
const FROM_HZ: Knob = Knob::new(
    "from_hz",
    "Hz",
    200.0,
    20_000.0,
    "cutoff when the note begins",
)
.curve(0.5);
const SPEED: Knob =
    Knob::new("speed", "octaves/s", 0.0, 40.0, "how fast the cutoff falls").curve(0.5);
const PORTS: &[Port] = &[INPUT, NOTE];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// Spectral damping: high frequencies fade first.
pub(super) static DAMPING: Module = Module {
    name: "damping",
    about: "Damps a sound as struck bodies do, the high frequencies first: a one-pole low-pass whose cutoff falls from \
            the begin of the note on, to 20 Hz at the lowest.",
    citation: "",
    parameters: &[
        INPUT.parameter(),
        NOTE.parameter(),
        FROM_HZ.parameter(),
        SPEED.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[FROM_HZ, SPEED],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(damping(noise_source(), #{ speed: 4..20 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("damping", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let input = module.audio(0);
    let note = module.note();
    let cutoff = module.control_op(ControlOp::Fall {
        note,
        from: module.knob("from_hz"),
        speed: module.knob("speed"),
    });
    let out = module.new_one_pole(input, cutoff);
    module.give_audio(out);
    Ok(())
}
