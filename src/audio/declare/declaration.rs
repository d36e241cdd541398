//! What something that users build is called, what it takes and what it does, said once for every reader.

use super::{Described, Parameter, Settings, Value};
use crate::Error;

/// The declaration of what builds a `B`, or fails with an `E`; `F` is what a catalogue says besides.
///
/// Stages of recipes, encoders, losses, optimizers and methods are catalogues of such declarations, each in the file of
/// its mathematics. Scripts, help, printing, JSON and tests read the declaration.
pub struct Declaration<B: 'static, E: 'static = Error, F: 'static = ()> {
    /// Name in scripts.
    pub name: &'static str,
    /// What it does, one sentence in the third person, for its user.
    pub about: &'static str,
    /// Paper or standard that defines it, where there is one.
    pub citation: &'static str,
    /// Parameters, the positional ones first.
    pub parameters: &'static [Parameter],
    /// What its catalogue says besides.
    pub facts: F,
    /// A line of script that shows it and is run as a test.
    pub example: &'static str,
    /// Builds it from checked values.
    pub build: fn(&Settings<'_>) -> Result<B, E>,
}

impl<B, E: From<Error>, F> Declaration<B, E, F> {
    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// Builds it from named values; see [`Described::new`].
    ///
    /// # Errors
    /// As [`Described::new`].
    pub fn with(
        &'static self,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Described<B, E, F>, E> {
        Described::new(self, given)
    }
}
