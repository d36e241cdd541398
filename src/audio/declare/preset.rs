//! Words that set the defaults of several parameters at once.

use super::DefaultValue;

/// A word that sets the defaults of other parameters. What is given beside it still counts.
#[derive(Debug, PartialEq)]
pub struct Preset {
    /// The word.
    pub name: &'static str,
    /// Names of parameters, and what they are where they are not given.
    pub sets: &'static [(&'static str, DefaultValue)],
}

/// The words of some presets.
pub(super) fn names(presets: &[Preset]) -> Vec<&'static str> {
    presets.iter().map(|preset| preset.name).collect()
}
