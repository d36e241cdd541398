//! An oscillator between square and saw.

use super::sine::{INITIAL_PHASE, MOD_DEPTH, PITCH, TUNING};
use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{AudioOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};

const SHAPE: Knob = Knob::new("shape", "", 0.0, 1.0, "0 is a square, 1 a saw");
const PORTS: &[Port] = &[NOTE, PITCH];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// An oscillator between square and saw.
pub(super) static SQUARE_SAW: Module = Module {
    name: "square_saw",
    about: "Makes a wave between square and saw at the pitch of a note, with fewer harmonics the higher it may go.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        NOTE.parameter(),
        PITCH.parameter(),
        TUNING.parameter(),
        MOD_DEPTH.parameter(),
        INITIAL_PHASE.parameter(),
        SHAPE.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[TUNING, MOD_DEPTH, INITIAL_PHASE, SHAPE],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(square_saw(#{ shape: 0.5 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("square_saw", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let phase = module.new_phase(1);
    let shape = module.knob("shape");
    let out = module.audio_op(AudioOp::SquareSaw { phase, shape });
    module.give_audio(out);
    Ok(())
}
