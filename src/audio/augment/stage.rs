//! A stage: a declaration with its values, ready to run.

use super::declaration::Settings;
use super::{Declaration, Transform, Value};
use crate::Error;
use std::sync::Arc;

/// One stage of a recipe. Compares by name and values.
#[derive(Clone)]
pub struct Stage {
    declaration: &'static Declaration,
    values: Arc<[Value]>,
    transform: Arc<dyn Transform>,
}

impl Stage {
    /// Checks named values, fills in defaults and builds the transform.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is no parameter, [`Error::Missing`] if a required one is not given,
    /// [`Error::Range`] or [`Error::Choice`] for a value that is not accepted, [`Error::File`] for a path that leads
    /// nowhere.
    pub fn new(
        declaration: &'static Declaration,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Stage, Error> {
        let values = Stage::check(declaration, given)?;
        let transform = (declaration.build)(&Settings { declaration, values: &values })?;
        Ok(Stage { declaration, values, transform })
    }

    /// The values of all parameters, checked, without building the transform: no file is looked for.
    ///
    /// # Errors
    /// As [`Stage::new`], but for what the files themselves make impossible.
    pub fn check(
        declaration: &'static Declaration,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Arc<[Value]>, Error> {
        let mut values: Vec<Option<Value>> = vec![None; declaration.parameters.len()];
        for (name, value) in given {
            let Some(index) = declaration.parameters.iter().position(|parameter| parameter.name == name) else {
                return Err(Error::Unknown {
                    owner: declaration.name.to_owned(),
                    kind: "option",
                    got: name,
                    known: declaration.parameters.iter().map(|p| p.name.to_owned()).collect(),
                });
            };
            declaration.parameters[index].check(&value)?;
            values[index] = Some(value);
        }
        values
            .into_iter()
            .zip(declaration.parameters)
            .map(|(value, parameter)| {
                value.or_else(|| parameter.default_value()).ok_or_else(|| Error::Missing {
                    stage: declaration.name.to_owned(),
                    param: parameter.name.to_owned(),
                })
            })
            .collect()
    }

    /// What it was declared as.
    pub fn declaration(&self) -> &'static Declaration {
        self.declaration
    }

    /// The values of its parameters, in their order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The parameters that were given another value than their default, with that value.
    pub fn changed(&self) -> impl Iterator<Item = (&'static super::Parameter, &Value)> {
        self.declaration
            .parameters
            .iter()
            .zip(self.values.iter())
            .filter(|(parameter, value)| parameter.default_value().as_ref() != Some(*value))
    }

    pub(super) fn transform(&self) -> &dyn Transform {
        self.transform.as_ref()
    }
}

impl PartialEq for Stage {
    fn eq(&self, other: &Stage) -> bool {
        self.declaration.name == other.declaration.name && self.values == other.values
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
