//! The report of a study: a table, and what is needed to draw it.

use super::{Interval, Predictions};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a study found. Holds nothing that depends on the clock: the same study gives the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was studied.
    pub title: String,
    /// How the data were divided.
    pub split: String,
    /// Training clips.
    pub n_train: usize,
    /// Test clips.
    pub n_test: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What was judged, the main subject first.
    pub rows: Vec<Row>,
    /// Confusion of the main subject under the first probe: truth in rows, predictions in columns.
    pub confusion: Vec<Vec<u64>>,
    /// Settings that led here, as a person would read them.
    pub settings: Vec<(String, String)>,
    /// Curves of the training.
    pub curves: Vec<Curve>,
    /// What was predicted of the test clips with the main subject, by each probe. It is not kept in files.
    #[serde(skip)]
    pub predictions: Vec<Arc<Predictions>>,
}

/// What a subject is in a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What is judged.
    #[default]
    Judged,
    /// The same encoder with weights as they are drawn.
    Random,
    /// The log-mel statistics, which need no encoder.
    Floor,
    /// The mean of the training clips' numbers.
    Mean,
}

impl Role {
    /// The name of what has it; nothing of what is judged, which has one of its own.
    pub fn name(self) -> &'static str {
        match self {
            Role::Judged => "",
            Role::Random => "random encoder",
            Role::Floor => "log-mel statistics",
            Role::Mean => "mean of the training clips",
        }
    }
}

impl Row {
    /// A row of something that is not judged itself.
    pub fn of(role: Role, scores: Vec<Score>) -> Row {
        Row {
            name: role.name().to_owned(),
            role,
            scores,
        }
    }
}

/// The scores of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The subject.
    pub name: String,
    /// Which part it has in the report.
    #[serde(default)]
    pub role: Role,
    /// A score for each probe.
    pub scores: Vec<Score>,
}

/// One score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The probe.
    pub probe: String,
    /// The figure of merit.
    pub metric: String,
    /// Its value and 95 % interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// Clips it was measured on.
    pub n: usize,
    /// How the interval was found.
    #[serde(default)]
    pub method: String,
}

/// A figure over epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What it is.
    pub name: String,
    /// Its value after each epoch.
    pub values: Vec<f64>,
}

impl Report {
    /// The score of a subject by index, under a probe by index.
    pub fn score(&self, row: usize, probe: usize) -> Option<&Score> {
        self.rows.get(row)?.scores.get(probe)
    }

    /// How the intervals were found, each way once.
    pub fn methods(&self) -> String {
        let mut methods: Vec<&str> = Vec::new();
        for score in self.rows.iter().flat_map(|row| &row.scores) {
            if !methods.contains(&score.method.as_str()) {
                methods.push(&score.method);
            }
        }
        methods.join("; ")
    }

    /// The scores as CSV: a line for each subject and probe.
    pub fn to_csv(&self) -> String {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut out = String::from("subject,probe,metric,value,low,high,n\n");
        for row in &self.rows {
            for score in &row.scores {
                let Interval { value, low, high } = score.interval;
                let (name, probe, metric) =
                    (quote(&row.name), quote(&score.probe), quote(&score.metric));
                out += &format!("{name},{probe},{metric},{value},{low},{high},{}\n", score.n);
            }
        }
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        writeln!(
            f,
            "{}, {} training and {} test clips, {} classes",
            self.split,
            self.n_train,
            self.n_test,
            self.classes.len()
        )?;
        for (name, value) in &self.settings {
            writeln!(f, "  {name}: {value}")?;
        }
        let width = self
            .rows
            .iter()
            .map(|row| row.name.chars().count())
            .max()
            .unwrap_or(0);
        let heads = self.rows.first().map_or(&[][..], |row| &row.scores);
        write!(f, "\n{:width$}", "")?;
        for score in heads {
            write!(f, "  {:>26}", format!("{} {}", score.probe, score.metric))?;
        }
        for row in &self.rows {
            write!(f, "\n{:width$}", row.name)?;
            for score in &row.scores {
                let Interval { value, low, high } = score.interval;
                write!(f, "  {:>26}", format!("{value:.3} ({low:.3} to {high:.3})"))?;
            }
        }
        let (methods, n) = (self.methods(), self.n_test);
        write!(
            f,
            "\n\nin brackets: 95 % interval ({methods}) over {n} test clips"
        )
    }
}
