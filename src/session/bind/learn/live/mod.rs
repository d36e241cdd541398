//! Training loops of one's own: batches, optimizers that hold models, figures.

mod average;
mod batches;
mod figures;
#[cfg(test)]
mod tests;
mod trainer;

use super::super::Environment;
use crate::script::{Function, register_type};
use figures::Figures;
use rhai::Engine;
use std::sync::Arc;

/// `optimizers` are the functions that describe optimizers: called on a model, they train it.
pub(super) fn functions(environment: &Arc<Environment>, optimizers: &[Function]) -> Vec<Function> {
    let figures = Arc::new(Figures::default());
    let mut all = batches::functions(environment, &figures);
    all.extend(trainer::functions(&figures, optimizers));
    all.extend(average::functions());
    all.extend(figures::functions(environment, &figures));
    all
}

pub(super) fn register(engine: &mut Engine) {
    register_type::<batches::Supply>(engine);
    register_type::<batches::Item>(engine);
    register_type::<trainer::Trainer>(engine);
    register_type::<average::Average>(engine);
    batches::register(engine);
    trainer::register(engine);
}

/// What the examples of a loop begin with.
const TINY_LOOP: &str = "let clips = []; \
    for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
    let batches = dataset(clips).batches(4, #{ recipe: views(2, noise(5..40) |> \
    log_mel(#{ n_mels: 16 })), epochs: 2, seed: 0 }); ";
