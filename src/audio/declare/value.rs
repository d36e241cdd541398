//! The value of a parameter.

use super::{Inner, Nested};
use crate::{Distribution, Error};
use serde_json::{Value as Json, json};
use std::fmt;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not given, and without a default.
    Absent,
    /// A number or a distribution.
    Drawn(Distribution),
    /// A flag.
    Flag(bool),
    /// A word, or a single path.
    Word(String),
    /// Several paths.
    Paths(Vec<String>),
    /// Several numbers.
    Numbers(Vec<f64>),
    /// A value inside: a recipe in a stage, a loss in a method, a function of the user's.
    Nested(Nested),
    /// Parameters that the user named, sorted by their names.
    Named(Vec<(String, Distribution)>),
}

impl<T: Inner> From<T> for Value {
    fn from(value: T) -> Value {
        Value::Nested(Nested::new(value))
    }
}

/// Prints the source that gives the value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Absent => f.write_str("()"),
            Value::Drawn(distribution) => distribution.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
            Value::Word(word) => write!(f, "{word:?}"),
            Value::Paths(paths) => write!(f, "{paths:?}"),
            Value::Numbers(numbers) => write_numbers(f, numbers),
            Value::Nested(nested) => f.write_str(&nested.source()),
            Value::Named(named) => {
                let named = named.iter().map(|(name, value)| format!("{name}: {value}"));
                f.write_str(&named.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Writes an array of numbers; whole ones, such as sizes, without a point.
pub(super) fn write_numbers(f: &mut fmt::Formatter<'_>, numbers: &[f64]) -> fmt::Result {
    if numbers.iter().any(|number| number.fract() != 0.0) {
        return write!(f, "{numbers:?}");
    }
    let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
    write!(f, "[{}]", numbers.join(", "))
}

impl Value {
    /// The value as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Absent => Json::Null,
            Value::Drawn(distribution) => distribution.to_json(),
            Value::Flag(flag) => json!(flag),
            Value::Word(word) => json!(word),
            Value::Paths(paths) => json!(paths),
            Value::Numbers(numbers) => json!(numbers),
            Value::Nested(nested) => nested.to_json(),
            Value::Named(named) => {
                let named = named.iter();
                Json::Object(
                    named
                        .map(|(name, value)| (name.clone(), value.to_json()))
                        .collect(),
                )
            }
        }
    }

    /// The value of some JSON; values inside are read by who knows them.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is none.
    pub fn from_json(json: &Json) -> Result<Value, Error> {
        Ok(match json {
            Json::Null => Value::Absent,
            Json::Bool(flag) => Value::Flag(*flag),
            Json::String(word) => Value::Word(word.clone()),
            Json::Array(items) => {
                let all = |items: Option<Vec<String>>| items.map(Value::Paths);
                let paths = items.iter().map(|item| item.as_str().map(str::to_owned));
                let numbers = items.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>();
                all(paths.collect())
                    .or(numbers.map(Value::Numbers))
                    .ok_or_else(|| Error::Parse {
                        what: "the recipe",
                        reason: format!("a list of paths or of numbers is wanted, not {json}"),
                    })?
            }
            json => Value::Drawn(Distribution::from_json(json)?),
        })
    }

    /// The number or numbers of a size; none if it is something else.
    pub(super) fn sizes(&self) -> &[f64] {
        match self {
            Value::Drawn(Distribution::Constant(number)) => std::slice::from_ref(number),
            Value::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    /// The value inside, if it is of a type.
    pub fn inside<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Nested(nested) => nested.get(),
            _ => None,
        }
    }
}
