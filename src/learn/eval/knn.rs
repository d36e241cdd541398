//! Weighted nearest neighbours.

use super::matrix::{Matrix, dot};
use crate::Error;

/// Options of the nearest-neighbour judgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnnOptions {
    /// Number of neighbours.
    pub k: usize,
    /// Temperature of the votes.
    pub temperature: f64,
}

impl Default for KnnOptions {
    fn default() -> KnnOptions {
        KnnOptions {
            k: 20,
            temperature: 0.07,
        }
    }
}

/// The score of every class for each query: each of the `k` nearest rows of the bank by cosine similarity `s` adds
/// `exp(s / temperature)` to its class (Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance
/// Discrimination", 2018, section 3.4).
///
/// # Errors
/// [`Error::Range`] for `k` of 0 or a temperature that is not above 0; [`Error::Labels`] if the bank is empty.
pub fn knn_scores(
    bank: &Matrix,
    labels: &[usize],
    queries: &Matrix,
    n_classes: usize,
    options: KnnOptions,
) -> Result<Matrix, Error> {
    if labels.is_empty() {
        return Err(Error::Labels(
            "nearest neighbours need labelled clips".into(),
        ));
    }
    let mut rows = Vec::with_capacity(queries.rows());
    for votes in knn_votes(bank, queries, options)? {
        let mut scores = vec![0.0; n_classes];
        votes
            .into_iter()
            .for_each(|(row, vote)| scores[labels[row]] += vote);
        rows.push(scores);
    }
    Ok(Matrix::of_rows(rows))
}

/// The rows of a bank that are nearest to a query, each with its vote.
type Votes = Vec<(usize, f64)>;

/// The nearest rows of the bank to each query, and the vote of each.
///
/// # Errors
/// As [`knn_scores`].
pub(super) fn knn_votes(
    bank: &Matrix,
    queries: &Matrix,
    options: KnnOptions,
) -> Result<Vec<Votes>, Error> {
    if options.k == 0 {
        return Err(Error::range("k", "at least 1", 0));
    }
    if !(options.temperature > 0.0 && options.temperature.is_finite()) {
        return Err(Error::range("temperature", "above 0", options.temperature));
    }
    let (bank, queries) = (normalized(bank), normalized(queries));
    let one = |query: usize| {
        let mut near: Vec<(f64, usize)> = (0..bank.rows())
            .map(|row| (dot(bank.row(row), queries.row(query)), row))
            .collect();
        // Equal similarities in the order of the bank, so that the choice is always the same.
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let nearest = near.into_iter().take(options.k);
        nearest
            .map(|(similarity, row)| (row, (similarity / options.temperature).exp()))
            .collect()
    };
    Ok((0..queries.rows()).map(one).collect())
}

/// Rows scaled to length 1: Euclidean distances of those rise with the angle between them. A row of zeros stays.
pub fn normalized(x: &Matrix) -> Matrix {
    let mut out = x.clone();
    for row in out.values.chunks_mut(x.columns.max(1)) {
        let norm = dot(row, row).sqrt().max(1e-12);
        row.iter_mut().for_each(|v| *v /= norm);
    }
    out
}
