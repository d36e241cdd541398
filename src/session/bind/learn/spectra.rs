//! Mel spectrograms of tensors, for losses on what a sound is heard as.

use super::tensor::Tape;
use crate::script::{Function, ScriptError, Topic};
use auricle_audio::augment::Recipe;
use auricle_learn::spectra::mel;
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn function(tape: &Arc<Tape>) -> Function {
    let tape = tape.clone();
    Function::new("of", Topic::Tensors, move |call| {
        let recipe = call.receiver::<Recipe>()?;
        let sample_rate = call.get::<u32>("sample_rate")?;
        let stage = recipe.log_mel(sample_rate).ok_or_else(|| {
            ScriptError::new(format!("`{recipe}` cannot be computed of a tensor"))
                .hint("only `log_mel(...)` or `mel(...)` alone can; other stages are for waves, `wave |> recipe`")
        })?;
        let sounds = tape.tensor(call, "sounds")?;
        Ok(Dynamic::from(mel(stage?.as_ref(), &sounds)?))
    })
    .long()
    .on::<Recipe>()
    .about(
        "Computes the mel spectrogram of a tensor of sounds, [n, samples], as a tensor [n, 1, bands, frames] that gradients pass: \
         a loss on it reaches the sounds, and the patches that they were rendered of.",
    )
    .note("it is what the stage gives for waves, by products of matrices, to single precision")
    .param::<Dynamic>("sounds", "a tensor [n, samples]")
    .param::<u32>("sample_rate", "samples per second, Hz")
    .returns("tensor")
    .example(
        "let s = synth(one_pole(noise_source()), #{ seconds: 0.1, sample_rate: 8000, control_rate: 100 }); \
         let mel = log_mel(#{ n_mels: 16 }); let want = mel.of(s.render_tensor(s.patches([[0.3]])), 8000); \
         let p = tensor([[0.6]]).require_grad(); let opt = adam([p], #{ learning_rate: 0.02 }); \
         for step in 0..60 { opt.step(((mel.of(s.render_tensor(p), 8000) - want) ** 2).mean().backward()); } \
         assert_near(p.to_array()[0][0], 0.3, 0.02)",
    )
}
