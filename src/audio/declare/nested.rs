//! Values inside values: a recipe in a stage, a loss in a method, a function of the user's.

use crate::Error;
use serde_json::Value as Json;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// What can stand inside another value: it prints as source, compares and goes to JSON.
pub trait Inner: Any + Send + Sync {
    /// The source that gives it.
    fn source(&self) -> String;

    /// It as JSON.
    fn to_json(&self) -> Json;

    /// Whether another value is the same.
    fn same(&self, other: &dyn Inner) -> bool;
}

/// What a parameter accepts as a value inside.
pub struct Inside {
    /// What it is, with its article: "a recipe".
    pub what: &'static str,
    /// Checks that a value is one, for a parameter of this name.
    pub check: fn(&'static str, &Nested) -> Result<(), Error>,
}

impl PartialEq for Inside {
    fn eq(&self, other: &Inside) -> bool {
        self.what == other.what
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

/// A value inside another, of any type.
#[derive(Clone)]
pub struct Nested(Arc<dyn Inner>);

impl Nested {
    /// Wraps a value.
    pub fn new(value: impl Inner) -> Nested {
        Nested(Arc::new(value))
    }

    /// The value, if it is of a type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        let any: &dyn Any = self.0.as_ref();
        any.downcast_ref()
    }

    /// The source that gives it.
    pub fn source(&self) -> String {
        self.0.source()
    }

    /// It as JSON.
    pub fn to_json(&self) -> Json {
        self.0.to_json()
    }
}

impl PartialEq for Nested {
    fn eq(&self, other: &Nested) -> bool {
        self.0.same(other.0.as_ref())
    }
}

impl fmt::Debug for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source())
    }
}
