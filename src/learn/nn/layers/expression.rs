//! Layers one behind the other, as a value.

use super::layer::{Described, Fitted, Place, Refusal, Site};
use super::node::{Children, Node};
use super::shape::Shape;
use crate::Error;
use auricle_audio::declare::{Inner, Inside, Nested, Value};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// Layers one behind the other, at least one. It prints as the source that gives it, compares by
/// value and goes to JSON and back.
#[derive(Clone, PartialEq)]
pub struct Expression(Arc<[Described]>);

impl Expression {
    /// The layers.
    pub fn layers(&self) -> &[Described] {
        &self.0
    }

    /// These layers, then others.
    pub fn then(&self, other: &Expression) -> Expression {
        Expression(self.0.iter().chain(other.0.iter()).cloned().collect())
    }

    /// The expression as JSON: a list of layers, each with the options that are not at their
    /// default.
    pub fn to_json(&self) -> Json {
        Json::Array(self.0.iter().map(Described::to_json).collect())
    }

    /// Some layers, if there are any.
    pub(super) fn of(layers: Vec<Described>) -> Option<Expression> {
        (!layers.is_empty()).then(|| Expression(layers.into()))
    }

    /// Whether the first layer reads waves.
    pub fn reads_waves(&self) -> bool {
        self.0[0].built().reads_waves()
    }

    /// The source over several lines, if one would be long: a layer a line, what is inside one
    /// indented.
    pub fn pretty(&self) -> String {
        self.lines(0)
    }

    fn lines(&self, indent: usize) -> String {
        let line = self.to_string();
        if indent + line.len() <= WIDTH {
            return line;
        }
        let layers = self.0.iter().map(|layer| layer_lines(layer, indent));
        let layers: Vec<String> = layers.collect();
        layers.join(&format!("\n{}|> ", " ".repeat(indent)))
    }

    /// Fits the layers to an input, each to what the one before it gives.
    ///
    /// Layers have their number as a name or the one that they are given. A single layer inside
    /// another is that layer itself, without a number, as a module of PyTorch would be.
    ///
    /// # Errors
    /// [`Refusal::Inside`], naming the layer that does not fit.
    pub(super) fn fit(&self, site: &mut Site, input: &Shape, at: Level) -> Result<Fitted, Refusal> {
        let is_alone = self.0.len() == 1 && at == Level::Inside;
        if is_alone && self.0[0].built().name().is_none() {
            return fit_layer(&self.0[0], site, input);
        }
        let mut shape = input.clone();
        let mut places = Vec::with_capacity(self.0.len());
        for (index, layer) in self.0.iter().enumerate() {
            let own = layer.built().name().map(str::to_owned);
            let name =
                (!layer.built().is_nameless()).then(|| own.unwrap_or_else(|| index.to_string()));
            let (fitted, path) = site.inside(name.as_deref(), |site| {
                Ok((fit_layer(layer, site, &shape)?, site.path()))
            })?;
            let (given, place) = Place::new(name, path, fitted);
            shape = given;
            places.push(place);
        }
        Ok(Fitted::new(shape, move |device| {
            let built = places.into_iter().map(|place| place.build(device));
            Node::Sequence(Children(built.collect()))
        }))
    }
}

/// Columns that a printed expression has at most, where it can be broken.
const WIDTH: usize = 90;
const INDENT: usize = 4;

/// What the source of a layer gives: positional arguments, then options.
fn arguments(layer: &Described) -> (&[Value], Vec<(&'static str, &Value)>) {
    let parameters = layer.declaration().parameters.iter();
    let given = |positional: bool| {
        let changed = layer.changed();
        changed.filter(move |(parameter, _)| parameter.positional == positional)
    };
    let last = given(true).last().map(|(parameter, _)| parameter.name);
    let last = parameters
        .map(|p| p.name)
        .position(|name| Some(name) == last);
    let options = given(false).map(|(parameter, value)| (parameter.name, value));
    (
        &layer.values()[..last.map_or(0, |index| index + 1)],
        options.collect(),
    )
}

/// A layer over several lines, if it is long and there are layers inside.
fn layer_lines(layer: &Described, indent: usize) -> String {
    let line = layer.to_string();
    let (positional, options) = arguments(layer);
    let is_nested = |value: &Value| {
        value.inside::<Expression>().is_some() || value.inside::<Branches>().is_some()
    };
    if indent + line.len() <= WIDTH || !positional.iter().any(is_nested) {
        return line;
    }
    let inner = indent + INDENT;
    let next_line = format!("\n{}", " ".repeat(inner));
    let lines = |value: &Value| match (value.inside(), value.inside()) {
        (Some(layers), None) => Expression::lines(layers, inner),
        (None, Some(branches)) => Branches::lines(branches, inner),
        _ => value.to_string(),
    };
    let mut text = format!("{}(", layer.declaration().name);
    for (index, value) in positional.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let space = if is_nested(value) {
            next_line.as_str()
        } else {
            ""
        };
        text += &format!("{comma}{space}{}", lines(value));
    }
    if !options.is_empty() {
        let options = options
            .iter()
            .map(|(name, value)| format!("{name}: {}", lines(value)));
        let options: Vec<String> = options.collect();
        text += &format!(",{next_line}#{{ {} }}", options.join(", "));
    }
    text + ")"
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Level {
    /// It is the whole network.
    Top,
    /// It is a part of a layer.
    Inside,
}

fn fit_layer(layer: &Described, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
    layer
        .built()
        .fit(site, input)
        .map_err(|refusal| match refusal {
            Refusal::Here { want, got } => Refusal::Inside(Error::Misfit {
                place: site.path(),
                layer: shortened(&layer.to_string()),
                want,
                got: got.unwrap_or_else(|| input.to_string()),
            }),
            inside => inside,
        })
}

/// A source of at most some sixty characters.
fn shortened(source: &str) -> String {
    const LONGEST: usize = 60;
    match source.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &source[..end]),
        None => source.to_owned(),
    }
}

impl From<Described> for Expression {
    fn from(layer: Described) -> Expression {
        Expression(Arc::new([layer]))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, layer) in self.0.iter().enumerate() {
            let before = if index == 0 { "" } else { " |> " };
            write!(f, "{before}{layer}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a parameter that holds layers accepts.
pub(super) static LAYERS: Inside = Inside {
    what: "layers",
    check: |name, nested| check::<Expression>(name, nested, "layers"),
};

/// What a parameter that holds branches accepts.
pub(super) static BRANCHES: Inside = Inside {
    what: "an array of layers, one for each branch",
    check: |name, nested| check::<Branches>(name, nested, "an array of layers"),
};

fn check<T: 'static>(
    name: &'static str,
    nested: &Nested,
    want: &str,
) -> Result<(), auricle_audio::Error> {
    match nested.get::<T>() {
        Some(_) => Ok(()),
        None => Err(auricle_audio::Error::range(name, want, nested.source())),
    }
}

impl Inner for Expression {
    fn source(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Json {
        Expression::to_json(self)
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn std::any::Any = other;
        other.downcast_ref() == Some(self)
    }
}

/// Branches beside each other, as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches(pub Vec<Expression>);

impl Branches {
    /// The source over several lines, if one would be long: a branch a line at least.
    fn lines(&self, indent: usize) -> String {
        let line = self.source();
        if indent + line.len() <= WIDTH {
            return line;
        }
        let inner = indent + INDENT;
        let branches = self.0.iter().map(|branch| branch.lines(inner));
        let branches: Vec<String> = branches.collect();
        let (before, after) = (" ".repeat(inner), " ".repeat(indent));
        let between = format!(",\n{before}");
        format!("[\n{before}{}\n{after}]", branches.join(&between))
    }
}

impl Inner for Branches {
    fn source(&self) -> String {
        let branches: Vec<String> = self.0.iter().map(Expression::to_string).collect();
        format!("[{}]", branches.join(", "))
    }

    fn to_json(&self) -> Json {
        Json::Array(self.0.iter().map(Expression::to_json).collect())
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn std::any::Any = other;
        other.downcast_ref() == Some(self)
    }
}
