//! How far the neighbours on a map are neighbours indeed.

use super::neighbours::{nearest, squared_distance};
use crate::Error;
use crate::eval::Matrix;
use crate::feed::{Stop, Workers};

/// Computes the trustworthiness of a map.
///
/// `T(k) = 1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j in U_k(i)} (r(i, j) - k)`, where `U_k(i)` are those of the `k` nearest on the
/// map that are not among the `k` nearest in fact, and `r(i, j)` is the rank of `j` by its distance from `i` in fact. Venna
/// and Kaski, "Neighborhood preservation in nonlinear projection methods", 2001, eq. 1. 1 is a map on which nobody is a
/// neighbour who was none.
///
/// # Shapes
/// `rows` `[clips, features]`, `points` `[clips, 2]`.
///
/// # Errors
/// [`Error::Shape`] if they differ in clips; [`Error::Range`] unless `1 <= k < clips / 2`; [`Error::Stopped`] if asked to stop.
pub fn trustworthiness(
    rows: &Matrix,
    points: &[[f64; 2]],
    k: usize,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<f64, Error> {
    let n = rows.rows();
    if points.len() != n {
        return Err(Error::Shape {
            what: "points",
            want: format!("[{n}, 2], one for each row"),
            got: vec![points.len(), 2],
        });
    }
    if k == 0 || 2 * k >= n {
        let want = format!("at least 1 and below half of {n} rows");
        return Err(Error::range("neighbours", want, k));
    }
    let on_map = Matrix {
        columns: 2,
        values: points.concat(),
    };
    let neighbours = nearest(&on_map, k, workers, stop)?;
    let penalties = workers.map(n, stop, |i| {
        let distances: Vec<f64> = (0..n)
            .map(|j| squared_distance(rows.row(i), rows.row(j)))
            .collect();
        let rank = |j: usize| {
            let nearer = |other: usize| {
                let (a, b) = (distances[other], distances[j]);
                other != i && (a < b || (a == b && other < j))
            };
            1 + (0..n).filter(|&other| nearer(other)).count()
        };
        let beyond = neighbours[i].indices.iter();
        Ok(beyond.map(|&j| rank(j).saturating_sub(k)).sum::<usize>())
    })?;
    let penalty: usize = penalties.iter().sum();
    let (n, k) = (n as f64, k as f64);
    Ok(1.0 - 2.0 * penalty as f64 / (n * k * (2.0 * n - 3.0 * k - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_kept_is_trusted_and_one_that_is_mixed_is_not() {
        let workers = Workers::new(Some(2)).unwrap();
        let rows = Matrix::of_rows((0..6).map(|i| vec![f64::from(i * i), 1.0]).collect());
        let kept: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i * i), 0.0]).collect();
        let of = |points: &[[f64; 2]]| trustworthiness(&rows, points, 1, &workers, &|| false);
        assert_eq!(of(&kept).unwrap(), 1.0);
        // Places 0 1 4 9 16 25 shuffled along a line; the ranks are found again by sorting.
        let mixed = [0.0, 2.0, 4.0, 1.0, 3.0, 5.0].map(|x| [x, 0.0]);
        let by_hand = 1.0 - 2.0 * ranks_beyond_one(&mixed) as f64 / 48.0;
        assert_eq!(of(&mixed).unwrap(), by_hand);
        assert!(by_hand < 0.8, "{by_hand}");
        assert!(trustworthiness(&rows, &kept, 3, &workers, &|| false).is_err());
    }

    /// The sum by sorting, for one neighbour.
    fn ranks_beyond_one(points: &[[f64; 2]; 6]) -> usize {
        let order = |distance: &dyn Fn(usize) -> f64, own: usize| {
            let mut others: Vec<usize> = (0..6).filter(|&j| j != own).collect();
            others.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            others
        };
        let place = |i: usize| (i * i) as f64;
        let one = |i: usize| {
            let nearest = order(&|j| (points[i][0] - points[j][0]).abs(), i)[0];
            let in_fact = order(&|j| (place(i) - place(j)).abs(), i);
            in_fact.iter().position(|&j| j == nearest).unwrap()
        };
        (0..6).map(one).sum()
    }
}
