//! What the declarations of encoders share.

use super::options::EncoderOptions;
use crate::Error;
use auricle_audio::declare::{self, DefaultValue, Kind, Parameter, Value};
use std::fmt::Display;
use std::sync::Arc;

/// The declaration of an encoder: it builds what the encoder is, without its weights.
pub type EncoderDeclaration = declare::Declaration<Arc<dyn EncoderOptions>, Error>;

/// A number of channels or outputs.
pub(super) const fn count(
    name: &'static str,
    [low, high]: [usize; 2],
    default: DefaultValue,
    about: &'static str,
) -> Parameter {
    let (low, high) = (low as f64, high as f64);
    Parameter::option(name, Kind::Count { low, high }, default, about)
}

/// The channels of the first stage, from which the others follow.
pub(super) const fn width(range: [usize; 2], default: usize, about: &'static str) -> Parameter {
    count("width", range, number(default), about).always_printed()
}

/// A number as a default.
pub(super) const fn number(number: usize) -> DefaultValue {
    DefaultValue::Number(number as f64)
}

/// The channels of the input.
pub(super) const fn channels(default: usize) -> Parameter {
    count(
        "channels",
        [1, MOST_CHANNELS],
        number(default),
        "channels of its input",
    )
}

/// Channels that a layer has at most.
pub(super) const MOST_CHANNELS: usize = 1024;
/// Outputs that a layer at the end has at most.
pub(super) const MOST_OUTPUTS: usize = 65_536;

/// Values by the names of parameters.
pub(super) type Values = Vec<(&'static str, Value)>;

/// A number as a value.
pub(super) fn given(number: usize) -> Value {
    Value::Drawn((number as f64).into())
}

/// A number that may be missing as a value.
pub(super) fn maybe(number: Option<usize>) -> Value {
    number.map_or(Value::Absent, given)
}

/// The word of a meaning, as a value.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], meaning: &T) -> Value {
    let found = words.iter().find(|(_, other)| other == meaning);
    found.map_or(Value::Absent, |(word, _)| Value::Word((*word).to_owned()))
}

/// Writes the source that builds what a declaration describes.
pub(super) fn write_described(
    f: &mut std::fmt::Formatter<'_>,
    declaration: &'static EncoderDeclaration,
    values: Values,
) -> std::fmt::Result {
    let values = values.into_iter();
    let described = declaration.with(values.map(|(name, value)| (name.to_owned(), value)));
    described
        .expect("the options of an encoder are those that are declared")
        .fmt(f)
}
