//! What is drawn at one place of a recipe, as a step of a trace and back.

use super::recordings::Recordings;
use super::trace::FILE;
use super::{Draws, TraceStep};
use crate::Error;
use smallvec::SmallVec;

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
