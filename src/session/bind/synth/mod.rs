//! Functions for synthesizers: graphs of modules, and the sounds of their patches.

mod coverage;
mod diagram;
mod json;
mod patches;
mod search;
mod sensitivity;
mod sheet;
mod signal;
mod synthesizer;

#[cfg(feature = "learn")]
pub(super) use synthesizer::{DELTA, perturbation, playback, units, with_noise, with_units};

pub(super) use json::from_json;

use super::Environment;
use crate::script::{Function, ScriptError, register_type};
use auricle_synth::coverage::Coverage;
use auricle_synth::{Patches, Sensitivity, Signal, Synth};
use rhai::Engine;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = signal::functions();
    all.extend(synthesizer::functions(environment));
    all.extend(patches::functions(environment));
    all.extend(sensitivity::functions(environment));
    all.extend(diagram::functions());
    all.extend(coverage::functions(environment));
    all.extend(search::functions(environment));
    all.extend(sheet::functions(environment));
    all
}

pub(super) fn register(engine: &mut Engine) {
    register_type::<Signal>(engine);
    register_type::<Synth>(engine);
    register_type::<Patches>(engine);
    register_type::<Sensitivity>(engine);
    register_type::<diagram::Diagram>(engine);
    register_type::<Coverage>(engine);
    register_type::<search::Match>(engine);
    signal::register(engine);
    patches::register(engine);
}

impl From<auricle_synth::Error> for ScriptError {
    fn from(error: auricle_synth::Error) -> ScriptError {
        let hint = error.hint();
        ScriptError {
            hint,
            ..ScriptError::in_words_of_others(error.to_string())
        }
    }
}
