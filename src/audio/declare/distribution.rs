//! Distributions as JSON.

use crate::{Distribution, Error};
use serde_json::{Value as Json, json};

impl Distribution {
    /// The distribution as JSON: a number, or `{"uniform": [a, b]}` and the like.
    pub fn to_json(&self) -> Json {
        match self {
            Distribution::Constant(value) => json!(value),
            Distribution::Uniform { low, high } => json!({ "uniform": [low, high] }),
            Distribution::LogUniform { low, high } => json!({ "log_uniform": [low, high] }),
            Distribution::Normal { mean, deviation } => json!({ "normal": [mean, deviation] }),
            Distribution::IntUniform { low, high } => json!({ "int_uniform": [low, high] }),
            Distribution::Choice(values) => json!({ "choice": values.to_vec() }),
        }
    }

    /// The distribution of some JSON.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is none, and what the constructors report.
    pub fn from_json(json: &Json) -> Result<Distribution, Error> {
        if let Some(number) = json.as_f64() {
            return Ok(Distribution::Constant(number));
        }
        let (name, body) = single(json, "a distribution")?;
        let numbers: Vec<f64> = items(body)?.iter().map(number).collect::<Result<_, _>>()?;
        match (name, numbers.as_slice()) {
            ("uniform", &[low, high]) => Distribution::uniform(low, high),
            ("log_uniform", &[low, high]) => Distribution::log_uniform(low, high),
            ("normal", &[mean, deviation]) => Distribution::normal(mean, deviation),
            ("int_uniform", &[low, high]) => Distribution::int_uniform(low as i64, high as i64),
            ("choice", values) => Distribution::choice(values.to_vec()),
            _ => Err(parse(format!(
                "`{name}` is no distribution of {} numbers",
                numbers.len()
            ))),
        }
    }
}

/// The only entry of an object.
pub(crate) fn single<'a>(json: &'a Json, what: &str) -> Result<(&'a str, &'a Json), Error> {
    match json
        .as_object()
        .map(|map| map.iter().collect::<Vec<_>>())
        .as_deref()
    {
        Some([(name, body)]) => Ok((name.as_str(), *body)),
        _ => Err(parse(format!(
            "{what} must be an object with one key, not {json}"
        ))),
    }
}

/// The items of a list.
pub(crate) fn items(json: &Json) -> Result<&[Json], Error> {
    json.as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| parse(format!("a list is wanted, not {json}")))
}

/// A number.
pub(crate) fn number(json: &Json) -> Result<f64, Error> {
    json.as_f64()
        .ok_or_else(|| parse(format!("a number is wanted, not {json}")))
}

fn parse(reason: String) -> Error {
    Error::Parse {
        what: "the recipe",
        reason,
    }
}
