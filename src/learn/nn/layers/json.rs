//! Layers from JSON: a list of layers, each `{"conv2d": {"channels": 16, "kernel": 7}}`, options at
//! their default left out.

use super::catalogue::catalogue;
use super::expression::{BRANCHES, Branches, Expression};
use super::layer::Described;
use crate::Error;
use auricle_audio::declare::{Kind, Value};
use serde_json::Value as Json;

impl Expression {
    /// The expression of some JSON.
    ///
    /// # Errors
    /// [`Error::Audio`] if it is none, names a layer or an option that does not exist, or holds a
    /// value that is not accepted; and what building a layer reports.
    pub fn from_json(json: &Json) -> Result<Expression, Error> {
        let layers = items(json)?.iter().map(layer);
        let layers = Expression::of(layers.collect::<Result<_, _>>()?);
        layers.ok_or_else(|| parse("at least one layer is wanted".into()))
    }
}

fn items(json: &Json) -> Result<&[Json], Error> {
    let items = json.as_array().map(Vec::as_slice);
    items.ok_or_else(|| parse(format!("a list is wanted, not {json}")))
}

fn parse(reason: String) -> Error {
    Error::Audio(auricle_audio::Error::Parse {
        what: "the layers",
        reason,
    })
}

fn layer(json: &Json) -> Result<Described, Error> {
    let entry = json.as_object().filter(|map| map.len() == 1);
    let Some((name, Json::Object(options))) = entry.and_then(|map| map.iter().next()) else {
        return Err(parse(format!(
            "a layer is an object with its name and its options, not {json}"
        )));
    };
    let found = catalogue().iter().find(|known| known.name == name);
    let declaration = found.ok_or_else(|| parse(format!("there is no layer `{name}`")))?;
    let mut values = Vec::new();
    for (name, json) in options {
        let kind = declaration.parameter(name).map(|parameter| parameter.kind);
        let value = match kind {
            Some(Kind::Nested(inside)) if *inside == BRANCHES => {
                let all = items(json)?.iter().map(Expression::from_json);
                Branches(all.collect::<Result<_, _>>()?).into()
            }
            Some(Kind::Nested(_)) if !json.is_null() => Expression::from_json(json)?.into(),
            _ => Value::from_json(json)?,
        };
        values.push((name.clone(), value));
    }
    declaration.with(values)
}
