//! The record of what a recipe did to a clip.

use super::Draws;
use super::recordings::Recordings;
use crate::Error;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

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
const FILE: &str = "file";

/// What is drawn at one place.
pub(super) struct Drawing<'a, N> {
    /// The stage or combinator.
    pub(super) name: &'a str,
    /// Names of the values.
    pub(super) names: &'a [N],
    /// Whether there may be any number of such values, or of such groups.
    pub(super) is_list: bool,
    /// The recordings that values named `file` choose from.
    pub(super) recordings: Option<&'a Recordings>,
}

impl<N: AsRef<str>> Drawing<'_, N> {
    /// The record of some drawn values.
    ///
    /// # Errors
    /// [`Error::File`] if a recording that was drawn cannot be read.
    pub(super) fn recorded(&self, path: &[usize], draws: &Draws) -> Result<TraceStep, Error> {
        let place = path
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join("/");
        let mut step = TraceStep {
            place,
            name: self.name.to_owned(),
            ..TraceStep::default()
        };
        for (index, &value) in draws.iter().enumerate() {
            match self.recordings.filter(|_| self.base(index) == FILE) {
                Some(recordings) => step.recordings.push(recordings.drawn(value)?),
                None => step.values.push((self.label(index, draws.len()), value)),
            }
        }
        Ok(step)
    }

    /// The drawn values of a record, which may be of another recipe, of an earlier version or edited.
    ///
    /// # Errors
    /// [`Error::Trace`] if it does not fit, [`Error::File`] if a recording that it names cannot be read.
    pub(super) fn repeated(&self, step: &TraceStep) -> Result<Draws, Error> {
        let refused = |reason: String| Error::Trace { reason };
        if step.name != self.name {
            return Err(refused(format!(
                "it has `{}` where the recipe has `{}`",
                step.name, self.name
            )));
        }
        let n = step.values.len() + step.recordings.len();
        let fits = if self.is_list {
            n.is_multiple_of(self.names.len().max(1))
        } else {
            n == self.names.len()
        };
        if !fits {
            return Err(refused(format!(
                "`{}` draws {} values, {n} are there",
                self.name,
                self.names.len()
            )));
        }
        let mut values = step.values.iter();
        let mut recordings = step.recordings.iter();
        let draw = |index: usize| match self.recordings.filter(|_| self.base(index) == FILE) {
            Some(known) => {
                let drawn = recordings.next().ok_or_else(|| {
                    refused(format!(
                        "`{}` draws recordings, and it does not name them",
                        self.name
                    ))
                })?;
                known.named(self.name, drawn)
            }
            None => {
                let label = self.label(index, n);
                match values.next() {
                    Some((name, value)) if *name == label => Ok(*value),
                    Some((name, _)) => Err(refused(format!(
                        "`{}` draws `{label}`, not `{name}`",
                        self.name
                    ))),
                    None => Err(refused(format!(
                        "`{}` draws `{label}`, which is missing",
                        self.name
                    ))),
                }
            }
        };
        (0..n).map(draw).collect::<Result<SmallVec<_>, Error>>()
    }

    fn base(&self, index: usize) -> &str {
        match self.names {
            [] => "value",
            names => names[index % names.len()].as_ref(),
        }
    }

    /// The name of a value; those of a list with more than one group are numbered.
    fn label(&self, index: usize, n: usize) -> String {
        if n > self.names.len() {
            format!("{}_{}", self.base(index), index / self.names.len().max(1))
        } else {
            self.base(index).to_owned()
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(is_list: bool) -> Drawing<'static, &'static str> {
        Drawing {
            name: "masks",
            names: &["start", "length"],
            is_list,
            recordings: None,
        }
    }

    #[test]
    fn groups_of_a_list_are_numbered() {
        let names = |draws: &[f64]| {
            let step = drawing(true).recorded(&[0, 2], &draws.into()).unwrap();
            assert_eq!(drawing(true).repeated(&step).unwrap().as_slice(), draws);
            step.values
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(&[]), "");
        assert_eq!(names(&[1.0, 2.0]), "start length");
        assert_eq!(
            names(&[1.0, 2.0, 3.0, 4.0]),
            "start_0 length_0 start_1 length_1"
        );
    }

    #[test]
    fn a_record_that_does_not_fit_says_why() {
        let error = |values: &[(&str, f64)], is_list| {
            let values = values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect();
            let step = TraceStep {
                name: "masks".into(),
                values,
                ..TraceStep::default()
            };
            drawing(is_list).repeated(&step).unwrap_err().to_string()
        };
        let reason = |text: &str| format!("the trace does not belong to this recipe: {text}");
        assert_eq!(
            error(&[], false),
            reason("`masks` draws 2 values, 0 are there")
        );
        assert_eq!(
            error(&[("start", 1.0)], true),
            reason("`masks` draws 2 values, 1 are there")
        );
        let swapped = [("length", 1.0), ("start", 2.0)];
        assert_eq!(
            error(&swapped, false),
            reason("`masks` draws `start`, not `length`")
        );
    }
}
