//! White noise.

use crate::emitter::Emitter;
use crate::{AudioOp, Error, Facts, Module, Output, Rate, Wiring};

const OUTPUT: Output = Output::Always(Rate::Audio);

/// White noise.
pub(super) static NOISE_SOURCE: Module = Module {
    name: "noise_source",
    about: "Makes white noise, uniform within -1..1: every sound and every such module its own.",
    citation: "",
    parameters: &[],
    facts: Facts {
        ports: &[],
        knobs: &[],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(noise_source() * adsr()); assert(s.parameters().len() == 7)",
    build: |settings| Wiring::new("noise_source", settings, &[], OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let stream = module.new_stream();
    let out = module.audio_op(AudioOp::Noise { stream });
    module.give_audio(out);
    Ok(())
}
