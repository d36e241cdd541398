//! Measuring: a figure of merit with its interval, of all clips and of each group.

use super::interval::{Interval, wilson};
use super::metric::{binary, is_binary};
use super::ranking::delong;
use super::{Metric, Predictions};
use crate::Error;
use auricle_audio::{Key, Place};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A figure of merit with its uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What it is, such as `auroc`.
    pub metric: String,
    /// Its value and 95 % interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// How the interval was found.
    pub method: String,
    /// Standard error, where the method gives one.
    pub standard_error: Option<f64>,
    /// Clips it was measured on.
    pub n: usize,
    /// What it is made of, such as the same of each class; not a number where there is nothing to measure.
    pub parts: Vec<(String, f64)>,
    /// The same of each group.
    pub by: Vec<(String, Measure)>,
}

/// How an interval is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalKind {
    /// Wilson for shares of clips and DeLong for one AUROC, unless clips are grouped; else the bootstrap.
    #[default]
    Usual,
    /// The score interval of a share.
    Wilson,
    /// DeLong's, of one AUROC.
    DeLong,
    /// Percentiles of the bootstrap.
    Bootstrap,
    /// None: the ends are the value.
    None,
}

impl IntervalKind {
    /// The words for all of them.
    pub const WORDS: [(&'static str, IntervalKind); 5] = [
        ("usual", IntervalKind::Usual),
        ("wilson", IntervalKind::Wilson),
        ("delong", IntervalKind::DeLong),
        ("bootstrap", IntervalKind::Bootstrap),
        ("none", IntervalKind::None),
    ];
}

/// How a figure is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureOptions {
    /// The interval.
    pub interval: IntervalKind,
    /// Column whose values are drawn as wholes by the bootstrap, such as the patient.
    pub group: Option<String>,
    /// Column by whose values the figure is told apart, such as the device.
    pub by: Option<String>,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for MeasureOptions {
    fn default() -> MeasureOptions {
        MeasureOptions {
            interval: IntervalKind::Usual,
            group: None,
            by: None,
            draws: 1000,
            seed: 0,
        }
    }
}

/// Measures a figure of merit.
///
/// The bootstrap draws clips, or whole groups of them, with replacement; its ends are the 2.5 % and 97.5 % points of the
/// draws in which the figure has a value (Efron and Tibshirani, 1993, chapter 13). Draw by draw it depends on the seed
/// alone, not on the number of threads.
///
/// # Errors
/// [`Error::Labels`] if the predictions are not what the figure reads, it has no value on them, the interval is not one
/// for it, or a column is not there; [`Error::Range`] for fewer than 100 draws.
pub fn measure(
    given: &Predictions,
    metric: Metric,
    options: &MeasureOptions,
) -> Result<Measure, Error> {
    metric.check(given)?;
    if options.draws < 100 {
        return Err(Error::range("draws", "at least 100", options.draws));
    }
    let all: Vec<usize> = (0..given.len()).collect();
    let mut measured = on_rows(given, metric, options, &all)?;
    if let Some(column) = &options.by {
        let (groups, names) = given.groups(column)?;
        for (group, name) in names.into_iter().enumerate() {
            let rows: Vec<usize> = all
                .iter()
                .copied()
                .filter(|&row| groups[row] == group)
                .collect();
            // A group of one class has no AUROC; that is told, and no reason to tell nothing of the others.
            let own = on_rows(given, metric, options, &rows).or_else(|error| match error {
                Error::Labels(_) => Ok(without_value(metric, rows.len())),
                other => Err(other),
            })?;
            measured.by.push((name, own));
        }
    }
    Ok(measured)
}

fn without_value(metric: Metric, n: usize) -> Measure {
    Measure {
        metric: metric.word().to_owned(),
        interval: Interval {
            value: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
        },
        method: "no value".to_owned(),
        standard_error: None,
        n,
        parts: Vec::new(),
        by: Vec::new(),
    }
}

fn on_rows(
    given: &Predictions,
    metric: Metric,
    options: &MeasureOptions,
    rows: &[usize],
) -> Result<Measure, Error> {
    let Some(estimate) = metric.estimate(given, rows) else {
        let reason = match metric.reads() {
            super::Reads::Numbers => "one side does not vary",
            _ => "it needs clips that are of a class and clips that are not",
        };
        return Err(Error::Labels(format!(
            "`{}` has no value here: {reason}",
            metric.word()
        )));
    };
    let value = estimate.value;
    let is_share = matches!(metric, Metric::Accuracy | Metric::TopK(_));
    let is_area = metric == Metric::Auroc && is_binary(given);
    let kind = match options.interval {
        IntervalKind::Usual if options.group.is_some() => IntervalKind::Bootstrap,
        IntervalKind::Usual if is_share => IntervalKind::Wilson,
        IntervalKind::Usual if is_area => IntervalKind::DeLong,
        IntervalKind::Usual => IntervalKind::Bootstrap,
        other => other,
    };
    let mut standard_error = None;
    let (interval, method) = match kind {
        IntervalKind::Wilson if is_share => {
            let right = rows
                .iter()
                .filter(|&&row| metric.is_right(given, row))
                .count();
            (wilson(right, rows.len()), "Wilson".to_owned())
        }
        IntervalKind::DeLong if is_area => {
            let both =
                binary(given, rows, 1).and_then(|(scores, positive)| delong(&scores, &positive));
            let Some((interval, error)) = both else {
                return Ok(without_value(metric, rows.len()));
            };
            standard_error = Some(error);
            (interval, "DeLong".to_owned())
        }
        IntervalKind::Wilson | IntervalKind::DeLong => {
            let text = match kind {
                IntervalKind::Wilson => {
                    "the interval of Wilson is one for a share of clips, such as the accuracy"
                }
                _ => "the interval of DeLong is one for the AUROC of two classes",
            };
            return Err(Error::Labels(format!(
                "{text}; \"bootstrap\" is one for every figure"
            )));
        }
        IntervalKind::None => (
            Interval {
                value,
                low: value,
                high: value,
            },
            "none".to_owned(),
        ),
        IntervalKind::Bootstrap | IntervalKind::Usual => {
            let units = units(given, options.group.as_deref(), rows)?;
            let mut values: Vec<f64> = draws(&units, options, |rows| {
                Some(metric.estimate(given, rows)?.value)
            });
            let (low, high) = ends(&mut values);
            let what = match &options.group {
                Some(column) => format!(
                    "bootstrap of {} values of {column}, {} draws",
                    units.len(),
                    options.draws
                ),
                None => format!("bootstrap, {} draws", options.draws),
            };
            standard_error = deviation(&values);
            (Interval { value, low, high }, what)
        }
    };
    Ok(Measure {
        metric: metric.word().to_owned(),
        interval,
        method,
        standard_error,
        n: rows.len(),
        parts: estimate.parts,
        by: Vec::new(),
    })
}

/// What is drawn: single clips, or the clips of each group.
pub(super) fn units(
    given: &Predictions,
    group: Option<&str>,
    rows: &[usize],
) -> Result<Vec<Vec<usize>>, Error> {
    let Some(column) = group else {
        return Ok(rows.iter().map(|&row| vec![row]).collect());
    };
    let (groups, _) = given.groups(column)?;
    let most = groups.iter().max().copied().unwrap_or(0);
    let mut units = vec![Vec::new(); most + 1];
    rows.iter().for_each(|&row| units[groups[row]].push(row));
    units.retain(|unit| !unit.is_empty());
    if units.len() < 2 {
        let text =
            format!("all clips are of one value of `{column}`: nothing can be drawn from it");
        return Err(Error::Labels(text));
    }
    Ok(units)
}

/// A figure on each draw, in the order of the draws; those without a value are left out.
pub(super) fn draws<T: Send>(
    units: &[Vec<usize>],
    options: &MeasureOptions,
    figure: impl Fn(&[usize]) -> Option<T> + Sync,
) -> Vec<T> {
    let one = |draw: usize| {
        let key = Key {
            seed: options.seed,
            epoch: 0,
            item: draw as u64,
            view: 0,
        };
        let mut random = key.at(Place::ROOT.named("bootstrap"));
        let mut rows = Vec::new();
        for _ in 0..units.len() {
            rows.extend_from_slice(&units[random.below(units.len())]);
        }
        figure(&rows)
    };
    let all: Vec<Option<T>> = (0..options.draws).into_par_iter().map(one).collect();
    all.into_iter().flatten().collect()
}

/// The 2.5 % and 97.5 % points of some values, between neighbours linearly; sorts them.
pub(super) fn ends(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |p: f64| {
        let Some(last) = values.len().checked_sub(1) else {
            return f64::NAN;
        };
        let place = p * last as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        values[below] + (place - place.floor()) * (values[above] - values[below])
    };
    (at(0.025), at(0.975))
}

fn deviation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt())
}
