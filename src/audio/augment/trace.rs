//! The record of what a recipe did to a clip.

use super::Draws;
use serde::{Deserialize, Serialize};

/// Everything that was drawn while a recipe ran, in order. With the recipe and the clip it repeats the result exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The steps in the order they were taken.
    pub steps: Vec<TraceStep>,
}

/// One decision or stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// Indices on the way to it in the recipe, such as `0/1/0`.
    pub place: String,
    /// The stage or combinator.
    pub name: String,
    /// What was drawn, by name.
    pub values: Vec<(String, f64)>,
}

impl TraceStep {
    pub(super) fn new<N: AsRef<str>>(path: &[usize], name: &str, names: &[N], draws: &Draws) -> TraceStep {
        let place = path.iter().map(usize::to_string).collect::<Vec<_>>().join("/");
        // A combinator over many recipes draws a list: the one name it has is numbered.
        let label = |i: usize| match names {
            [one] if draws.len() > 1 => format!("{}_{i}", one.as_ref()),
            names => names.get(i).map_or_else(|| format!("value_{i}"), |name| name.as_ref().to_owned()),
        };
        let values = draws.iter().enumerate().map(|(i, &value)| (label(i), value)).collect();
        TraceStep { place, name: name.to_owned(), values }
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            let values: Vec<String> = step.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
            let break_ = if i == 0 { "" } else { "\n" };
            write!(f, "{break_}{:<6} {:<12} {}", step.place, step.name, values.join(", "))?;
        }
        Ok(())
    }
}
