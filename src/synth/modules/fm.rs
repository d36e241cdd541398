//! An oscillator whose frequency follows another.

use super::sine::{INITIAL_PHASE, TUNING};
use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{AudioOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};

const MODULATOR: Port = Port::required(
    "modulator",
    Rate::Audio,
    "the signal that its frequency follows",
);
const MOD_DEPTH: Knob = Knob::new("mod_depth", "", -96.0, 96.0, "index of modulation")
    .curve(0.2)
    .symmetric();
const PORTS: &[Port] = &[MODULATOR, NOTE];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// An oscillator whose frequency follows another.
pub(super) static FM: Module = Module {
    name: "fm",
    about: "Makes a sine whose frequency follows an audio signal: `f (1 + mod_depth m)`, within 0 and half the sample rate.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        MODULATOR.parameter(),
        NOTE.parameter(),
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
    example: "let s = synth(fm(sine() * adsr(), #{ mod_depth: 0..4 })); assert(s.parameters().len() == 12)",
    build: |settings| Wiring::new("fm", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let modulator = module.audio(0);
    let phase = module.phase(None);
    let out = module.audio_op(AudioOp::Fm { modulator, phase });
    module.give_audio(out);
    Ok(())
}
