//! What a parameter is if it is not given.

use super::Value;
use super::value::write_numbers;
use crate::Distribution;
use std::fmt;

/// What a parameter is if it is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// It must be given.
    Required,
    /// Nothing; the text of the parameter says what that means.
    Absent,
    /// A number.
    Number(f64),
    /// Uniform between two numbers.
    Range(f64, f64),
    /// Uniform in the logarithm between two positive numbers.
    LogRange(f64, f64),
    /// Uniform over whole numbers, both ends included.
    Whole(i64, i64),
    /// A flag.
    Flag(bool),
    /// A word.
    Word(&'static str),
    /// Numbers.
    Numbers(&'static [f64]),
    /// A value inside.
    Inside(&'static DefaultInside),
}

/// A value inside that a parameter has by default. Compares by identity.
pub struct DefaultInside(pub fn() -> Value);

impl PartialEq for DefaultInside {
    fn eq(&self, other: &DefaultInside) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for DefaultInside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0())
    }
}

impl DefaultValue {
    /// It as a value; `None` if the parameter must be given.
    pub fn value(self) -> Option<Value> {
        match self {
            DefaultValue::Required => None,
            DefaultValue::Absent => Some(Value::Absent),
            DefaultValue::Number(number) => Some(Value::Drawn(Distribution::Constant(number))),
            DefaultValue::Range(low, high) => {
                Some(Value::Drawn(Distribution::Uniform { low, high }))
            }
            DefaultValue::LogRange(low, high) => {
                Some(Value::Drawn(Distribution::LogUniform { low, high }))
            }
            DefaultValue::Whole(low, high) => {
                Some(Value::Drawn(Distribution::IntUniform { low, high }))
            }
            DefaultValue::Flag(flag) => Some(Value::Flag(flag)),
            DefaultValue::Word(word) => Some(Value::Word(word.to_owned())),
            DefaultValue::Numbers(numbers) => Some(Value::Numbers(numbers.to_vec())),
            DefaultValue::Inside(inside) => Some(inside.0()),
        }
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefaultValue::Required => f.write_str("required"),
            DefaultValue::Absent => f.write_str("()"),
            DefaultValue::Number(number) => number.fmt(f),
            DefaultValue::Range(low, high) => write!(f, "{low}..{high}"),
            DefaultValue::LogRange(low, high) => write!(f, "log_uniform({low}, {high})"),
            DefaultValue::Whole(low, high) => write!(f, "int_uniform({low}, {high})"),
            DefaultValue::Flag(flag) => flag.fmt(f),
            DefaultValue::Word(word) => write!(f, "{word:?}"),
            DefaultValue::Numbers(numbers) => write_numbers(f, numbers),
            DefaultValue::Inside(inside) => write!(f, "{}", inside.0()),
        }
    }
}
