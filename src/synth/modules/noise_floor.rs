//! A noise floor below a sound.

use crate::emitter::Emitter;
use crate::{AudioOp, Error, Facts, Gain, Knob, Module, Output, Port, Rate, Wiring};

const INPUT: Port = Port::required("input", Rate::Audio, "the sound");
const LEVEL: Knob = Knob::new(
    "level",
    "dB",
    -100.0,
    -20.0,
    "root mean square of the noise",
);
const PORTS: &[Port] = &[INPUT];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// A noise floor below a sound.
pub(super) static NOISE_FLOOR: Module = Module {
    name: "noise_floor",
    about: "Adds steady white noise at a level below full scale, as a recording has it.",
    citation: "",
    parameters: &[INPUT.parameter(), LEVEL.parameter()],
    facts: Facts {
        ports: PORTS,
        knobs: &[LEVEL],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(noise_floor(sine(), #{ level: -60..-30 })); assert(s.parameters().len() == 5)",
    build: |settings| Wiring::new("noise_floor", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let input = module.audio(0);
    let stream = module.new_stream();
    let noise = module.audio_op(AudioOp::Noise { stream });
    // Noise uniform in [-1, 1) has a root mean square of 1/sqrt(3).
    let level = module.knob("level");
    let amplitude = module.new_amplitude(level, 3f64.sqrt());
    let terms = vec![(Gain::Number(1.0), input), (Gain::Scalar(amplitude), noise)];
    let out = module.audio_op(AudioOp::Mix { terms });
    module.give_audio(out);
    Ok(())
}
