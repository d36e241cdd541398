//! Decaying pulses.

use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{AudioOp, Burst, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};
use auricle_audio::declare::Parameter;

const RATE: Knob = Knob::new("rate", "Hz", 0.25, 50.0, "pulses per second").curve(0.5);
const DECAY: Knob = Knob::new(
    "decay",
    "s",
    0.002,
    1.0,
    "time in which a pulse falls by 60 dB",
)
.curve(0.5);
const JITTER: Knob = Knob::new(
    "jitter",
    "",
    0.0,
    1.0,
    "how far a pulse may be late, as a part of the time to the next",
);
pub(super) const PORTS: &[Port] = &[NOTE];
pub(super) const OUTPUT: Output = Output::Always(Rate::Audio);
/// What every train is told, whatever stands under it.
pub(super) const KNOBS: &[Knob] = &[RATE, DECAY, JITTER];
pub(super) const PARAMETERS: &[Parameter] = &[
    NOTE.parameter(),
    RATE.parameter(),
    DECAY.parameter(),
    JITTER.parameter(),
];

/// Decaying pulses.
pub(super) static PULSES: Module = Module {
    name: "pulses",
    about: "Makes a train of decaying pulses from the begin of a note on, evenly or with jitter; times another signal, it gates it.",
    citation: "",
    parameters: PARAMETERS,
    facts: Facts {
        ports: PORTS,
        knobs: KNOBS,
        output: OUTPUT,
        smooth: false,
        emit: |module| emit_train(module, Burst::Pulse),
    },
    example: "let s = synth(pulses(#{ rate: 2..10, jitter: 0 })); assert(s.parameters().len() == 4)",
    build: |settings| Wiring::new("pulses", settings, PORTS, OUTPUT),
};

pub(super) fn emit_train(module: &mut Emitter<'_>, burst: Burst) -> Result<(), Error> {
    let note = module.note();
    let stream = module.new_stream();
    let out = module.audio_op(AudioOp::Train {
        burst,
        note,
        rate: module.knob("rate"),
        decay: module.knob("decay"),
        jitter: module.knob("jitter"),
        stream,
    });
    module.give_audio(out);
    Ok(())
}
