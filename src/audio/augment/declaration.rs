//! What a stage is called, what it takes and what it does, said once for every reader.

use super::{Domain, Recipe, Transform, UserFunction};
use crate::{Distribution, Error};
use std::fmt;
use std::sync::Arc;

/// The declaration of a stage.
pub struct Declaration {
    /// Name in scripts.
    pub name: &'static str,
    /// What it does, one sentence in the third person, for its user.
    pub about: &'static str,
    /// Paper or standard that defines it, where there is one.
    pub citation: &'static str,
    /// Parameters, the positional ones first.
    pub parameters: &'static [Parameter],
    /// What it works on.
    pub accepts: Accepts,
    /// What it gives; `None` if it gives what it takes.
    pub gives: Option<Domain>,
    /// Names of the values it draws for a clip, with their units.
    pub draws: &'static [&'static str],
    /// A line of script that shows it and is run as a test.
    pub example: &'static str,
    /// Makes the transform from checked values.
    pub build: fn(&Settings<'_>) -> Result<Arc<dyn Transform>, Error>,
}

/// Which domains a stage works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Waves only.
    Wave,
    /// Features only.
    Features,
    /// Either; it does the same in both.
    Either,
}

/// One parameter of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in scripts; the unit is its last part where it has one.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// What it is if it is not given.
    pub default: DefaultValue,
    /// Whether it is given by its position instead of in the option map.
    pub positional: bool,
}

/// A word that sets the defaults of other parameters. What is given beside it still counts.
#[derive(Debug, PartialEq)]
pub struct Preset {
    /// The word.
    pub name: &'static str,
    /// Names of parameters, and what they are where they are not given.
    pub sets: &'static [(&'static str, DefaultValue)],
}

/// What a parameter accepts. Ends of ranges belong to them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number or a distribution that is drawn from for every clip.
    Drawn {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A number.
    Number {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A whole number.
    Count {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// `true` or `false`.
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// One of some words, or a number or a distribution that is drawn from for every clip.
    WordOrDrawn {
        /// The words.
        words: &'static [&'static str],
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// One of some words, or a number.
    WordOrNumber {
        /// The words.
        words: &'static [&'static str],
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// The name of a preset of the stage's other parameters.
    Preset(&'static [Preset]),
    /// A file, a folder or a list of them; or one of some words. A folder stands for every sound file under it.
    Paths {
        /// The words; a path that is spelled like one of them is written with `./` before it.
        words: &'static [&'static str],
    },
    /// A function of the user's, from a wave to a wave.
    Function,
    /// A recipe from waves to waves.
    Recipe,
}

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
}

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
    /// A function of the user's.
    Function(UserFunction),
    /// A recipe inside the stage.
    Recipe(Recipe),
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
        }
    }
}

impl Parameter {
    /// A positional parameter.
    pub const fn positional(
        name: &'static str,
        kind: Kind,
        default: DefaultValue,
        about: &'static str,
    ) -> Parameter {
        Parameter {
            name,
            about,
            kind,
            default,
            positional: true,
        }
    }

    /// An option.
    pub const fn option(
        name: &'static str,
        kind: Kind,
        default: DefaultValue,
        about: &'static str,
    ) -> Parameter {
        Parameter {
            name,
            about,
            kind,
            default,
            positional: false,
        }
    }

    /// The same parameter with another default.
    pub const fn with_default(self, default: DefaultValue) -> Parameter {
        Parameter { default, ..self }
    }

    /// The default as a value; `None` if the parameter must be given.
    pub fn default_value(&self) -> Option<Value> {
        self.default.value()
    }

    /// The preset that a value of this parameter names.
    pub fn preset(&self, value: &Value) -> Option<&'static Preset> {
        match (self.kind, value) {
            (Kind::Preset(presets), Value::Word(word)) => {
                presets.iter().find(|preset| preset.name == word)
            }
            _ => None,
        }
    }

    /// Checks that a value is of the parameter's kind and in its range.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::Choice`], naming the parameter.
    pub fn check(&self, value: &Value) -> Result<(), Error> {
        let wrong = |want: String| Err(Error::range(self.name, want, value));
        match (self.kind, value) {
            (_, Value::Absent) if self.default == DefaultValue::Absent => Ok(()),
            (
                Kind::Drawn { low, high } | Kind::WordOrDrawn { low, high, .. },
                Value::Drawn(distribution),
            ) => match distribution.support() {
                Some((least, most)) if least < low || most > high => wrong(within(low, high)),
                _ => Ok(()),
            },
            (Kind::Drawn { .. }, _) => wrong("a number or a range such as `1..2`".into()),
            (
                Kind::Number { low, high } | Kind::WordOrNumber { low, high, .. },
                Value::Drawn(Distribution::Constant(number)),
            ) => {
                if (low..=high).contains(number) {
                    Ok(())
                } else {
                    wrong(within(low, high))
                }
            }
            (Kind::Count { low, high }, Value::Drawn(Distribution::Constant(number))) => {
                if (low..=high).contains(number) && number.fract() == 0.0 {
                    Ok(())
                } else {
                    wrong(format!("a whole number {}", within(low, high)))
                }
            }
            (Kind::Number { .. } | Kind::Count { .. }, Value::Drawn(_)) => {
                wrong("a fixed number".into())
            }
            (Kind::Number { .. } | Kind::Count { .. }, _) => wrong("a number".into()),
            (Kind::Flag, Value::Flag(_)) => Ok(()),
            (Kind::Flag, _) => wrong("true or false".into()),
            (
                Kind::Word(words)
                | Kind::WordOrNumber { words, .. }
                | Kind::WordOrDrawn { words, .. },
                Value::Word(word),
            ) if words.contains(&word.as_str()) => Ok(()),
            (Kind::Word(words), value) => self.none_of(words, None, value),
            (Kind::WordOrDrawn { words, .. }, value) => {
                self.none_of(words, Some("a number or a range such as `1..2`"), value)
            }
            (Kind::WordOrNumber { words, .. }, value) => {
                self.none_of(words, Some("a number"), value)
            }
            (Kind::Preset(_), value) if self.preset(value).is_some() => Ok(()),
            (Kind::Preset(presets), value) => self.none_of(&names(presets), None, value),
            (Kind::Paths { .. }, Value::Word(path)) if !path.is_empty() => Ok(()),
            (Kind::Paths { .. }, Value::Paths(paths))
                if !paths.is_empty() && paths.iter().all(|path| !path.is_empty()) =>
            {
                Ok(())
            }
            (Kind::Paths { .. }, _) => wrong("a file, a folder or an array of them".into()),
            (Kind::Function, Value::Function(_)) => Ok(()),
            (Kind::Function, _) => wrong(Kind::Function.to_string()),
            (Kind::Recipe, Value::Recipe(recipe)) => match recipe.flow(Some(Domain::Wave))?.gives {
                Some(Domain::Features) => wrong("a recipe that gives waves".into()),
                _ => Ok(()),
            },
            (Kind::Recipe, _) => wrong(Kind::Recipe.to_string()),
        }
    }

    fn none_of(&self, words: &[&str], more: Option<&str>, value: &Value) -> Result<(), Error> {
        let quoted = words.iter().map(|word| format!("\"{word}\""));
        let options = quoted.chain(more.map(str::to_owned)).collect();
        Err(Error::Choice {
            param: self.name.to_owned(),
            got: value.to_string(),
            options,
        })
    }
}

/// A range as a person would write it; infinite ends are left out.
fn within(low: f64, high: f64) -> String {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("within {low}..{high}"),
        (true, false) => format!("at least {low}"),
        (false, true) => format!("at most {high}"),
        (false, false) => "finite".into(),
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
            Value::Function(function) => f.write_str(function.source()),
            Value::Recipe(recipe) => recipe.fmt(f),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Drawn { low, high } => {
                write!(f, "a number or a distribution {}", within(*low, *high))
            }
            Kind::Number { low, high } => write!(f, "a number {}", within(*low, *high)),
            Kind::Count { low, high } => write!(f, "a whole number {}", within(*low, *high)),
            Kind::Flag => f.write_str("true or false"),
            Kind::Word(words) => f.write_str(&quoted(words)),
            Kind::WordOrNumber { words, .. } => write!(f, "{} or a number", quoted(words)),
            Kind::WordOrDrawn { words, .. } => {
                write!(f, "{}, a number or a distribution", quoted(words))
            }
            Kind::Preset(presets) => f.write_str(&quoted(&names(presets))),
            Kind::Paths { words: [] } => f.write_str("a file, a folder or an array of them"),
            Kind::Paths { words } => write!(
                f,
                "a file, a folder, an array of them, or {}",
                quoted(words)
            ),
            Kind::Function => f.write_str("a function of a wave"),
            Kind::Recipe => f.write_str("a recipe"),
        }
    }
}

impl Kind {
    /// The words that it accepts.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Kind::Word(words)
            | Kind::WordOrDrawn { words, .. }
            | Kind::WordOrNumber { words, .. }
            | Kind::Paths { words } => words.to_vec(),
            Kind::Preset(presets) => names(presets),
            _ => Vec::new(),
        }
    }
}

fn names(presets: &[Preset]) -> Vec<&'static str> {
    presets.iter().map(|preset| preset.name).collect()
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ")
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
        }
    }
}

/// The checked values of a stage, looked up by name.
pub struct Settings<'a> {
    pub(super) declaration: &'static Declaration,
    pub(super) values: &'a [Value],
}

impl Settings<'_> {
    fn value(&self, name: &str) -> &Value {
        let index = self
            .declaration
            .parameters
            .iter()
            .position(|parameter| parameter.name == name);
        &self.values[index.expect("a stage asks for the parameters it declares")]
    }

    /// Whether a parameter has another value than its default.
    pub fn is_changed(&self, name: &str) -> bool {
        let parameter = self
            .declaration
            .parameters
            .iter()
            .find(|parameter| parameter.name == name);
        parameter.and_then(Parameter::default_value).as_ref() != Some(self.value(name))
    }

    /// The one of some parameters that is given; `None` if it is left to their defaults.
    ///
    /// # Errors
    /// [`Error::Range`] if several are given that exclude each other.
    pub fn only_one_of(&self, names: &[&'static str]) -> Result<Option<&'static str>, Error> {
        let mut given = names.iter().copied().filter(|name| self.is_changed(name));
        let first = given.next();
        match (first, given.next()) {
            (Some(first), Some(other)) => Err(Error::range(
                other,
                format!("left out where `{first}` is given"),
                self.value(other),
            )),
            _ => Ok(first),
        }
    }

    /// The number or distribution of a parameter; `None` if it is absent or a word.
    pub fn drawn(&self, name: &str) -> Option<Distribution> {
        match self.value(name) {
            Value::Drawn(distribution) => Some(distribution.clone()),
            _ => None,
        }
    }

    /// The number of a parameter; `None` if it is absent or a word.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Value::Drawn(Distribution::Constant(number)) => Some(*number),
            _ => None,
        }
    }

    /// The whole number of a parameter; `None` if it is absent.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.number(name).map(|number| number as usize)
    }

    /// The flag of a parameter.
    pub fn flag(&self, name: &str) -> bool {
        *self.value(name) == Value::Flag(true)
    }

    /// The paths of a parameter; `None` if it is absent or one of the words of its kind.
    pub fn paths(&self, name: &str) -> Option<&[String]> {
        let kind = self
            .declaration
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|p| p.kind);
        match (self.value(name), kind) {
            (Value::Word(word), Some(Kind::Paths { words })) if words.contains(&word.as_str()) => {
                None
            }
            (Value::Word(path), _) => Some(std::slice::from_ref(path)),
            (Value::Paths(paths), _) => Some(paths),
            _ => None,
        }
    }

    /// The function of a parameter.
    pub fn function(&self, name: &str) -> Option<UserFunction> {
        match self.value(name) {
            Value::Function(function) => Some(function.clone()),
            _ => None,
        }
    }

    /// The recipe of a parameter.
    pub fn recipe(&self, name: &str) -> Option<Recipe> {
        match self.value(name) {
            Value::Recipe(recipe) => Some(recipe.clone()),
            _ => None,
        }
    }

    /// The index of a parameter's word in the list of its kind; `None` if it is absent or a number.
    pub fn word(&self, name: &str, words: &[&str]) -> Option<usize> {
        match self.value(name) {
            Value::Word(given) => words.iter().position(|word| word == given),
            _ => None,
        }
    }
}
