//! Additive harmonics with a spectral slope.

use super::sine::{INITIAL_PHASE, MOD_DEPTH, PITCH, TUNING};
use crate::emitter::Emitter;
use crate::module::NOTE;
use crate::{AudioOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};

const SLOPE: Knob = Knob::new(
    "slope",
    "dB/octave",
    -24.0,
    0.0,
    "how the level of the partials falls",
);
const EVEN: Knob = Knob::new(
    "even",
    "",
    0.0,
    1.0,
    "level of the even partials beside the odd ones",
);
const PORTS: &[Port] = &[NOTE, PITCH];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// Additive harmonics with a spectral slope.
pub(super) static HARMONICS: Module = Module {
    name: "harmonics",
    about: "Adds partials at whole multiples of the pitch, each octave lower by the slope; those that could pass half \
            the sample rate are left out, and the levels of the others sum to 1.",
    citation: "",
    parameters: &[
        NOTE.parameter(),
        PITCH.parameter(),
        Parameter::option(
            "partials",
            Kind::Count {
                low: 1.0,
                high: 128.0,
            },
            DefaultValue::Number(16.0),
            "number of partials",
        ),
        TUNING.parameter(),
        MOD_DEPTH.parameter(),
        INITIAL_PHASE.parameter(),
        SLOPE.parameter(),
        EVEN.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[TUNING, MOD_DEPTH, INITIAL_PHASE, SLOPE, EVEN],
        output: OUTPUT,
        smooth: false,
        emit,
    },
    example: "let s = synth(harmonics(#{ partials: 8, slope: -12..-3 })); assert(s.parameters().len() == 6)",
    build: |settings| Wiring::new("harmonics", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let phase = module.new_phase(1);
    let partials = module.settings.count("partials");
    let out = module.audio_op(AudioOp::Harmonics {
        phase,
        partials,
        slope: module.knob("slope"),
        even: module.knob("even"),
    });
    module.give_audio(out);
    Ok(())
}
