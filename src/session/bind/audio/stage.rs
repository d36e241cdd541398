//! The stages of recipes: their declarations stand beside the mathematics; here each becomes a function.

use super::to_distribution;
use crate::script::{Call, Function, Parameter, ScriptError, Topic, describe};
use auricle_audio::augment::{Declaration, Recipe, Stage, Value, catalogue};
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    catalogue().iter().copied().map(function).collect()
}

fn function(declaration: &'static Declaration) -> Function {
    let mut function = Function::new(declaration.name, Topic::Stages, move |call| build(declaration, call))
        .about(declaration.about)
        .returns("recipe")
        .example(declaration.example);
    for parameter in declaration.parameters {
        let default = parameter.default_value().map(|_| parameter.default.to_string());
        let described = Parameter::checked_inside(parameter.name, parameter.kind.to_string(), default, parameter.about);
        function = function.declared(described, parameter.positional);
    }
    if !declaration.draws.is_empty() {
        function = function.note(format!("draws for every clip: {}", declaration.draws.join(", ")));
    }
    if !declaration.citation.is_empty() {
        function = function.note(format!("source: {}", declaration.citation));
    }
    function
}

fn build(declaration: &'static Declaration, call: &Call<'_>) -> Result<Dynamic, ScriptError> {
    let mut values = Vec::new();
    for (name, value) in call.given() {
        let value = to_value(name, value).transpose()?.ok_or_else(|| {
            let kind = declaration.parameters.iter().find(|p| p.name == name).map(|p| p.kind.to_string());
            ScriptError::new(format!("`{name}` must be {}, not {}", kind.unwrap_or_default(), describe(value)))
        })?;
        values.push((name.to_owned(), value));
    }
    Ok(Dynamic::from(Recipe::from(Stage::new(declaration, values)?)))
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
    value.clone().into_string().ok().map(|word| Ok(Value::Word(word)))
}
