//! What was predicted of some clips, beside what is true of them.

use super::Matrix;
use super::logistic::{largest, softmax};
use crate::Error;
use auricle_audio::dataset::Dataset;
use std::fmt::Write as _;

/// What is true.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// One class a clip.
    Classes(Vec<usize>),
    /// For every clip whether it is of each class.
    Several(Vec<Vec<bool>>),
    /// A number a clip.
    Numbers(Vec<f64>),
}

/// What was predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Guess {
    /// One class a clip.
    Classes(Vec<usize>),
    /// A score of every class, `[clips, classes]`; of the second of two classes alone, `[clips, 1]`.
    Scores(Matrix),
    /// A number a clip.
    Numbers(Vec<f64>),
}

/// Predictions for some clips, in one order with the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    pub(super) truth: Truth,
    pub(super) guess: Guess,
    pub(super) classes: Vec<String>,
    ids: Vec<u64>,
    columns: Vec<(String, Vec<Option<String>>)>,
}

impl Guess {
    /// Scores of one class a clip as probabilities: as they are if every row has none below 0 and a sum of 1; else they are
    /// taken for logits, whose softmax they become. Logits of different clips cannot be ranked, as an AUROC does.
    pub fn of_one_class(mut scores: Matrix) -> Guess {
        let is_probabilities = |row: &[f64]| {
            row.iter().all(|score| *score >= 0.0) && (row.iter().sum::<f64>() - 1.0).abs() < 1e-4
        };
        let rows = || 0..scores.rows();
        if scores.columns > 1 && !rows().all(|row| is_probabilities(scores.row(row))) {
            scores.values.chunks_mut(scores.columns).for_each(softmax);
        }
        Guess::Scores(scores)
    }
}

impl Predictions {
    /// Puts predictions beside the truth. `classes` are the names that indices mean.
    ///
    /// # Errors
    /// [`Error::Labels`] if there are none, lengths differ, an index has no class, or a score or number is none.
    pub fn new(guess: Guess, truth: Truth, classes: Vec<String>) -> Result<Predictions, Error> {
        let n_truth = match &truth {
            Truth::Classes(labels) => labels.len(),
            Truth::Several(rows) => rows.len(),
            Truth::Numbers(numbers) => numbers.len(),
        };
        let n_guess = match &guess {
            Guess::Classes(labels) => labels.len(),
            Guess::Scores(scores) => scores.rows(),
            Guess::Numbers(numbers) => numbers.len(),
        };
        let wrong = |text: String| Err(Error::Labels(text));
        if n_truth != n_guess {
            return wrong(format!(
                "there are {n_guess} predictions and {n_truth} labels"
            ));
        }
        if n_truth == 0 {
            return wrong("there are no predictions to judge".to_owned());
        }
        let most = |labels: &[usize]| labels.iter().max().copied().unwrap_or(0);
        let n = classes.len();
        for labels in [
            if let Truth::Classes(labels) = &truth {
                labels.as_slice()
            } else {
                &[]
            },
            if let Guess::Classes(labels) = &guess {
                labels.as_slice()
            } else {
                &[]
            },
        ] {
            if !labels.is_empty() && most(labels) >= n {
                return wrong(format!(
                    "there is a class {} among the labels, and only {n} classes",
                    most(labels)
                ));
            }
        }
        if let Guess::Scores(scores) = &guess {
            let fits = scores.columns == n || (scores.columns == 1 && n == 2);
            if !fits {
                return wrong(format!(
                    "scores must have a column for each of {n} classes, not {}",
                    scores.columns
                ));
            }
        }
        if let Truth::Several(rows) = &truth
            && let Some(row) = rows.iter().find(|row| row.len() != n)
        {
            return wrong(format!(
                "a row of the labels has {} classes, and there are {n}",
                row.len()
            ));
        }
        let numbers: &[f64] = match &guess {
            Guess::Scores(scores) => &scores.values,
            Guess::Numbers(numbers) => numbers,
            Guess::Classes(_) => &[],
        };
        let targets: &[f64] = if let Truth::Numbers(numbers) = &truth {
            numbers
        } else {
            &[]
        };
        if let Some(place) = numbers.iter().chain(targets).position(|x| !x.is_finite()) {
            let of = if place < numbers.len() {
                "predictions"
            } else {
                "labels"
            };
            return wrong(format!(
                "there is something among the {of} that is no finite number"
            ));
        }
        let ids = (0..n_truth as u64).collect();
        Ok(Predictions {
            truth,
            guess,
            classes,
            ids,
            columns: Vec::new(),
        })
    }

    /// The same of some clips of a dataset: with their numbers, columns and folds. `rows` says which clips they are.
    pub fn of_clips(mut self, data: &Dataset, rows: &[usize]) -> Predictions {
        self.ids = rows.iter().map(|&row| data.clips()[row].id).collect();
        let mut names: Vec<String> = Vec::new();
        for (name, _) in rows.iter().flat_map(|&row| &data.clips()[row].columns) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_string());
            }
        }
        let column = |name: String| {
            let cell = |&row: &usize| data.clips()[row].column(&name).map(str::to_owned);
            let cells = rows.iter().map(cell).collect();
            (name, cells)
        };
        self.columns = names.into_iter().map(column).collect();
        let folds = rows
            .iter()
            .map(|&row| data.clips()[row].fold.map(|fold| fold.to_string()));
        let folds: Vec<Option<String>> = folds.collect();
        if folds.iter().any(Option::is_some) {
            self.columns.push(("fold".to_owned(), folds));
        }
        self
    }

    /// The same with a column: what each clip is of.
    ///
    /// # Errors
    /// [`Error::Labels`] if it has not a cell for each clip.
    pub fn with_column(
        mut self,
        name: &str,
        cells: Vec<Option<String>>,
    ) -> Result<Predictions, Error> {
        if cells.len() != self.len() {
            let text = format!(
                "`{name}` has {} values, and there are {} predictions",
                cells.len(),
                self.len()
            );
            return Err(Error::Labels(text));
        }
        self.columns.retain(|(own, _)| own != name);
        self.columns.push((name.to_owned(), cells));
        Ok(self)
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none, which [`Predictions::new`] rules out.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Identities of the clips in their dataset; their places where they are of none.
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Names of the columns.
    pub fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// What is true.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// What was predicted.
    pub fn guess(&self) -> &Guess {
        &self.guess
    }

    /// The group of each clip by a column: its number, and the names of the groups, sorted. A clip that is of none is a
    /// group of its own, without a name.
    ///
    /// # Errors
    /// [`Error::Labels`] for a column that there is not.
    pub fn groups(&self, column: &str) -> Result<(Vec<usize>, Vec<String>), Error> {
        let Some((_, cells)) = self.columns.iter().find(|(name, _)| name == column) else {
            let known = match self.columns().join(", ") {
                none if none.is_empty() => "no columns".to_owned(),
                names => format!("only {names}"),
            };
            return Err(Error::Labels(format!(
                "the predictions have no column `{column}`; there are {known}"
            )));
        };
        let mut names: Vec<String> = cells.iter().flatten().cloned().collect();
        names.sort();
        names.dedup();
        let mut next = names.len();
        let mut place = |cell: &Option<String>| match cell {
            Some(name) => names.binary_search(name).unwrap_or(0),
            None => {
                next += 1;
                next - 1
            }
        };
        let groups = cells.iter().map(&mut place).collect();
        Ok((groups, names))
    }

    /// The class that each clip was taken for: the predicted one, or the one with the largest score.
    pub(super) fn taken_for(&self, row: usize) -> Option<usize> {
        match &self.guess {
            Guess::Classes(labels) => Some(labels[row]),
            Guess::Scores(scores) if scores.columns == 1 => {
                Some(usize::from(scores.row(row)[0] > 0.5))
            }
            Guess::Scores(scores) => Some(largest(scores.row(row))),
            Guess::Numbers(_) => None,
        }
    }

    /// The true class of a clip that has one.
    pub(super) fn class_of(&self, row: usize) -> Option<usize> {
        match &self.truth {
            Truth::Classes(labels) => Some(labels[row]),
            _ => None,
        }
    }

    /// How often each class (row) was taken for each (column); nothing where clips have not one class each.
    pub fn confusion(&self) -> Option<Vec<Vec<u64>>> {
        let n = self.classes.len();
        let mut counts = vec![vec![0; n]; n];
        for row in 0..self.len() {
            counts[self.class_of(row)?][self.taken_for(row)?] += 1;
        }
        Some(counts)
    }

    /// A line a clip: its number, columns, what is true, what was predicted, and the scores.
    pub fn to_csv(&self) -> String {
        let quote = |text: &str| match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let mut out = String::from("id");
        self.columns
            .iter()
            .for_each(|(name, _)| out += &format!(",{}", quote(name)));
        out += ",truth,predicted";
        if let Guess::Scores(scores) = &self.guess {
            let names = self
                .classes
                .iter()
                .skip(self.classes.len() - scores.columns);
            names.for_each(|name| out += &format!(",{}", quote(&format!("score {name}"))));
        }
        out.push('\n');
        let name = |class: usize| quote(&self.classes[class]);
        for row in 0..self.len() {
            let _ = write!(out, "{}", self.ids[row]);
            for (_, cells) in &self.columns {
                out += &format!(",{}", quote(cells[row].as_deref().unwrap_or_default()));
            }
            let truth = match &self.truth {
                Truth::Classes(labels) => name(labels[row]),
                Truth::Several(rows) => {
                    let own = rows[row].iter().zip(&self.classes).filter(|(is, _)| **is);
                    quote(
                        &own.map(|(_, name)| name.as_str())
                            .collect::<Vec<_>>()
                            .join(";"),
                    )
                }
                Truth::Numbers(numbers) => numbers[row].to_string(),
            };
            let predicted = match (&self.guess, &self.truth) {
                (Guess::Numbers(numbers), _) => numbers[row].to_string(),
                (_, Truth::Several(_)) => String::new(),
                _ => self.taken_for(row).map(name).unwrap_or_default(),
            };
            let _ = write!(out, ",{truth},{predicted}");
            if let Guess::Scores(scores) = &self.guess {
                scores
                    .row(row)
                    .iter()
                    .for_each(|score| out += &format!(",{score}"));
            }
            out.push('\n');
        }
        out
    }
}
