//! The record of what a recipe did to a clip.

use serde::{Deserialize, Serialize};

/// Everything that was drawn while a recipe ran, in order. With the recipe and the clip it repeats the result exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The steps in the order they were taken.
    pub steps: Vec<TraceStep>,
}

/// One decision or stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// Indices on the way to it in the recipe, such as `0/1/0`.
    pub place: String,
    /// The stage or combinator.
    pub name: String,
    /// The numbers that were drawn, by name.
    pub values: Vec<(String, f64)>,
    /// The recordings that were drawn.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recordings: Vec<DrawnRecording>,
}

/// A recording that was drawn: by its name, since its place among the others changes with every file that is added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnRecording {
    /// Path inside the folder that the stage was given, with `/` on every system; the name of a file that was given itself.
    pub file: String,
    /// Hash of its sound as it was decoded, by which another sound under the same name is found out.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub sound: String,
}

/// The name of drawn values that are indices of recordings.
pub(super) const FILE: &str = "file";

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            let files = step
                .recordings
                .iter()
                .map(|drawn| format!("{FILE} {}", drawn.file));
            let values = step
                .values
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            let all: Vec<String> = files.chain(values).collect();
            let break_ = if i == 0 { "" } else { "\n" };
            write!(
                f,
                "{break_}{:<6} {:<12} {}",
                step.place,
                step.name,
                all.join(", ")
            )?;
        }
        Ok(())
    }
}
