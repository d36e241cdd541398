//! What something that users build is called, what it takes and what it does, said once for every reader.

use super::{Parameter, Settings};
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

    /// The declaration of a name in a catalogue of a kind of things.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is none.
    pub fn find(
        catalogue: &[&'static Self],
        kind: &'static str,
        name: &str,
    ) -> Result<&'static Self, E> {
        let mut all = catalogue.iter();
        let found = all.find(|declaration| declaration.name == name).copied();
        found.ok_or_else(|| {
            let names = catalogue.iter();
            let known = names.map(|declaration| declaration.name.to_owned());
            let error = Error::Unknown {
                owner: "Auricle".into(),
                kind,
                got: name.into(),
                known: known.collect(),
            };
            error.into()
        })
    }
}
