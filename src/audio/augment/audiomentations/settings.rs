//! The parameters of one transform.

use super::super::{Recipe, Stage, Value, declaration};
use super::config::{Config, Library, wrong};
use crate::{Distribution, Error};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Parameters that say how a transform is carried out, not what it does, or that are read for every one.
const OTHERS: [&str; 16] = [
    "p",
    "mode",
    "p_mode",
    "sample_rate",
    "target_rate",
    "output_type",
    "lru_cache_size",
    "backend",
    "preserve_delay",
    "quality",
    "method",
    "n_fft",
    "transforms",
    "convolve_mode",
    "ray_tracing_options",
    "padding",
];

/// Reads parameters and remembers which were asked for.
pub(super) struct Settings<'a> {
    config: &'a Config,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// Samples per second of a configuration that counts in samples and does not say of which rate, Hz.
pub(super) const USUAL_RATE: f64 = 16_000.0;

/// The two names of a parameter's ends and, behind them, older ones of the same.
pub(super) type Ends<'a> = &'a [(&'static str, &'static str)];

impl<'a> Settings<'a> {
    pub(super) fn new(config: &'a Config) -> Settings<'a> {
        Settings {
            config,
            asked: RefCell::default(),
        }
    }

    pub(super) fn is_torch(&self) -> bool {
        self.config.library == Library::TorchAudiomentations
    }

    /// A parameter; `None` if it is not given, or nothing.
    pub(super) fn value(&self, name: &'static str) -> Option<&'a Json> {
        self.asked.borrow_mut().insert(name);
        self.config
            .values
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// The parameters that are given and were not asked for.
    pub(super) fn left(&self) -> Vec<&'a str> {
        let asked = self.asked.borrow();
        let names = self
            .config
            .values
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str());
        names
            .filter(|name| !asked.contains(name) && !OTHERS.contains(name))
            .collect()
    }

    fn wrong(&self, name: &str, want: &str, got: &Json) -> Error {
        Error::range(&format!("{} of {}", name, self.config.name), want, got)
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<f64>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(json) => json
                .as_f64()
                .map(Some)
                .ok_or_else(|| self.wrong(name, "a number", json)),
        }
    }

    pub(super) fn flag(&self, name: &'static str, default: bool) -> Result<bool, Error> {
        match self.value(name) {
            None => Ok(default),
            Some(json) => json
                .as_bool()
                .ok_or_else(|| self.wrong(name, "true or false", json)),
        }
    }

    /// One of some words, or the first.
    pub(super) fn word(
        &self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<&'static str, Error> {
        let Some(json) = self.value(name) else {
            return Ok(words[0]);
        };
        let known = words
            .iter()
            .copied()
            .find(|word| json.as_str() == Some(word));
        known.ok_or_else(|| self.wrong(name, &words.join(", "), json))
    }

    /// Paths of recordings.
    pub(super) fn paths(&self, name: &'static str) -> Result<Value, Error> {
        let json = self.value(name).unwrap_or(&Json::Null);
        let text = |json: &Json| json.as_str().map(str::to_owned);
        let paths = match json {
            Json::Array(items) => items.iter().map(text).collect(),
            json => text(json).map(|path| vec![path]),
        };
        paths
            .map(Value::Paths)
            .ok_or_else(|| self.wrong(name, "a path, or a list of them", json))
    }

    /// The two ends of a range.
    pub(super) fn ends(&self, names: Ends<'_>, default: (f64, f64)) -> Result<(f64, f64), Error> {
        let (mut low, mut high) = default;
        for (low_name, high_name) in names {
            low = self.number(low_name)?.unwrap_or(low);
            high = self.number(high_name)?.unwrap_or(high);
        }
        Ok((low, high))
    }

    /// A value that is uniform between two ends.
    pub(super) fn range(&self, names: Ends<'_>, default: (f64, f64)) -> Result<Value, Error> {
        uniform(self.ends(names, default)?)
    }

    /// A frequency, from a range that the library draws from in mel.
    pub(super) fn hertz(&self, names: Ends<'_>, default: (f64, f64)) -> Result<Value, Error> {
        match self.ends(names, default)? {
            (low, high) if low == high => Ok(Value::Drawn(low.into())),
            (low, high) => Ok(Value::Drawn(Distribution::log_uniform(low, high)?)),
        }
    }

    /// A whole number between two ends, both included.
    pub(super) fn whole(&self, names: Ends<'_>, default: (f64, f64)) -> Result<Value, Error> {
        whole(self.ends(names, default)?)
    }
}

/// A value that is uniform between two ends, or the one value that both are.
pub(super) fn uniform((low, high): (f64, f64)) -> Result<Value, Error> {
    Ok(Value::Drawn(if low == high {
        low.into()
    } else {
        Distribution::uniform(low, high)?
    }))
}

/// A whole number between two ends, both included.
pub(super) fn whole((low, high): (f64, f64)) -> Result<Value, Error> {
    Ok(Value::Drawn(if low == high {
        low.into()
    } else {
        Distribution::int_uniform(low as i64, high as i64)?
    }))
}

/// A stage with some values; a parameter that has its default is not printed.
pub(super) fn stage(name: &str, given: Vec<(&'static str, Value)>) -> Result<Recipe, Error> {
    let given = given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(Stage::new(declaration(name)?, given)?.into())
}

/// As many digits as matter in a level, an exponent or a share.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

pub(super) fn number(value: f64) -> Value {
    Value::Drawn(value.into())
}

pub(super) fn word(word: &str) -> Value {
    Value::Word(word.to_owned())
}

pub(super) fn numbers(json: &Json, name: &str) -> Result<Vec<f64>, Error> {
    let numbers = json
        .as_array()
        .and_then(|items| items.iter().map(Json::as_f64).collect());
    numbers.ok_or_else(|| wrong(format!("`{name}` must be a list of numbers, not {json}")))
}
