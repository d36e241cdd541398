//! Sounds of synthesizers as tensors, for gradients.

use super::super::Environment;
use super::super::synth::{playback, with_noise};
use super::tensor::Tape;
use crate::script::{Call, Function, ScriptError, Topic, room_for};
use auricle_learn::synth;
use auricle_learn::tensor::NdTensor;
use auricle_synth::{Patches, Synth};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>, tape: &Arc<Tape>) -> Vec<Function> {
    vec![render(environment, tape), tensor(environment)]
}

/// Samples from which a rendering may take a person's time.
const LONG: usize = 1 << 22;

fn render(environment: &Arc<Environment>, tape: &Arc<Tape>) -> Function {
    let (environment, tape) = (environment.clone(), tape.clone());
    let function = Function::new("render_tensor", Topic::Synthesis, move |call| {
        let player = call.receiver::<Synth>()?;
        let raw = match call.raw("patches").try_cast::<Patches>() {
            Some(patches) => synth::raw(&patches, &environment.device()?)?,
            None => tape.tensor(call, "patches")?,
        };
        room_for("the sounds", 4 * n_samples(&player, raw.len()) as u64)?;
        let sounds = synth::render(&player, &raw, playback(call)?)?;
        Ok(Dynamic::from(sounds))
    })
    .long_if(|call| is_long(call).unwrap_or(false))
    .on::<Synth>()
    .about(
        "Renders patches into a tensor [n, samples] that gradients pass: of a tensor of raw values [n, P] that `require_grad()` \
         gave, `backward` finds the gradient of any loss by every parameter.",
    )
    .note("each parameter's `gradient` in `parameters()` says whether there is one; a parameter with which the sound moves in steps has 0")
    .note("a value outside 0..1 is taken as the nearer end; patches of a tensor have the noises that `s.patches(values)` have")
    .note("the gradient is that of the sound in double precision, by derivatives of every operation: the same at any number of threads")
    .param::<Dynamic>("patches", "a tensor of raw values [n, P], or patches of this synthesizer, which have no gradient");
    with_noise(function).returns("tensor").example(
        "let s = synth(one_pole(noise_source()), #{ seconds: 0.05, sample_rate: 8000, control_rate: 100 }); \
         let target = s.render_tensor(s.patches([[0.3]])); \
         let p = tensor([[0.6]]).require_grad(); let opt = adam([p], #{ learning_rate: 0.02 }); \
         for step in 0..60 { opt.step(((s.render_tensor(p) - target) ** 2).mean().backward()); } \
         assert_near(p.to_array()[0][0], 0.3, 0.02)",
    )
}

/// Samples of as many patches as a number of raw values makes.
fn n_samples(synth: &Synth, n_values: usize) -> usize {
    let patches = n_values / synth.parameters().len().max(1);
    patches.saturating_mul(synth.n_samples())
}

fn is_long(call: &Call<'_>) -> Result<bool, ScriptError> {
    let values = match call.raw("patches").try_cast::<Patches>() {
        Some(patches) => patches.raw().len(),
        None => call.value::<NdTensor>("patches")?.len(),
    };
    Ok(n_samples(&call.receiver::<Synth>()?, values) > LONG)
}

fn tensor(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("tensor", Topic::Synthesis, move |call| {
        let patches = call.receiver::<Patches>()?;
        Ok(Dynamic::from(synth::raw(&patches, &environment.device()?)?))
    })
    .on::<Patches>()
    .about(
        "Gives the raw values as a tensor [n, P]; `s.patches(t.to_array())` makes patches of one.",
    )
    .returns("tensor")
    .example(
        "let s = synth(sine(), #{ seconds: 0.1 }); let p = s.sample(2, #{ seed: 1 }); \
         assert(p.tensor().shape == [2, 4] && s.patches(p.tensor().to_array()).raw() == p.raw())",
    )
}
