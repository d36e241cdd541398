//! A sine oscillator.

use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{AudioOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};
use std::f64::consts::PI;

pub(super) const PITCH: Port = Port::optional("pitch", Rate::Control, "what moves its pitch");
pub(super) const TUNING: Knob = Knob::new(
    "tuning",
    "semitones",
    -24.0,
    24.0,
    "distance from the pitch of the note",
);
pub(super) const MOD_DEPTH: Knob = Knob::new(
    "mod_depth",
    "semitones",
    -96.0,
    96.0,
    "how far `pitch` moves the pitch",
)
.curve(0.2)
.symmetric()
.of_port("pitch");
pub(super) const INITIAL_PHASE: Knob = Knob::new(
    "initial_phase",
    "rad",
    -PI,
    PI,
    "phase before the first sample",
);
const PORTS: &[Port] = &[NOTE, PITCH];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// A sine oscillator.
pub(super) static SINE: Module = Module {
    name: "sine",
    about: "Makes a sine at the pitch of a note.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        NOTE.parameter(),
        PITCH.parameter(),
        TUNING.parameter(),
        MOD_DEPTH.parameter(),
        INITIAL_PHASE.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[TUNING, MOD_DEPTH, INITIAL_PHASE],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(sine(#{ tuning: 0 })); assert(s.parameters().len() == 3)",
    build: |settings| Wiring::new("sine", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let phase = module.new_phase(1);
    let out = module.audio_op(AudioOp::Sine { phase });
    module.give_audio(out);
    Ok(())
}
