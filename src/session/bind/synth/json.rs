//! Synthesizers, signals and patches as JSON and back: a graph is its source.

use super::super::{Environment, closure};
use crate::script::{ScriptError, ScriptValue};
use auricle_synth::{FreeParameter, Patches, Signal, Synth};
use rhai::Dynamic;
use serde_json::{Value as Json, json};
use std::sync::Arc;

pub(super) fn of_signal(signal: &Signal) -> Json {
    json!({ "signal": signal.to_string() })
}

pub(super) fn of_synth(synth: &Synth) -> Json {
    json!({ "synth": synth.to_string() })
}

/// Patches with their synthesizer, without which they are numbers.
pub(super) fn of_patches(patches: &Patches) -> Option<Json> {
    let mut json = patches.to_json();
    json["synth"] = patches.synth()?.to_string().into();
    Some(json!({ "patches": json }))
}

/// The value of a source that `to_json` wrote under a name.
pub(in crate::bind) fn from_json(
    name: &str,
    body: &Json,
    environment: &Environment,
) -> Result<Dynamic, ScriptError> {
    match name {
        "signal" => Ok(Dynamic::from(made::<Signal>(body, environment)?)),
        "synth" => Ok(Dynamic::from(made::<Synth>(body, environment)?)),
        _ => {
            let synth = made::<Synth>(&body["synth"], environment)?;
            let parameters: Arc<[FreeParameter]> = synth.parameters().into();
            let patches = Patches::from_json(parameters, body)?;
            Ok(Dynamic::from(patches.of_synth(&synth)))
        }
    }
}

fn made<T: ScriptValue>(source: &Json, environment: &Environment) -> Result<T, ScriptError> {
    let cannot = |why: &str| {
        ScriptError::new(format!("the {} cannot be made again: {why}", T::NAME))
            .hint("the JSON is what `to_json` wrote of one")
    };
    let source = source
        .as_str()
        .ok_or_else(|| cannot("its source is missing"))?;
    let value = closure::engine(environment)?.eval::<Dynamic>(source);
    let value = value.map_err(|error| cannot(&error.to_string()))?;
    value
        .try_cast()
        .ok_or_else(|| cannot("its source makes something else"))
}
