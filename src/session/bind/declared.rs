//! The one adapter for every catalogue: a declaration becomes a script function, and what a call gives becomes values.

use super::audio::to_distribution;
use crate::script::{Call, FromScript, Function, Parameter, ScriptError, Topic, describe};
use auricle_audio::declare::{self, Declaration, Kind, Value};
use auricle_audio::{Distribution, Error};
use rhai::Dynamic;

/// The function of a declaration: its text, parameters, defaults and example are the declaration's.
pub(super) fn function<B, E, F>(
    declaration: &'static Declaration<B, E, F>,
    topic: Topic,
    body: impl Fn(&Call<'_>) -> Result<Dynamic, ScriptError> + Send + Sync + 'static,
) -> Function {
    let function = begun(declaration, topic, body);
    with_parameters(function, declaration.parameters)
}

/// The same without its parameters.
pub(super) fn begun<B, E, F>(
    declaration: &'static Declaration<B, E, F>,
    topic: Topic,
    body: impl Fn(&Call<'_>) -> Result<Dynamic, ScriptError> + Send + Sync + 'static,
) -> Function {
    let function = Function::new(declaration.name, topic, body)
        .about(declaration.about)
        .example(declaration.example);
    match declaration.citation {
        "" => function,
        citation => function.note(format!("source: {citation}")),
    }
}

/// Adds declared parameters, with their defaults and words.
pub(super) fn with_parameters(function: Function, parameters: &[declare::Parameter]) -> Function {
    let add = |function: Function, parameter: &declare::Parameter| {
        let (described, positional) = (described(parameter), parameter.positional);
        match parameter.kind {
            Kind::Named => function.named_options(described),
            _ => function.declared(described, positional),
        }
    };
    parameters.iter().fold(function, add)
}

/// A declared parameter as that of a function.
pub(super) fn described(parameter: &declare::Parameter) -> Parameter {
    let default = parameter.default_value();
    let default = default.map(|_| parameter.default.to_string());
    let wanted = parameter.kind.to_string();
    Parameter::checked_inside(parameter.name, wanted, default, parameter.about)
        .with_words(parameter.kind.words())
}

/// The values that a call gives to the parameters of a declaration. `inside` knows what may stand inside another value.
pub(super) fn values<'a, B, E, F>(
    declaration: &'static Declaration<B, E, F>,
    given: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
    inside: impl Fn(&Dynamic) -> Result<Option<Value>, ScriptError>,
) -> Result<Vec<(String, Value)>, ScriptError> {
    let mut values = Vec::new();
    for (name, given) in given {
        let parameter = declaration.parameters.iter().find(|p| p.name == name);
        let takes_numbers =
            parameter.is_some_and(|p| matches!(p.kind, Kind::Numbers { .. } | Kind::Sizes { .. }));
        let value = match inside(given)? {
            Some(value) => Some(value),
            None => plain(name, given)?,
        };
        let value = value.filter(|value| takes_numbers || !matches!(value, Value::Numbers(_)));
        let value = value.ok_or_else(|| {
            let wanted = parameter.map(|parameter| parameter.kind.to_string());
            ScriptError::new(format!(
                "`{name}` must be {}, not {}",
                wanted.unwrap_or_default(),
                describe(given)
            ))
        })?;
        values.push((name.to_owned(), value));
    }
    Ok(values)
}

/// A script value as the value of a parameter; `None` if it can be no parameter's.
fn plain(name: &str, value: &Dynamic) -> Result<Option<Value>, Error> {
    if let Some(distribution) = to_distribution(name, value) {
        return distribution.map(|distribution| Some(Value::Drawn(distribution)));
    }
    if value.is_unit() {
        return Ok(Some(Value::Absent));
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Some(Value::Flag(flag)));
    }
    if let Some(paths) = Vec::<String>::from_script(value).filter(|paths| !paths.is_empty()) {
        return Ok(Some(Value::Paths(paths)));
    }
    if let Some(numbers) = Vec::<f64>::from_script(value) {
        return Ok(Some(Value::Numbers(numbers)));
    }
    Ok(value.clone().into_string().ok().map(Value::Word))
}

/// What a number or a distribution is in a script.
fn drawn(distribution: &Distribution) -> Dynamic {
    match distribution {
        Distribution::Constant(number) => (*number).into(),
        distribution => Dynamic::from(distribution.clone()),
    }
}

/// What a parameter's value is in a script.
pub(super) fn to_script(value: &Value, inside: impl Fn(&Value) -> Option<Dynamic>) -> Dynamic {
    match value {
        Value::Absent => Dynamic::UNIT,
        Value::Drawn(distribution) => drawn(distribution),
        Value::Flag(flag) => (*flag).into(),
        Value::Word(word) => word.clone().into(),
        Value::Paths(paths) => {
            Dynamic::from_array(paths.iter().map(|path| path.clone().into()).collect())
        }
        Value::Numbers(numbers) => {
            Dynamic::from_array(numbers.iter().map(|&number| number.into()).collect())
        }
        Value::Nested(nested) => inside(value).unwrap_or_else(|| nested.source().into()),
        Value::Named(named) => {
            let named = named.iter();
            Dynamic::from_map(
                named
                    .map(|(name, value)| (name.into(), drawn(value)))
                    .collect(),
            )
        }
    }
}
