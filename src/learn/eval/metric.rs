//! The figures of merit: what each reads, and how it is computed of some clips.

use super::distributions::normal_quantile;
use super::ranking::{auroc, average_precision, midranks};
use super::{Guess, Predictions, Truth};
use crate::Error;

/// A figure of merit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Share of the clips whose class was found.
    Accuracy,
    /// Share of the clips whose class is among those of the `k` highest scores.
    TopK(usize),
    /// Mean over the classes of the share of their clips that was found.
    BalancedAccuracy,
    /// Mean over the classes of the harmonic mean of precision and recall.
    F1,
    /// Mean of specificity and sensitivity, as the challenge of ICBHI 2017 has it.
    Icbhi {
        /// Whether an abnormal clip must be given its own class; else any abnormal one.
        exact: bool,
        /// The class that is normal.
        normal: usize,
    },
    /// Area under the receiver operating characteristic, a mean over classes.
    Auroc,
    /// Average precision, a mean over classes.
    AveragePrecision,
    /// `sqrt(2)` times the normal quantile of the AUROC.
    DPrime,
    /// Mean absolute error.
    Mae,
    /// Root of the mean squared error.
    Rmse,
    /// Pearson's correlation.
    Correlation,
    /// Spearman's correlation of ranks.
    RankCorrelation,
    /// Share of the variance that is explained.
    RSquared,
}

/// What a figure of merit reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A class a clip.
    Classes,
    /// Scores.
    Scores,
    /// Numbers.
    Numbers,
}

/// A value, and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) parts: Vec<(String, f64)>,
}

impl Metric {
    /// The words for those that heads and studies name, in their usual form.
    pub const WORDS: [(&'static str, Metric); 13] = [
        ("accuracy", Metric::Accuracy),
        ("balanced_accuracy", Metric::BalancedAccuracy),
        ("f1", Metric::F1),
        ("auroc", Metric::Auroc),
        ("average_precision", Metric::AveragePrecision),
        ("map", Metric::AveragePrecision),
        ("d_prime", Metric::DPrime),
        (
            "icbhi_score",
            Metric::Icbhi {
                exact: true,
                normal: 0,
            },
        ),
        ("mae", Metric::Mae),
        ("rmse", Metric::Rmse),
        ("correlation", Metric::Correlation),
        ("rank_correlation", Metric::RankCorrelation),
        ("r_squared", Metric::RSquared),
    ];

    /// The metric of a word.
    pub fn of_word(word: &str) -> Option<Metric> {
        Metric::WORDS
            .iter()
            .find(|(own, _)| *own == word)
            .map(|(_, metric)| *metric)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        let found = Metric::WORDS
            .iter()
            .find(|(_, own)| std::mem::discriminant(own) == std::mem::discriminant(&self));
        found.map_or("top_k_accuracy", |(word, _)| word)
    }

    /// What it reads.
    pub fn reads(self) -> Reads {
        match self {
            Metric::Accuracy | Metric::BalancedAccuracy | Metric::F1 | Metric::Icbhi { .. } => {
                Reads::Classes
            }
            Metric::TopK(_) | Metric::Auroc | Metric::AveragePrecision | Metric::DPrime => {
                Reads::Scores
            }
            _ => Reads::Numbers,
        }
    }

    /// Whether the lower of two values is the better one.
    pub fn is_error(self) -> bool {
        matches!(self, Metric::Mae | Metric::Rmse)
    }

    /// Checks that predictions can be judged by it.
    ///
    /// # Errors
    /// [`Error::Labels`], which says what it reads.
    pub fn check(self, given: &Predictions) -> Result<(), Error> {
        let fits = match (self.reads(), &given.guess, &given.truth) {
            (Reads::Classes, Guess::Classes(_) | Guess::Scores(_), Truth::Classes(_)) => true,
            (Reads::Scores, Guess::Scores(_), Truth::Several(_)) => {
                !matches!(self, Metric::TopK(_))
            }
            (Reads::Scores, Guess::Scores(_), Truth::Classes(_)) => true,
            (Reads::Numbers, Guess::Numbers(_), Truth::Numbers(_)) => true,
            _ => false,
        };
        if !fits {
            let want = match self.reads() {
                Reads::Classes => "one class a clip, predicted and true",
                Reads::Scores => "scores of classes, and the class or classes of each clip",
                Reads::Numbers => "a predicted and a true number of each clip",
            };
            return Err(Error::Labels(format!(
                "`{}` is computed from {want}",
                self.word()
            )));
        }
        match self {
            Metric::TopK(k) if k == 0 || k > given.classes.len() => {
                let want = format!("at least 1 and at most the {} classes", given.classes.len());
                Err(Error::range("k", want, k))
            }
            Metric::Icbhi { normal, .. } if normal >= given.classes.len() => {
                let text = format!(
                    "there is no class {normal} to be the normal one, there are {}",
                    given.classes.len()
                );
                Err(Error::Labels(text))
            }
            _ => Ok(()),
        }
    }

    /// Its value on some clips, which may stand several times; `None` where it has none, as AUROC of one class.
    pub(super) fn estimate(self, given: &Predictions, rows: &[usize]) -> Option<Estimate> {
        match self {
            Metric::Accuracy | Metric::TopK(_) => {
                let right = rows
                    .iter()
                    .filter(|&&row| self.is_right(given, row))
                    .count();
                alone(right as f64 / rows.len() as f64)
            }
            Metric::BalancedAccuracy => recalls(given, rows),
            Metric::F1 => f1(given, rows),
            Metric::Icbhi { exact, normal } => icbhi(given, rows, exact, normal),
            Metric::Auroc => over_classes(given, rows, auroc),
            Metric::AveragePrecision => over_classes(given, rows, average_precision),
            Metric::DPrime => {
                let area = over_classes(given, rows, auroc)?;
                let distance = |area: f64| std::f64::consts::SQRT_2 * normal_quantile(area);
                Some(Estimate {
                    value: distance(area.value),
                    parts: area
                        .parts
                        .into_iter()
                        .map(|(name, area)| (name, distance(area)))
                        .collect(),
                })
            }
            Metric::Mae => of_numbers(given, rows, |x, y| {
                mean(x.iter().zip(y).map(|(x, y)| (x - y).abs()))
            }),
            Metric::Rmse => of_numbers(given, rows, |x, y| {
                Some(mean(x.iter().zip(y).map(|(x, y)| (x - y).powi(2)))?.sqrt())
            }),
            Metric::Correlation => of_numbers(given, rows, correlation),
            Metric::RankCorrelation => {
                of_numbers(given, rows, |x, y| correlation(&midranks(x), &midranks(y)))
            }
            Metric::RSquared => of_numbers(given, rows, |x, y| {
                let middle = mean(y.iter().copied())?;
                let total = mean(y.iter().map(|y| (y - middle).powi(2)))?;
                let left = mean(x.iter().zip(y).map(|(x, y)| (x - y).powi(2)))?;
                (total > 0.0).then(|| 1.0 - left / total)
            }),
        }
    }

    /// Whether a clip is counted right, for those that are shares of clips.
    pub(super) fn is_right(self, given: &Predictions, row: usize) -> bool {
        let (Some(class), guess) = (given.class_of(row), &given.guess) else {
            return false;
        };
        match (self, guess) {
            (Metric::TopK(k), Guess::Scores(scores)) if scores.columns > 1 => {
                let own = scores.row(row)[class];
                // Among equal scores the first classes come first, as they do for the largest one.
                let before = scores.row(row).iter().enumerate();
                before
                    .filter(|(i, score)| **score > own || (**score == own && *i < class))
                    .count()
                    < k
            }
            (Metric::TopK(k), _) if k > 1 => true,
            _ => given.taken_for(row) == Some(class),
        }
    }
}

/// The scores of a class against all others, where it is one of two alone the second one.
pub(super) fn binary(
    given: &Predictions,
    rows: &[usize],
    class: usize,
) -> Option<(Vec<f64>, Vec<bool>)> {
    let Guess::Scores(scores) = &given.guess else {
        return None;
    };
    let column = if scores.columns == 1 { 0 } else { class };
    let values = rows.iter().map(|&row| scores.row(row)[column]).collect();
    let positive = rows.iter().map(|&row| match &given.truth {
        Truth::Classes(labels) => labels[row] == class,
        Truth::Several(several) => several[row][class],
        Truth::Numbers(_) => false,
    });
    Some((values, positive.collect()))
}

/// Whether clips are of one of two classes, so that there is one AUROC and not a mean of several.
pub(super) fn is_binary(given: &Predictions) -> bool {
    given.classes.len() == 2 && matches!(given.truth, Truth::Classes(_))
}

/// The mean of a figure over classes that have it; of two classes that of the second.
fn over_classes(
    given: &Predictions,
    rows: &[usize],
    figure: fn(&[f64], &[bool]) -> Option<f64>,
) -> Option<Estimate> {
    let of = |class: usize| {
        let (scores, positive) = binary(given, rows, class)?;
        figure(&scores, &positive)
    };
    if is_binary(given) {
        return alone(of(1)?);
    }
    let all: Vec<Option<f64>> = (0..given.classes.len()).map(of).collect();
    let value = mean(all.iter().flatten().copied())?;
    let named = given.classes.iter().zip(all);
    let parts = named
        .map(|(name, value)| (name.clone(), value.unwrap_or(f64::NAN)))
        .collect();
    Some(Estimate { value, parts })
}

fn alone(value: f64) -> Option<Estimate> {
    Some(Estimate {
        value,
        parts: Vec::new(),
    })
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0usize, 0.0), |(n, sum), value| (n + 1, sum + value));
    (n > 0).then(|| sum / n as f64)
}

/// Pearson's correlation; none where one side does not vary.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x.iter().copied())?, mean(y.iter().copied())?);
    let sum = |a: &[f64], of_a: f64, b: &[f64], of_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum()
    };
    let (xx, yy) = (sum(x, mean_x, x, mean_x), sum(y, mean_y, y, mean_y));
    (xx > 0.0 && yy > 0.0).then(|| sum(x, mean_x, y, mean_y) / (xx.sqrt() * yy.sqrt()))
}

fn of_numbers(
    given: &Predictions,
    rows: &[usize],
    figure: impl Fn(&[f64], &[f64]) -> Option<f64>,
) -> Option<Estimate> {
    let (Guess::Numbers(x), Truth::Numbers(y)) = (&given.guess, &given.truth) else {
        return None;
    };
    let take = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
    alone(figure(&take(x), &take(y))?)
}

/// Of each class: clips of it, clips taken for it, and both.
fn counts(given: &Predictions, rows: &[usize]) -> Option<Vec<[f64; 3]>> {
    let mut counts = vec![[0.0; 3]; given.classes.len()];
    for &row in rows {
        let (truth, taken) = (given.class_of(row)?, given.taken_for(row)?);
        counts[truth][0] += 1.0;
        counts[taken][1] += 1.0;
        counts[truth][2] += f64::from(u8::from(truth == taken));
    }
    Some(counts)
}

/// The mean over the classes that there are, and the figure of each.
fn by_class(given: &Predictions, values: Vec<Option<f64>>) -> Option<Estimate> {
    let value = mean(values.iter().flatten().copied())?;
    let named = given.classes.iter().zip(values);
    let parts = named
        .map(|(name, value)| (name.clone(), value.unwrap_or(f64::NAN)))
        .collect();
    Some(Estimate { value, parts })
}

fn recalls(given: &Predictions, rows: &[usize]) -> Option<Estimate> {
    let counts = counts(given, rows)?;
    let recall = |[own, _, both]: &[f64; 3]| (*own > 0.0).then(|| both / own);
    by_class(given, counts.iter().map(recall).collect())
}

fn f1(given: &Predictions, rows: &[usize]) -> Option<Estimate> {
    let counts = counts(given, rows)?;
    let score =
        |[own, taken, both]: &[f64; 3]| (own + taken > 0.0).then(|| 2.0 * both / (own + taken));
    by_class(given, counts.iter().map(score).collect())
}

/// Specificity: normal clips called normal. Sensitivity: abnormal clips given their own class or, where it is not exact, any
/// abnormal one. The score is their mean.
fn icbhi(given: &Predictions, rows: &[usize], exact: bool, normal: usize) -> Option<Estimate> {
    let (mut normals, mut abnormals, mut found, mut called) = (0.0, 0.0, 0.0, 0.0);
    for &row in rows {
        let (truth, taken) = (given.class_of(row)?, given.taken_for(row)?);
        if truth == normal {
            normals += 1.0;
            called += f64::from(u8::from(taken == normal));
        } else {
            abnormals += 1.0;
            let is_found = if exact {
                taken == truth
            } else {
                taken != normal
            };
            found += f64::from(u8::from(is_found));
        }
    }
    if normals == 0.0 || abnormals == 0.0 {
        return None;
    }
    let (specificity, sensitivity) = (called / normals, found / abnormals);
    Some(Estimate {
        value: (specificity + sensitivity) / 2.0,
        parts: vec![
            ("specificity".to_owned(), specificity),
            ("sensitivity".to_owned(), sensitivity),
        ],
    })
}
