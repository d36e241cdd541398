//! The stages of recipes: their declarations stand beside the mathematics; here each becomes a function.

use super::super::Environment;
use super::{lambda, to_distribution};
use crate::script::{
    Call, FromScript, Function, Mode, Parameter, ScriptError, Topic, Unknown, describe,
};
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
    let mut function = Function::new(declaration.name, Topic::Stages, move |call| {
        build(declaration, &environment, call)
    })
    .in_session()
    .about(declaration.about)
    .returns("recipe")
    .example(declaration.example);
    for parameter in declaration.parameters {
        let default = parameter
            .default_value()
            .map(|_| parameter.default.to_string());
        let described = Parameter::checked_inside(
            parameter.name,
            parameter.kind.to_string(),
            default,
            parameter.about,
        );
        let described = described.with_words(parameter.kind.words());
        function = function.declared(described, parameter.positional);
    }
    if !declaration.draws.is_empty() {
        function = function.note(format!(
            "draws for every clip: {}",
            declaration.draws.join(", ")
        ));
    }
    if !declaration.citation.is_empty() {
        function = function.note(format!("source: {}", declaration.citation));
    }
    function
}

fn build(
    declaration: &'static Declaration,
    environment: &Environment,
    call: &Call<'_>,
) -> Result<Dynamic, ScriptError> {
    let mut values = Vec::new();
    for (name, value) in call.given() {
        if let Some(function) = value.clone().try_cast::<FnPtr>() {
            values.push((
                name.to_owned(),
                Value::Function(lambda::of_pointer(environment, call, function)?),
            ));
            continue;
        }
        if let Some(recipe) = value.clone().try_cast::<Recipe>() {
            values.push((name.to_owned(), Value::Recipe(recipe)));
            continue;
        }
        let value = to_value(name, value).transpose()?.ok_or_else(|| {
            let kind = declaration
                .parameters
                .iter()
                .find(|p| p.name == name)
                .map(|p| p.kind.to_string());
            ScriptError::new(format!(
                "`{name}` must be {}, not {}",
                kind.unwrap_or_default(),
                describe(value)
            ))
        })?;
        values.push((name.to_owned(), value));
    }
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

/// A script value as the value of a parameter; `None` if it can be no parameter's.
fn to_value(name: &str, value: &Dynamic) -> Option<Result<Value, auricle_audio::Error>> {
    if let Some(distribution) = to_distribution(name, value) {
        return Some(distribution.map(Value::Drawn));
    }
    if value.is_unit() {
        return Some(Ok(Value::Absent));
    }
    if let Ok(flag) = value.as_bool() {
        return Some(Ok(Value::Flag(flag)));
    }
    if let Some(paths) = Vec::<String>::from_script(value).filter(|paths| !paths.is_empty()) {
        return Some(Ok(Value::Paths(paths)));
    }
    value
        .clone()
        .into_string()
        .ok()
        .map(|word| Ok(Value::Word(word)))
}
