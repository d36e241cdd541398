//! The stages of recipes: their declarations stand beside the mathematics; here each becomes a function.

use super::super::Environment;
use super::super::declared;
use super::lambda;
use crate::script::{Call, Function, Mode, ScriptError, Topic, Unknown};
use auricle_audio::augment::{Declaration, Kind, Recipe, Stage, Value, catalogue};
use rhai::{Dynamic, FnPtr};
use std::path::Path;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    catalogue()
        .iter()
        .map(|declaration| function(declaration, environment))
        .collect()
}

fn function(declaration: &'static Declaration, environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let body = move |call: &Call<'_>| build(declaration, &environment, call);
    let function = declared::function(declaration, Topic::Stages, body)
        .in_session()
        .returns("recipe");
    let draws = declaration.facts.draws;
    if draws.is_empty() {
        return function;
    }
    function.note(format!("draws for every clip: {}", draws.join(", ")))
}

fn build(
    declaration: &'static Declaration,
    environment: &Environment,
    call: &Call<'_>,
) -> Result<Dynamic, ScriptError> {
    let values = declared::values(declaration, call.given(), |value| {
        if let Some(function) = value.clone().try_cast::<FnPtr>() {
            return Ok(Some(
                lambda::of_pointer(environment, call, function)?.into(),
            ));
        }
        Ok(value.clone().try_cast::<Recipe>().map(Value::from))
    })?;
    let reads_files = declaration.parameters.iter().any(|parameter| {
        matches!(parameter.kind, Kind::Paths { .. })
            && values.iter().any(|(name, _)| name == parameter.name)
    });
    if environment.settings.mode == Mode::Check && reads_files {
        // A check decodes nothing: recordings need only be there.
        for path in values
            .iter()
            .flat_map(|(name, value)| paths(declaration, name, value))
        {
            if !Path::new(path).exists() {
                let reason = "there is no such file or folder";
                return Err(auricle_audio::Error::file_with_hint(
                    path,
                    reason,
                    "check the path and its case",
                )
                .into());
            }
        }
        Stage::check(declaration, values)?;
        return Ok(Dynamic::from(Unknown));
    }
    let recipe = Recipe::from(Stage::new(declaration, values)?);
    environment.tell_of_recordings(&recipe);
    Ok(Dynamic::from(recipe))
}

/// The paths that a parameter is given, if it takes some.
fn paths<'a>(declaration: &Declaration, name: &str, value: &'a Value) -> &'a [String] {
    let kind = declaration
        .parameters
        .iter()
        .find(|parameter| parameter.name == name)
        .map(|parameter| &parameter.kind);
    match (kind, value) {
        (Some(Kind::Paths { .. }), Value::Paths(paths)) => paths,
        (Some(Kind::Paths { words }), Value::Word(path)) if !words.contains(&path.as_str()) => {
            std::slice::from_ref(path)
        }
        _ => &[],
    }
}
