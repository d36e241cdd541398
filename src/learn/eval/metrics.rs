//! Figures of merit.

use super::interval::{Interval, wilson};

/// The share of right predictions with its Wilson interval.
pub fn accuracy(predicted: &[usize], truth: &[usize]) -> Interval {
    let right = predicted.iter().zip(truth).filter(|(p, t)| p == t).count();
    wilson(right, truth.len())
}

/// How often each class (row) was taken for each (column).
pub fn confusion(predicted: &[usize], truth: &[usize], n_classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; n_classes]; n_classes];
    for (&p, &t) in predicted.iter().zip(truth) {
        counts[t][p] += 1;
    }
    counts
}
