//! An envelope of attack, decay, sustain and release.

use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{ControlOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};

const ATTACK: Knob = Knob::new("attack", "s", 0.0, 2.0, "time from silence to the peak").curve(0.5);
const DECAY: Knob = Knob::new(
    "decay",
    "s",
    0.0,
    2.0,
    "time from the peak to the sustained level",
)
.curve(0.5);
const SUSTAIN: Knob = Knob::new("sustain", "", 0.0, 1.0, "level while the key is held");
const RELEASE: Knob =
    Knob::new("release", "s", 0.0, 5.0, "time to silence behind the note").curve(0.5);
const ALPHA: Knob = Knob::new("alpha", "", 0.1, 6.0, "exponent of the ramps; 1 is linear");
const PORTS: &[Port] = &[NOTE];
const OUTPUT: Output = Output::Always(Rate::Control);

/// An envelope of attack, decay, sustain and release.
pub(super) static ADSR: Module = Module {
    name: "adsr",
    about: "Makes an envelope of attack, decay, sustain and release for a note.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        NOTE.parameter(),
        ATTACK.parameter(),
        DECAY.parameter(),
        SUSTAIN.parameter(),
        RELEASE.parameter(),
        ALPHA.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[ATTACK, DECAY, SUSTAIN, RELEASE, ALPHA],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(sine() * adsr(#{ attack: 0.1 })); assert(s.parameters().len() == 8)",
    build: |settings| Wiring::new("adsr", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let note = module.note();
    let out = module.control_op(ControlOp::Adsr {
        note,
        attack: module.knob("attack"),
        decay: module.knob("decay"),
        sustain: module.knob("sustain"),
        release: module.knob("release"),
        alpha: module.knob("alpha"),
    });
    module.give_control(out);
    Ok(())
}
