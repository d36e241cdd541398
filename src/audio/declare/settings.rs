//! The checked values that a body is handed.
//!
//! A default is told once, in the declaration: what a body asks for is there, given or declared. Asking for a parameter
//! that is not declared, or for a number where the declaration allows none, is a fault of our own, which every test that
//! builds the declared thing finds.

use super::{Kind, Parameter, Value};
use crate::{Distribution, Error};

/// The checked values of a described thing, looked up by name.
pub struct Settings<'a> {
    pub(super) parameters: &'static [Parameter],
    pub(super) values: &'a [Value],
}

impl<'a> Settings<'a> {
    fn place(&self, name: &str) -> (&'static Parameter, &'a Value) {
        let index = self
            .parameters
            .iter()
            .position(|parameter| parameter.name == name)
            .expect("a body asks for the parameters that are declared");
        (&self.parameters[index], &self.values[index])
    }

    fn value(&self, name: &str) -> &'a Value {
        self.place(name).1
    }

    /// Whether a parameter has another value than its default.
    pub fn is_changed(&self, name: &str) -> bool {
        let (parameter, value) = self.place(name);
        parameter.default_value().as_ref() != Some(value)
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

    /// The number or distribution of a parameter that always has one.
    pub fn drawn(&self, name: &str) -> Distribution {
        self.drawn_if(name)
            .expect("a body asks for a distribution where one is declared")
    }

    /// The number or distribution of a parameter; `None` if it is absent or a word.
    pub fn drawn_if(&self, name: &str) -> Option<Distribution> {
        match self.value(name) {
            Value::Drawn(distribution) => Some(distribution.clone()),
            _ => None,
        }
    }

    /// The number of a parameter that always has one.
    pub fn number(&self, name: &str) -> f64 {
        self.number_if(name)
            .expect("a body asks for a number where one is declared")
    }

    /// The number of a parameter; `None` if it is absent or a word.
    pub fn number_if(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Value::Drawn(Distribution::Constant(number)) => Some(*number),
            _ => None,
        }
    }

    /// The whole number of a parameter that always has one.
    pub fn count(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// The whole number of a parameter; `None` if it is absent.
    pub fn count_if(&self, name: &str) -> Option<usize> {
        self.number_if(name).map(|number| number as usize)
    }

    /// The numbers of a list; none if it is absent.
    pub fn numbers(&self, name: &str) -> &'a [f64] {
        self.numbers_if(name).unwrap_or_default()
    }

    /// The numbers of a list; `None` if it is absent.
    pub fn numbers_if(&self, name: &str) -> Option<&'a [f64]> {
        match self.value(name) {
            Value::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// The whole numbers of a size, one for all axes or one for each; none if it is absent or a word.
    pub fn sizes(&self, name: &str) -> Vec<usize> {
        let sizes = self.value(name).sizes().iter();
        sizes.map(|&number| number as usize).collect()
    }

    /// The parameters that the user named, sorted by name; none if it is absent.
    pub fn named(&self, name: &str) -> &'a [(String, Distribution)] {
        match self.value(name) {
            Value::Named(named) => named,
            _ => &[],
        }
    }

    /// The flag of a parameter.
    pub fn flag(&self, name: &str) -> bool {
        *self.value(name) == Value::Flag(true)
    }

    /// The paths of a parameter; `None` if it is absent or one of the words of its kind.
    pub fn paths(&self, name: &str) -> Option<&'a [String]> {
        let (parameter, value) = self.place(name);
        match (value, parameter.kind) {
            (Value::Word(word), Kind::Paths { words }) if words.contains(&word.as_str()) => None,
            (Value::Word(path), _) => Some(std::slice::from_ref(path)),
            (Value::Paths(paths), _) => Some(paths),
            _ => None,
        }
    }

    /// The value inside a parameter; `None` if it is absent.
    pub fn inside<T: 'static>(&self, name: &str) -> Option<&'a T> {
        self.value(name).inside()
    }

    /// The word of a parameter; `None` if it is absent or a number.
    pub fn chosen(&self, name: &str) -> Option<&'a str> {
        match self.value(name) {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    /// What the word of a parameter that always has one stands for, by the table that its kind lists the words of.
    pub fn word<T: Copy>(&self, name: &str, meanings: &[(&'static str, T)]) -> T {
        self.word_if(name, meanings)
            .expect("a body asks for a word where one is declared")
    }

    /// What a parameter's word stands for; `None` if it is absent or a number.
    pub fn word_if<T: Copy>(&self, name: &str, meanings: &[(&'static str, T)]) -> Option<T> {
        let (parameter, value) = self.place(name);
        assert!(
            parameter
                .kind
                .words()
                .iter()
                .all(|word| meanings.iter().any(|(w, _)| w == word)),
            "a word of `{name}` has no meaning"
        );
        match value {
            Value::Word(given) => meanings
                .iter()
                .find(|(word, _)| word == given)
                .map(|(_, meaning)| *meaning),
            _ => None,
        }
    }
}

/// The words of a table, for the kind of a parameter.
pub const fn words<T: Copy, const N: usize>(
    meanings: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut words = [""; N];
    let mut index = 0;
    while index < N {
        words[index] = meanings[index].0;
        index += 1;
    }
    words
}
