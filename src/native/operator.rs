//! What is known of an operator.

use serde::{Deserialize, Serialize};

/// What an operator is called, takes and does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    /// Its name in scripts.
    pub name: String,
    /// What its writer says about it; may be empty.
    pub about: String,
    /// What it works on.
    pub shape: Shape,
    /// Its parameters, in the order in which they are handed over.
    pub parameters: Vec<Parameter>,
    /// Whether it is handed a seed, which is drawn for every clip.
    pub draws_seed: bool,
}

/// What an operator works on, and what is handed over at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The samples of a channel.
    Wave,
    /// The cells of a channel of features, band after band.
    Features,
}

/// A number that an operator takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What its writer says about it; may be empty.
    pub about: String,
    /// Smallest value, if there is one.
    pub low: Option<f64>,
    /// Largest value, if there is one.
    pub high: Option<f64>,
    /// Its value where none is given; it must be given if there is none.
    pub default: Option<f64>,
    /// Whether it is a whole number.
    pub whole: bool,
}

impl Operator {
    /// How it is called, as a line.
    pub fn signature(&self) -> String {
        let options: Vec<String> = self.parameters.iter().map(Parameter::usage).collect();
        match options.is_empty() {
            true => format!("{}()", self.name),
            false => format!("{}(#{{ {} }})", self.name, options.join(", ")),
        }
    }
}

impl Parameter {
    /// Its smallest and largest value, infinite where there is none.
    pub fn range(&self) -> (f64, f64) {
        (
            self.low.unwrap_or(f64::NEG_INFINITY),
            self.high.unwrap_or(f64::INFINITY),
        )
    }

    fn usage(&self) -> String {
        match self.default {
            Some(default) => format!("{}: {default}", self.name),
            None => format!("{}: ...", self.name),
        }
    }

    /// What it accepts, as a text.
    pub fn wanted(&self) -> String {
        let range = match (self.low, self.high) {
            (Some(low), Some(high)) => format!(" within {low}..{high}"),
            (Some(low), None) => format!(" of at least {low}"),
            (None, Some(high)) => format!(" of at most {high}"),
            (None, None) => String::new(),
        };
        format!("a number or a distribution{range}")
    }
}
