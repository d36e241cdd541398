//! Paired tests: whether one of two ways to predict is better on the same clips, or over the same splits.

use super::distributions::{normal_cdf, sign_test, student_t_975, student_t_beyond};
use super::interval::{Interval, Z};
use super::measuring::{draws, ends, units};
use super::metric::{binary, is_binary};
use super::ranking::delong_difference;
use super::{MeasureOptions, Metric, Predictions};
use crate::Error;

/// A paired test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// McNemar's, exact: of clips that one gets right and the other wrong. Interval by the bootstrap.
    McNemar,
    /// DeLong's, of two AUROCs of two classes.
    DeLong,
    /// The bootstrap of the difference, with the same clips or groups drawn for both.
    Bootstrap,
    /// Student's t over pairs, such as seeds.
    PairedT,
    /// Student's t over splits whose training clips overlap, with the corrected variance.
    CorrectedT,
}

impl Test {
    /// The words for all of them.
    pub const WORDS: [(&'static str, Test); 5] = [
        ("mcnemar", Test::McNemar),
        ("delong", Test::DeLong),
        ("bootstrap", Test::Bootstrap),
        ("paired_t", Test::PairedT),
        ("corrected_t", Test::CorrectedT),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Test::WORDS
            .iter()
            .find(|(_, own)| *own == self)
            .map_or("", |(word, _)| word)
    }
}

/// What a paired test found.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Comparison {
    /// What was compared, such as `accuracy`.
    pub metric: String,
    /// The test.
    pub test: String,
    /// First value minus second one, with its 95 % interval.
    #[serde(flatten)]
    pub difference: Interval,
    /// Two-sided probability of a difference this large where there is none.
    pub p: f64,
    /// The first and the second value.
    pub values: [f64; 2],
    /// Pairs: clips, or results.
    pub n: usize,
    /// Facts of the test, such as the numbers of clips that only one gets right.
    pub facts: Vec<(String, f64)>,
}

/// Compares predictions for the same clips.
///
/// McNemar, 1947, by the exact binomial probability; DeLong, DeLong and Clarke-Pearson, 1988. The bootstrap's `p` is twice
/// the smaller share of draws on one side of zero, `(count + 1) / (draws + 1)`.
///
/// # Errors
/// [`Error::Labels`] unless both are of the same clips with the same truth, and what the figure and the test need;
/// [`Error::Range`] for fewer than 100 draws.
pub fn compare_predictions(
    a: &Predictions,
    b: &Predictions,
    metric: Metric,
    test: Option<Test>,
    options: &MeasureOptions,
) -> Result<Comparison, Error> {
    metric.check(a)?;
    metric.check(b)?;
    if options.draws < 100 {
        return Err(Error::range("draws", "at least 100", options.draws));
    }
    if a.ids() != b.ids() || a.truth != b.truth || a.classes != b.classes {
        let text = "the two sets of predictions are not of the same clips in the same order, with the same labels";
        return Err(Error::Labels(text.to_owned()));
    }
    let is_share = matches!(metric, Metric::Accuracy | Metric::TopK(_));
    let is_area = metric == Metric::Auroc && is_binary(a);
    let test = test.unwrap_or(match options.group.is_some() {
        true => Test::Bootstrap,
        false if is_share => Test::McNemar,
        false if is_area => Test::DeLong,
        false => Test::Bootstrap,
    });
    let all: Vec<usize> = (0..a.len()).collect();
    let value = |given: &Predictions| {
        let none = || Error::Labels(format!("`{}` has no value on these clips", metric.word()));
        metric
            .estimate(given, &all)
            .map(|estimate| estimate.value)
            .ok_or_else(none)
    };
    let values = [value(a)?, value(b)?];
    let mut facts = Vec::new();
    let (difference, p) = match test {
        Test::McNemar if is_share => {
            let only = |one: &Predictions, other: &Predictions| {
                let rows = all
                    .iter()
                    .filter(|&&row| metric.is_right(one, row) && !metric.is_right(other, row));
                rows.count() as u64
            };
            let (first, second) = (only(a, b), only(b, a));
            facts = vec![
                ("only first right".to_owned(), first as f64),
                ("only second right".to_owned(), second as f64),
            ];
            (
                bootstrap(a, b, metric, values, options)?.0,
                sign_test(first, first + second),
            )
        }
        Test::DeLong if is_area => {
            let pair = binary(a, &all, 1).zip(binary(b, &all, 1));
            let found =
                pair.and_then(|((x, positive), (y, _))| delong_difference(&x, &y, &positive));
            let (value, error) = found.unwrap_or((f64::NAN, f64::NAN));
            facts = vec![("standard error".to_owned(), error)];
            let p = if error > 0.0 {
                2.0 * normal_cdf(-(value / error).abs())
            } else {
                f64::from(u8::from(value == 0.0))
            };
            (
                Interval {
                    value,
                    low: value - Z * error,
                    high: value + Z * error,
                },
                p,
            )
        }
        Test::Bootstrap => bootstrap(a, b, metric, values, options)?,
        Test::McNemar | Test::DeLong => {
            let what = if test == Test::McNemar {
                "shares of clips, such as accuracies"
            } else {
                "AUROCs of two classes"
            };
            return Err(Error::Labels(format!(
                "\"{}\" compares {what}; \"bootstrap\" compares every figure",
                test.word()
            )));
        }
        Test::PairedT | Test::CorrectedT => {
            let text = format!(
                "\"{}\" compares arrays of results, one of each seed or split, not predictions",
                test.word()
            );
            return Err(Error::Labels(text));
        }
    };
    let n = a.len();
    Ok(Comparison {
        metric: metric.word().to_owned(),
        test: test.word().to_owned(),
        difference,
        p,
        values,
        n,
        facts,
    })
}

fn bootstrap(
    a: &Predictions,
    b: &Predictions,
    metric: Metric,
    values: [f64; 2],
    options: &MeasureOptions,
) -> Result<(Interval, f64), Error> {
    let all: Vec<usize> = (0..a.len()).collect();
    let units = units(a, options.group.as_deref(), &all)?;
    let mut drawn = draws(&units, options, |rows| {
        Some(metric.estimate(a, rows)?.value - metric.estimate(b, rows)?.value)
    });
    let count = |is: fn(f64) -> bool| drawn.iter().filter(|d| is(**d)).count() as f64 + 1.0;
    let smaller = count(|d| d <= 0.0).min(count(|d| d >= 0.0));
    let p = (2.0 * smaller / (drawn.len() as f64 + 1.0)).min(1.0);
    let (low, high) = ends(&mut drawn);
    Ok((
        Interval {
            value: values[0] - values[1],
            low,
            high,
        },
        p,
    ))
}

/// Compares results of the same seeds or splits, pair by pair, by Student's t with `n - 1` degrees of freedom.
///
/// Over splits whose training clips overlap the variance of the mean is `(1/n + test share) var`, where `test_share` is the
/// number of test clips over that of training clips (Nadeau and Bengio, 2003, section 3); over seeds it is `var / n`.
///
/// # Errors
/// [`Error::Labels`] for fewer than two pairs or another number on one side, or a number that is none;
/// [`Error::Range`] for a share that is not above 0.
pub fn compare_results(a: &[f64], b: &[f64], test_share: Option<f64>) -> Result<Comparison, Error> {
    if a.len() != b.len() || a.len() < 2 {
        let text = format!(
            "a paired test takes at least two results of each, pair by pair, not {} and {}",
            a.len(),
            b.len()
        );
        return Err(Error::Labels(text));
    }
    if a.iter().chain(b).any(|x| !x.is_finite()) {
        return Err(Error::Labels(
            "there is a result that is no finite number".to_owned(),
        ));
    }
    if let Some(share) = test_share
        && !(share > 0.0 && share.is_finite())
    {
        return Err(Error::range(
            "test_share",
            "above 0: test clips over training clips",
            share,
        ));
    }
    let n = a.len() as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let value = mean(&differences);
    let variance = differences.iter().map(|d| (d - value).powi(2)).sum::<f64>() / (n - 1.0);
    let error = ((1.0 / n + test_share.unwrap_or(0.0)) * variance).sqrt();
    let t = value / error;
    let p = match error > 0.0 {
        true => student_t_beyond(t, n - 1.0),
        false => f64::from(u8::from(value == 0.0)),
    };
    let half = student_t_975(n - 1.0) * error;
    let test = if test_share.is_some() {
        Test::CorrectedT
    } else {
        Test::PairedT
    };
    Ok(Comparison {
        metric: "mean".to_owned(),
        test: test.word().to_owned(),
        difference: Interval {
            value,
            low: value - half,
            high: value + half,
        },
        p,
        values: [mean(a), mean(b)],
        n: a.len(),
        facts: vec![
            ("t".to_owned(), t),
            ("degrees of freedom".to_owned(), n - 1.0),
            ("standard error".to_owned(), error),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Guess, Truth, measure};

    fn guessed(classes: &[usize]) -> Predictions {
        let truth = Truth::Classes(vec![0; 20]);
        Predictions::new(
            Guess::Classes(classes.to_vec()),
            truth,
            ["a", "b"].map(String::from).to_vec(),
        )
        .unwrap()
    }

    #[test]
    fn mcnemar_counts_clips_that_only_one_gets_right() {
        let a = guessed(&[[0; 18].as_slice(), &[1; 2]].concat());
        let b = guessed(&[[1; 8].as_slice(), &[0; 12]].concat());
        let found = compare_predictions(&a, &b, Metric::Accuracy, None, &MeasureOptions::default())
            .unwrap();
        // 8 clips right by the first alone, 2 by the second alone: as 2 heads of 10 coins.
        assert_eq!(
            (found.test.as_str(), found.facts[0].1, found.facts[1].1),
            ("mcnemar", 8.0, 2.0)
        );
        assert!(
            (found.p - 112.0 / 1024.0).abs() < 1e-12
                && (found.difference.value - 0.3).abs() < 1e-12
        );
        assert!(
            found.difference.low <= 0.0 && found.difference.high > 0.5,
            "{found:?}"
        );
        let same = compare_predictions(&a, &a, Metric::Accuracy, None, &MeasureOptions::default())
            .unwrap();
        assert_eq!(
            (same.p, same.difference.low, same.difference.high),
            (1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn groups_are_drawn_as_wholes() {
        // Four groups, in each of which all are right or all wrong: a draw of groups varies more than one of clips.
        let a = guessed(&[[0; 10].as_slice(), &[1; 10]].concat());
        let cells = (0..20).map(|i| Some(format!("g{}", i / 5))).collect();
        let a = a.with_column("patient", cells).unwrap();
        let by = |group: Option<&str>| MeasureOptions {
            group: group.map(str::to_owned),
            ..MeasureOptions::default()
        };
        let grouped = measure(&a, Metric::Accuracy, &by(Some("patient"))).unwrap();
        let single = measure(&a, Metric::Accuracy, &by(None)).unwrap();
        assert_eq!(
            grouped.method,
            "bootstrap of 4 values of patient, 1000 draws"
        );
        assert_eq!((grouped.interval.low, grouped.interval.high), (0.0, 1.0));
        assert!(single.interval.low > 0.25 && single.method == "Wilson");
        let told = MeasureOptions {
            by: Some("patient".to_owned()),
            ..MeasureOptions::default()
        };
        let told = measure(&a, Metric::Accuracy, &told).unwrap();
        let values: Vec<f64> = told.by.iter().map(|(_, own)| own.interval.value).collect();
        assert_eq!(values, [1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let (a, mut b) = (guessed(&[0; 20]), guessed(&[1; 20]));
        let found = compare_predictions(&a, &b, Metric::Auroc, None, &MeasureOptions::default());
        let text = found.unwrap_err().to_string();
        assert_eq!(
            text,
            "`auroc` is computed from scores of classes, and the class or classes of each clip"
        );
        b.truth = Truth::Classes(vec![1; 20]);
        assert!(
            compare_predictions(&a, &b, Metric::Accuracy, None, &MeasureOptions::default())
                .is_err()
        );
        assert!(compare_results(&[0.5], &[0.4], None).is_err());
        assert!(compare_results(&[0.5, 0.6], &[0.4, 0.5], Some(0.0)).is_err());
    }
}
