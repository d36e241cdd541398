//! The nearest neighbours of every row, by comparing all pairs.

use crate::Error;
use crate::eval::Matrix;
use crate::feed::{Stop, Workers};

/// The neighbours of a row, the nearest first: their indices and Euclidean distances.
pub(super) struct Nearest {
    pub(super) indices: Vec<usize>,
    pub(super) distances: Vec<f64>,
}

/// Square of the Euclidean distance of two rows.
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail = a4.remainder().iter().zip(b4.remainder());
    let tail: f64 = tail.map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in a4.zip(b4) {
        for i in 0..4 {
            sums[i] += (x[i] - y[i]) * (x[i] - y[i]);
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}

/// The `k` nearest other rows of every row; of equally near ones, the first. `k` is below the number of rows.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop.
pub(super) fn nearest(
    rows: &Matrix,
    k: usize,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Vec<Nearest>, Error> {
    let n = rows.rows();
    workers.map(n, stop, |i| {
        let others = (0..n).filter(|&j| j != i);
        let mut others: Vec<(f64, usize)> = others
            .map(|j| (squared_distance(rows.row(i), rows.row(j)), j))
            .collect();
        let by_distance =
            |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if k < others.len() {
            others.select_nth_unstable_by(k, by_distance);
            others.truncate(k);
        }
        others.sort_by(by_distance);
        Ok(Nearest {
            indices: others.iter().map(|(_, j)| *j).collect(),
            distances: others.iter().map(|(square, _)| square.sqrt()).collect(),
        })
    })
}
