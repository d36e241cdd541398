//! Figures of how scores rank clips: AUROC, average precision, and the variance of AUROC.

use super::interval::{Interval, Z};

/// The area under the receiver operating characteristic: the share of pairs of a positive and a negative in which the
/// positive has the higher score, ties counted one half. `None` without a positive or without a negative.
///
/// Hanley and McNeil, 1982; computed from midranks.
pub fn auroc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let n_positive = positive.iter().filter(|is| **is).count();
    let n_negative = positive.len() - n_positive;
    if n_positive == 0 || n_negative == 0 {
        return None;
    }
    let ranks = midranks(scores);
    let sum: f64 = ranks
        .iter()
        .zip(positive)
        .filter(|(_, is)| **is)
        .map(|(rank, _)| rank)
        .sum();
    let (m, n) = (n_positive as f64, n_negative as f64);
    Some((sum - m * (m + 1.0) / 2.0) / (m * n))
}

/// Average precision: the sum over distinct thresholds of (recall here - recall before) times precision here, without
/// interpolation. `None` without a positive.
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let n_positive = positive.iter().filter(|is| **is).count();
    if n_positive == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut found, mut seen, mut sum) = (0, 0, 0.0);
    for same in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let hits = same.iter().filter(|&&row| positive[row]).count();
        found += hits;
        seen += same.len();
        sum += hits as f64 / n_positive as f64 * found as f64 / seen as f64;
    }
    Some(sum)
}

/// Ranks from 1, equal values sharing the mean of theirs.
pub(super) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for same in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (same.len() as f64 + 1.0) / 2.0;
        same.iter().for_each(|&row| ranks[row] = rank);
        before += same.len();
    }
    ranks
}

/// The placement values of an AUROC: of each positive the share of negatives below it, of each negative the share of
/// positives above it. Their means are the AUROC.
struct Placements {
    of_positives: Vec<f64>,
    of_negatives: Vec<f64>,
}

/// Computed by midranks among all and among their own (Sun and Xu, 2014), in `n log n`.
fn placements(scores: &[f64], positive: &[bool]) -> Option<Placements> {
    let of = |wanted: bool| -> Vec<f64> {
        let own = scores.iter().zip(positive).filter(|(_, is)| **is == wanted);
        own.map(|(score, _)| *score).collect()
    };
    let (positives, negatives) = (of(true), of(false));
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let all: Vec<f64> = positives.iter().chain(&negatives).copied().collect();
    let (among_all, m) = (midranks(&all), positives.len());
    let (among_positives, among_negatives) = (midranks(&positives), midranks(&negatives));
    let of_positives = (0..m).map(|i| (among_all[i] - among_positives[i]) / negatives.len() as f64);
    let of_negatives =
        (0..negatives.len()).map(|j| 1.0 - (among_all[m + j] - among_negatives[j]) / m as f64);
    Some(Placements {
        of_positives: of_positives.collect(),
        of_negatives: of_negatives.collect(),
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample covariance; 0 of fewer than two pairs.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    if a.len() < 2 {
        return 0.0;
    }
    let (mean_a, mean_b) = (mean(a), mean(b));
    let products = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b));
    products.sum::<f64>() / (a.len() as f64 - 1.0)
}

/// The AUROC with its standard error: `sqrt(var(V10) / positives + var(V01) / negatives)`, `V` the placement values
/// (DeLong, DeLong and Clarke-Pearson, 1988). The interval is normal, cut to 0..1.
pub fn delong(scores: &[f64], positive: &[bool]) -> Option<(Interval, f64)> {
    let of = placements(scores, positive)?;
    let value = mean(&of.of_positives);
    let variance = covariance(&of.of_positives, &of.of_positives) / of.of_positives.len() as f64
        + covariance(&of.of_negatives, &of.of_negatives) / of.of_negatives.len() as f64;
    let error = variance.sqrt();
    let interval = Interval {
        value,
        low: (value - Z * error).max(0.0),
        high: (value + Z * error).min(1.0),
    };
    Some((interval, error))
}

/// The difference of two AUROCs on the same clips with its standard error, by the covariance of their placement values
/// (DeLong, DeLong and Clarke-Pearson, 1988, eq. 5).
pub(super) fn delong_difference(a: &[f64], b: &[f64], positive: &[bool]) -> Option<(f64, f64)> {
    let (a, b) = (placements(a, positive)?, placements(b, positive)?);
    let difference =
        |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x - y).collect() };
    let (of_positives, of_negatives) = (
        difference(&a.of_positives, &b.of_positives),
        difference(&a.of_negatives, &b.of_negatives),
    );
    let variance = covariance(&of_positives, &of_positives) / of_positives.len() as f64
        + covariance(&of_negatives, &of_negatives) / of_negatives.len() as f64;
    Some((mean(&of_positives), variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_is_the_share_of_pairs_in_order() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4];
        let positive = [false, false, true, true, true];
        let mut right = 0.0;
        for (a, _) in scores.iter().zip(positive).filter(|(_, is)| *is) {
            for (b, _) in scores.iter().zip(positive).filter(|(_, is)| !*is) {
                right += if a > b {
                    1.0
                } else if a == b {
                    0.5
                } else {
                    0.0
                };
            }
        }
        assert!((auroc(&scores, &positive).unwrap() - right / 6.0).abs() < 1e-15);
        assert_eq!(auroc(&scores, &[true; 5]), None);
        let (interval, error) = delong(&scores, &positive).unwrap();
        assert!((interval.value - right / 6.0).abs() < 1e-15 && error > 0.0);
        assert_eq!(
            delong_difference(&scores, &scores, &positive),
            Some((0.0, 0.0))
        );
    }
}
