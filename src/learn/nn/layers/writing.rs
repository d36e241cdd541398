//! Expressions of layers as our own code writes them.

use super::catalogue::catalogue;
use super::expression::Expression;
use crate::Error;
use auricle_audio::Distribution;
use auricle_audio::declare::Value;

/// A layer of the catalogue with some values.
pub(in crate::nn) fn layer(name: &str, values: Vec<(&str, Value)>) -> Result<Expression, Error> {
    let declaration = catalogue().iter().find(|known| known.name == name);
    let declaration = declaration.expect("encoders consist of layers of the catalogue");
    let values = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(declaration.with(values)?.into())
}

pub(in crate::nn) fn number(n: usize) -> Value {
    Value::Drawn(Distribution::Constant(n as f64))
}

pub(in crate::nn) fn named(name: &str, layers: Expression) -> Result<Expression, Error> {
    let name = Value::Word(name.to_owned());
    layer("named", vec![("name", name), ("layers", layers.into())])
}

pub(in crate::nn) fn simple(name: &str) -> Result<Expression, Error> {
    layer(name, Vec::new())
}

/// One behind the other.
pub(in crate::nn) fn chain(layers: impl IntoIterator<Item = Expression>) -> Expression {
    let joined = layers.into_iter().reduce(|before, next| before.then(&next));
    joined.expect("a chain has a layer")
}
