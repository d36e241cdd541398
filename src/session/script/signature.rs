//! How a script function is called: its name, what it is called on, and what it takes.
//!
//! A call is checked against it, and the function's body is handed that call: what a call needs of its function stands here.

use super::Parameter;
use std::any::TypeId;

/// How a function is written in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x)`, and `x.f()` if it has a receiver.
    Call,
    /// `x.f`.
    Property,
    /// `x f y`.
    Operator,
    /// As a call, of a function that the engine brings along.
    BuiltIn,
}

/// What a call of a function may look like.
#[derive(Clone)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Types of the leading arguments that select this function among others of its name.
    pub(super) receivers: Vec<(TypeId, &'static str)>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) options: Vec<Parameter>,
    /// Describes options that the user names.
    pub(super) named: Option<Parameter>,
    /// Whether the last parameter takes all arguments that are left, as an array.
    pub(super) gathers: bool,
}

/// Name of the parameter that a method is called on.
pub(super) const RECEIVER: &str = "self";

impl Signature {
    /// That of a function which takes nothing yet.
    pub(super) fn new(name: &'static str, form: Form) -> Signature {
        Signature {
            name,
            form,
            receivers: Vec::new(),
            parameters: Vec::new(),
            options: Vec::new(),
            named: None,
            gathers: false,
        }
    }

    /// Whether a map can come last.
    pub(super) fn takes_options(&self) -> bool {
        self.form == Form::Call && (!self.options.is_empty() || self.named.is_some())
    }

    /// The type it is a method or property of.
    pub(super) fn receiver_name(&self) -> Option<&'static str> {
        (self.form != Form::Operator)
            .then(|| self.receivers.first().map(|(_, name)| *name))
            .flatten()
    }

    pub(super) fn n_receivers(&self) -> usize {
        if self.form == Form::Operator {
            0
        } else {
            self.receivers.len()
        }
    }

    /// How it is written, with defaults.
    pub(super) fn text(&self) -> String {
        let receiver = self
            .receiver_name()
            .map(|name| format!("{}.", name.replace(' ', "_")))
            .unwrap_or_default();
        match self.form {
            Form::Property => return format!("{receiver}{}", self.name),
            Form::Operator => return format!("a {} b", self.name),
            Form::Call | Form::BuiltIn => {}
        }
        let mut parts: Vec<String> = self.parameters[self.n_receivers()..]
            .iter()
            .enumerate()
            .map(|(index, p)| {
                if self.gathers && self.n_receivers() + index + 1 == self.parameters.len() {
                    format!("{}, ...", p.name)
                } else if p.default.is_some() {
                    format!("{} = {}", p.name, p.default_source)
                } else {
                    p.name.clone()
                }
            })
            .collect();
        if self.takes_options() || !self.options.is_empty() {
            let mut options: Vec<String> = self
                .options
                .iter()
                .map(|p| format!("{}: {}", p.name, p.default_source))
                .collect();
            options.extend(self.named.iter().map(|p| format!("{}: value, ...", p.name)));
            parts.push(format!("#{{ {} }}", options.join(", ")));
        }
        format!("{receiver}{}({})", self.name, parts.join(", "))
    }
}
