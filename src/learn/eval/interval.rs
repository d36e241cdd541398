//! Confidence intervals.

use super::distributions::student_t_975;
use serde::{Deserialize, Serialize};

/// A value with a 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 97.5 % point of the standard normal distribution.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// The score interval of a share of successes (Wilson, 1927).
///
/// `(p + z^2/2n ± z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)` with `p = successes / n`.
pub fn wilson(successes: usize, n: usize) -> Interval {
    if n == 0 {
        return Interval {
            value: f64::NAN,
            low: 0.0,
            high: 1.0,
        };
    }
    let (p, n) = (successes as f64 / n as f64, n as f64);
    let (z2, scale) = (Z * Z, 1.0 + Z * Z / n);
    let center = (p + z2 / (2.0 * n)) / scale;
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / scale;
    Interval {
        value: p,
        low: (center - half).max(0.0),
        high: (center + half).min(1.0),
    }
}

/// The mean of some runs with Student's t interval, from the sample standard deviation; of one run without width.
pub fn mean_interval(values: &[f64]) -> Interval {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return Interval {
            value: mean,
            low: mean,
            high: mean,
        };
    }
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let half = student_t_975(n - 1.0) * deviation / n.sqrt();
    Interval {
        value: mean,
        low: mean - half,
        high: mean + half,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_agree_with_published_tables() {
        // Two-sided 95 % points of Student's t: NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
        for (freedom, want) in [
            (1.0, 12.706),
            (2.0, 4.303),
            (4.0, 2.776),
            (10.0, 2.228),
            (100.0, 1.984),
        ] {
            assert!(
                (student_t_975(freedom) - want).abs() < 5e-4,
                "{freedom}: {}",
                student_t_975(freedom)
            );
        }
        // The intervals quoted for 0.97 of 300 and 0.74 of 80 (59 right) in the measured baseline.
        let (a, b) = (wilson(291, 300), wilson(59, 80));
        assert!((a.low - 0.944).abs() < 1e-3 && (a.high - 0.984).abs() < 1e-3);
        assert!((b.low - 0.63).abs() < 5e-3 && (b.high - 0.82).abs() < 5e-3);
    }

    #[test]
    fn ends_stay_in_range() {
        assert_eq!((wilson(0, 5).low, wilson(5, 5).high), (0.0, 1.0));
        assert_eq!(
            mean_interval(&[0.5]),
            Interval {
                value: 0.5,
                low: 0.5,
                high: 0.5
            }
        );
    }
}
