//! Parameters: name, text, and the check of a value by what they accept.

use super::kind::within;
use super::preset::names;
use super::{DefaultValue, Kind, Preset, Value};
use crate::{Distribution, Error};

/// One parameter of what is declared.
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
    /// Whether it is printed even where it has its default.
    pub always_printed: bool,
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
            always_printed: false,
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
            always_printed: false,
        }
    }

    /// The same parameter with another default.
    pub const fn with_default(self, default: DefaultValue) -> Parameter {
        Parameter { default, ..self }
    }

    /// The same parameter, printed even where it has its default: what everybody wants to know.
    pub const fn always_printed(self) -> Parameter {
        Parameter {
            always_printed: true,
            ..self
        }
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
            (Kind::Sizes { words, .. }, Value::Word(word)) if words.contains(&word.as_str()) => {
                Ok(())
            }
            (Kind::Sizes { low, high, .. }, value) => {
                let sizes = value.sizes();
                let fits = |n: &f64| (low..=high).contains(n) && n.fract() == 0.0;
                if !sizes.is_empty() && sizes.iter().all(fits) {
                    Ok(())
                } else {
                    wrong(self.kind.to_string())
                }
            }
            (Kind::Text, Value::Word(_)) => Ok(()),
            (Kind::Text, _) => wrong("a text".into()),
            (Kind::Preset(_), value) if self.preset(value).is_some() => Ok(()),
            (Kind::Preset(presets), value) => self.none_of(&names(presets), None, value),
            (Kind::Paths { .. }, Value::Word(path)) if !path.is_empty() => Ok(()),
            (Kind::Paths { .. }, Value::Paths(paths))
                if !paths.is_empty() && paths.iter().all(|path| !path.is_empty()) =>
            {
                Ok(())
            }
            (Kind::Paths { .. }, _) => wrong("a file, a folder or an array of them".into()),
            (Kind::Folder, Value::Absent) => Ok(()),
            (Kind::Folder, Value::Word(path)) if !path.is_empty() => Ok(()),
            (Kind::Folder, _) => wrong("a folder, or ()".into()),
            (Kind::Numbers { low, high }, Value::Numbers(numbers)) => {
                if numbers.iter().all(|number| (low..=high).contains(number)) {
                    Ok(())
                } else {
                    wrong(format!("numbers {}", within(low, high)))
                }
            }
            (Kind::Numbers { .. }, _) => wrong("an array of numbers".into()),
            (Kind::Nested(inside), Value::Nested(nested)) => (inside.check)(self.name, nested),
            (Kind::Nested(inside), _) => wrong(inside.what.into()),
            (Kind::Named, Value::Named(_)) => Ok(()),
            (Kind::Named, _) => wrong("a number or a distribution".into()),
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
