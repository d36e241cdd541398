//! One clip of a dataset: its sound, and what is known of it.

use super::Part;
use crate::Waveform;
use std::borrow::Cow;
use std::path::PathBuf;

/// Where a clip's sound comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A sound in memory.
    Wave(Waveform),
}

/// The part of a file that is a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Where it begins, s.
    pub start_s: f64,
    /// Where it ends, s; at the file's end if `None`.
    pub end_s: Option<f64>,
}

/// The name of a column.
pub type Column = Cow<'static, str>;

/// One clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Its sound.
    pub source: Source,
    /// The part of the sound that is the clip; all of it if `None`.
    pub span: Option<Span>,
    /// Index of its class; `None` if it is not labelled, or may have several classes.
    pub label: Option<usize>,
    /// Indices of its classes, ascending, where a clip may have several or none; `None` where that is not so.
    pub labels: Option<Vec<usize>>,
    /// The number to predict.
    pub target: Option<f64>,
    /// Cross-validation fold, where the dataset defines folds.
    pub fold: Option<u32>,
    /// Part of the official split, where the dataset defines one.
    pub part: Option<Part>,
    /// Further columns, such as the speaker.
    pub columns: Vec<(Column, String)>,
    /// Its index in the whole dataset. Draws are keyed by it, so that a split or a subset changes none.
    pub id: u64,
    /// What there was to predict before it was taken away.
    pub(super) withheld: Option<Box<Answer>>,
}

/// What there is to predict of a clip.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    label: Option<usize>,
    labels: Option<Vec<usize>>,
    target: Option<f64>,
}

impl Clip {
    /// A labelled clip without further columns.
    pub fn new(source: Source, label: Option<usize>) -> Clip {
        Clip {
            source,
            span: None,
            label,
            labels: None,
            target: None,
            fold: None,
            part: None,
            columns: Vec::new(),
            id: 0,
            withheld: None,
        }
    }

    /// Whether anything is known to predict.
    pub fn is_labelled(&self) -> bool {
        self.label.is_some() || self.labels.is_some() || self.target.is_some()
    }

    /// Whether it is of a class.
    pub fn is_of(&self, class: usize) -> bool {
        let several = self.labels.as_deref().unwrap_or_default();
        self.label == Some(class) || several.contains(&class)
    }

    /// Takes away all that there is to predict, so that it can be given back.
    pub(super) fn withhold(&mut self) {
        if self.is_labelled() {
            self.withheld = Some(Box::new(Answer {
                label: self.label.take(),
                labels: self.labels.take(),
                target: self.target.take(),
            }));
        }
    }

    /// Whether what there is to predict was taken away.
    pub(super) fn is_withheld(&self) -> bool {
        self.withheld.is_some()
    }

    /// Gives back what was taken away.
    pub(super) fn give_back(&mut self) {
        if let Some(answer) = self.withheld.take() {
            self.label = answer.label;
            self.labels = answer.labels;
            self.target = answer.target;
        }
    }

    /// Has its classes go by other indices, where class `i` becomes `places[i]`.
    pub(super) fn renumber(&mut self, places: &[usize]) {
        let renumber = |label: &mut Option<usize>, labels: &mut Option<Vec<usize>>| {
            *label = label.map(|label| places[label]);
            for labels in labels.iter_mut() {
                labels.iter_mut().for_each(|label| *label = places[*label]);
                labels.sort_unstable();
            }
        };
        renumber(&mut self.label, &mut self.labels);
        if let Some(answer) = &mut self.withheld {
            renumber(&mut answer.label, &mut answer.labels);
        }
    }

    /// The value of a column.
    pub fn column(&self, name: &str) -> Option<&str> {
        self.columns
            .iter()
            .find(|(column, _)| column == name)
            .map(|(_, value)| value.as_str())
    }
}
