//! One parameter of a script function.

use super::FromScript;
use super::convert::as_source;
use rhai::Dynamic;
use std::sync::Arc;

/// One parameter of a function.
#[derive(Clone)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// What it means, with its unit.
    pub about: String,
    /// What is wanted, in words.
    pub wanted: String,
    /// What it is if it is not given; `None` if it must be given.
    pub default: Option<Dynamic>,
    /// The default as a script would write it.
    pub default_source: String,
    /// Words that it may be, for whoever types one.
    pub words: Vec<String>,
    /// Whether a map in its place is its value even where options could stand: it must be given, so the map is no option map.
    pub(super) may_be_map: bool,
    accepts: Accepts,
}

/// Whether a value can be a parameter's.
type Accepts = Arc<dyn Fn(&Dynamic) -> bool + Send + Sync>;

impl Parameter {
    pub(super) fn typed<T: FromScript>(
        name: &str,
        default: Option<Dynamic>,
        about: &str,
    ) -> Parameter {
        Parameter {
            name: name.to_owned(),
            about: about.to_owned(),
            wanted: T::WANTED.to_owned(),
            default_source: default.as_ref().map(as_source).unwrap_or_default(),
            default,
            words: Vec::new(),
            may_be_map: false,
            accepts: Arc::new(|value| T::from_script(value).is_some()),
        }
    }

    /// A parameter whose values are checked by the function itself.
    pub fn checked_inside(
        name: &str,
        wanted: String,
        default: Option<String>,
        about: &str,
    ) -> Parameter {
        Parameter {
            name: name.to_owned(),
            about: about.to_owned(),
            wanted,
            default: default.is_some().then_some(Dynamic::UNIT),
            default_source: default.unwrap_or_default(),
            words: Vec::new(),
            may_be_map: false,
            accepts: Arc::new(|_| true),
        }
    }

    /// Says which words it may be.
    pub fn with_words<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Parameter {
        self.words = words.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn accepts(&self, value: &Dynamic) -> bool {
        (self.accepts)(value)
    }
}
