//! Signals: values that are joined into a graph.

use crate::{Error, Facts, Module, Port, Rate, Wiring};
use auricle_audio::Distribution;
use auricle_audio::declare::{Described, Inner, Settings, Value};
use serde_json::Value as Json;
use std::any::Any;
use std::ops::{Add, Deref, Mul, Neg, Sub};
use std::sync::Arc;

/// A module with its settings and what comes of its connections.
pub type Instance = Described<Wiring, Error, Facts>;

/// A value of a graph: what a module, an operator or a number gives. Cheap to clone, and clones are the same module:
/// a signal that is used twice is computed once and has one set of parameters.
///
/// Prints as the source that builds it.
#[derive(Clone)]
pub struct Signal(pub(crate) Arc<Node>);

/// Several signals, for a port that takes a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Signals(pub Vec<Signal>);

pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    pub(crate) rate: Rate,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Module(Connected),
    Number(f64),
    Scale(f64, Signal),
    Sum(Signal, Signal),
    Product(Signal, Signal),
    Output(Signal, usize),
}

/// A module of a graph with the signals at its ports; it is the instance otherwise.
#[derive(Clone)]
pub(crate) struct Connected {
    pub(crate) instance: Instance,
    /// The signals at each port; none where a port is left out.
    pub(crate) inputs: Vec<Vec<Signal>>,
}

impl Deref for Connected {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.instance
    }
}

/// The signals at a port of a module with these settings.
pub(crate) fn signals_at(settings: &Settings<'_>, port: &Port) -> Vec<Signal> {
    match port.many {
        true => {
            let list = settings.inside::<Signals>(port.name);
            list.map(|list| list.0.clone()).unwrap_or_default()
        }
        false => settings
            .inside::<Signal>(port.name)
            .into_iter()
            .cloned()
            .collect(),
    }
}

impl Signal {
    /// A module of a declaration, with its ports and numbers by name. What is not given is free.
    ///
    /// # Errors
    /// As [`Described::new`]: an unknown name, a required port that is not connected, a number outside the parameter's
    /// range; and [`Error::Rate`] for a signal that a port does not take.
    pub fn module(
        declaration: &'static Module,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Signal, Error> {
        let instance = Described::new(declaration, given)?;
        let rate = instance.rate;
        let ports = declaration.facts.ports.iter();
        let inputs = ports.map(|port| signals_at(&instance.settings(), port));
        let inputs = inputs.collect();
        Ok(Signal::of(
            Kind::Module(Connected { instance, inputs }),
            rate,
        ))
    }

    /// A signal that is the same number at every sample.
    ///
    /// # Errors
    /// [`auricle_audio::Error::NotFinite`] for NaN or an infinite number.
    pub fn number(value: f64) -> Result<Signal, Error> {
        finite("number", value)?;
        Ok(Signal::of(Kind::Number(value), Rate::Control))
    }

    fn of(kind: Kind, rate: Rate) -> Signal {
        Signal(Arc::new(Node {
            kind,
            name: None,
            rate,
        }))
    }

    /// At what rate it runs.
    pub fn rate(&self) -> Rate {
        self.0.rate
    }

    /// Number of outputs: 1 for all but a modulation mixer.
    pub fn outputs(&self) -> usize {
        match &self.0.kind {
            Kind::Module(instance) => instance.outputs,
            _ => 1,
        }
    }

    /// The declaration of the module that it is, if it is one.
    pub fn declaration(&self) -> Option<&'static Module> {
        match &self.0.kind {
            Kind::Module(instance) => Some(instance.declaration()),
            _ => None,
        }
    }

    /// The same module under a name, which its parameters begin with. Modules of one name share their parameters.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] if it is no module, or the name is no identifier.
    pub fn named(&self, name: &str) -> Result<Signal, Error> {
        let Kind::Module(instance) = &self.0.kind else {
            return Err(auricle_audio::Error::range("signal", "a module", self).into());
        };
        let mut letters = name.chars();
        let begins = letters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        if !begins || !letters.all(|c| c.is_alphanumeric() || c == '_') {
            let want = "letters, digits and `_`, a letter first";
            return Err(auricle_audio::Error::range("name", want, format!("\"{name}\"")).into());
        }
        Ok(Signal(Arc::new(Node {
            kind: Kind::Module(instance.clone()),
            name: Some(name.to_owned()),
            rate: self.0.rate,
        })))
    }

    /// One of several outputs, from 0.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] if there is none of that index.
    pub fn output(&self, index: usize) -> Result<Signal, Error> {
        if index >= self.outputs() {
            let want = format!("within 0..{}", self.outputs() - 1);
            return Err(auricle_audio::Error::range("output", want, index).into());
        }
        Ok(Signal::of(Kind::Output(self.clone(), index), self.rate()))
    }

    /// The signal times a number.
    ///
    /// # Errors
    /// As [`Signal::number`] and [`Signal::mixed`].
    pub fn scaled(&self, factor: f64) -> Result<Signal, Error> {
        finite("factor", factor)?;
        self.check_operand()?;
        Ok(Signal::of(Kind::Scale(factor, self.clone()), self.rate()))
    }

    /// The sum of two signals; one of control rate is upsampled where the other is audio.
    ///
    /// # Errors
    /// [`Error::NoSignal`] for a note, [`Error::ManyOutputs`] for a module of several outputs.
    pub fn mixed(&self, other: &Signal) -> Result<Signal, Error> {
        let rate = self.check_pair(other)?;
        Ok(Signal::of(Kind::Sum(self.clone(), other.clone()), rate))
    }

    /// The product of two signals, an amplifier that one of them controls.
    ///
    /// # Errors
    /// As [`Signal::mixed`].
    pub fn amplified(&self, other: &Signal) -> Result<Signal, Error> {
        let rate = self.check_pair(other)?;
        Ok(Signal::of(Kind::Product(self.clone(), other.clone()), rate))
    }

    fn check_pair(&self, other: &Signal) -> Result<Rate, Error> {
        self.check_operand()?;
        other.check_operand()?;
        let audio = [self, other].iter().any(|s| s.rate() == Rate::Audio);
        Ok(if audio { Rate::Audio } else { Rate::Control })
    }

    fn check_operand(&self) -> Result<(), Error> {
        self.check_single()?;
        match self.rate() {
            Rate::Note => Err(Error::NoSignal(Rate::Note)),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_single(&self) -> Result<(), Error> {
        match (self.outputs(), &self.0.kind) {
            (1, _) => Ok(()),
            (outputs, Kind::Module(instance)) => Err(Error::ManyOutputs {
                module: instance.declaration().name.to_owned(),
                outputs,
            }),
            _ => Ok(()),
        }
    }

    /// The signals that it is made of, in order.
    pub(crate) fn inputs(&self) -> Vec<&Signal> {
        match &self.0.kind {
            Kind::Module(instance) => instance.inputs.iter().flatten().collect(),
            Kind::Number(_) => Vec::new(),
            Kind::Scale(_, a) | Kind::Output(a, _) => vec![a],
            Kind::Sum(a, b) | Kind::Product(a, b) => vec![a, b],
        }
    }

    /// What tells it from every other signal of a graph.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

fn finite(what: &str, value: f64) -> Result<(), Error> {
    match value.is_finite() {
        true => Ok(()),
        false => Err(auricle_audio::Error::NotFinite {
            param: what.to_owned(),
            got: value,
        }
        .into()),
    }
}

/// Two signals are equal if they are the same or are built alike.
impl PartialEq for Signal {
    fn eq(&self, other: &Signal) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        if self.0.name != other.0.name {
            return false;
        }
        match (&self.0.kind, &other.0.kind) {
            (Kind::Module(a), Kind::Module(b)) => a.instance == b.instance,
            (Kind::Number(a), Kind::Number(b)) => a == b,
            (Kind::Scale(f, a), Kind::Scale(g, b)) => f == g && a == b,
            (Kind::Sum(a, b), Kind::Sum(c, d)) | (Kind::Product(a, b), Kind::Product(c, d)) => {
                a == c && b == d
            }
            (Kind::Output(a, i), Kind::Output(b, j)) => i == j && a == b,
            _ => false,
        }
    }
}

impl Inner for Signal {
    fn source(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Json {
        Json::String(self.to_string())
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

impl Inner for Signals {
    fn source(&self) -> String {
        let signals: Vec<String> = self.0.iter().map(Signal::to_string).collect();
        format!("[{}]", signals.join(", "))
    }

    fn to_json(&self) -> Json {
        self.0.iter().map(Inner::to_json).collect()
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

/// Options of a module, written in Rust: `Options::new().signal("pitch", &lfo).number("tuning", 0.0)`.
#[derive(Default)]
pub struct Options(Vec<(String, Value)>);

impl Options {
    /// None given.
    pub fn new() -> Options {
        Options::default()
    }

    /// A signal at a port.
    pub fn signal(self, port: &str, signal: &Signal) -> Options {
        self.value(port, signal.clone().into())
    }

    /// Signals at a port that takes a list.
    pub fn signals(self, port: &str, signals: &[Signal]) -> Options {
        self.value(port, Signals(signals.to_vec()).into())
    }

    /// A fixed number.
    pub fn number(self, name: &str, number: f64) -> Options {
        self.value(name, Value::Drawn(Distribution::Constant(number)))
    }

    /// Any value.
    pub fn value(mut self, name: &str, value: Value) -> Options {
        self.0.push((name.to_owned(), value));
        self
    }
}

impl IntoIterator for Options {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// `a + b`, as [`Signal::mixed`].
impl Add for &Signal {
    type Output = Result<Signal, Error>;

    fn add(self, other: &Signal) -> Result<Signal, Error> {
        self.mixed(other)
    }
}

/// `a - b`.
impl Sub for &Signal {
    type Output = Result<Signal, Error>;

    fn sub(self, other: &Signal) -> Result<Signal, Error> {
        self.mixed(&other.scaled(-1.0)?)
    }
}

/// `-a`.
impl Neg for &Signal {
    type Output = Result<Signal, Error>;

    fn neg(self) -> Result<Signal, Error> {
        self.scaled(-1.0)
    }
}

/// `a * b`, as [`Signal::amplified`].
impl Mul for &Signal {
    type Output = Result<Signal, Error>;

    fn mul(self, other: &Signal) -> Result<Signal, Error> {
        self.amplified(other)
    }
}

/// `2.0 * a`, as [`Signal::scaled`].
impl Mul<&Signal> for f64 {
    type Output = Result<Signal, Error>;

    fn mul(self, signal: &Signal) -> Result<Signal, Error> {
        signal.scaled(self)
    }
}
