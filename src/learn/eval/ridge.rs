//! Ridge regression in double precision.

use super::Matrix;
use super::matrix::dot;
use crate::Error;
use rayon::prelude::*;

/// A fitted ridge regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// A weight for each column.
    pub weights: Vec<f64>,
    /// The intercept.
    pub intercept: f64,
}

impl Ridge {
    /// Minimizes `|y - X w - b|^2 + alpha |w|^2`, the intercept free, in closed form (Hoerl and Kennard, 1970).
    ///
    /// Columns and answers are centred, and the normal equations solved by Cholesky's decomposition: those of the columns,
    /// or where there are fewer rows those of the rows, which have the same solution.
    ///
    /// # Errors
    /// [`Error::Range`] for an `alpha` that is not above 0, [`Error::Labels`] for fewer than two rows.
    pub fn fit(x: &Matrix, y: &[f64], alpha: f64) -> Result<Ridge, Error> {
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::range("alpha", "above 0", alpha));
        }
        let (n, d) = (x.rows(), x.columns);
        if n < 2 || y.len() != n {
            return Err(Error::Labels(
                "a regression needs at least two clips with a number each".to_owned(),
            ));
        }
        let mut mean = vec![0.0; d];
        (0..n).for_each(|row| {
            mean.iter_mut()
                .zip(x.row(row))
                .for_each(|(m, v)| *m += v / n as f64)
        });
        let centred: Vec<Vec<f64>> = (0..n)
            .map(|row| x.row(row).iter().zip(&mean).map(|(v, m)| v - m).collect())
            .collect();
        let middle = y.iter().sum::<f64>() / n as f64;
        let y: Vec<f64> = y.iter().map(|y| y - middle).collect();
        let weights = if d <= n {
            let columns: Vec<Vec<f64>> = (0..d)
                .map(|k| centred.iter().map(|row| row[k]).collect())
                .collect();
            let right = columns.iter().map(|column| dot(column, &y)).collect();
            solve(gram(&columns, alpha), right)
        } else {
            let dual = solve(gram(&centred, alpha), y);
            let mut weights = vec![0.0; d];
            for (row, a) in centred.iter().zip(&dual) {
                weights.iter_mut().zip(row).for_each(|(w, v)| *w += a * v);
            }
            weights
        };
        let intercept = middle - dot(&weights, &mean);
        Ok(Ridge { weights, intercept })
    }

    /// The number of each row.
    pub fn predict(&self, x: &Matrix) -> Vec<f64> {
        (0..x.rows())
            .map(|row| dot(&self.weights, x.row(row)) + self.intercept)
            .collect()
    }
}

/// All products of vectors with each other, `alpha` more on the diagonal: the lower half.
fn gram(vectors: &[Vec<f64>], alpha: f64) -> Vec<Vec<f64>> {
    let row = |i: usize| -> Vec<f64> {
        let mut row: Vec<f64> = (0..=i).map(|j| dot(&vectors[i], &vectors[j])).collect();
        row[i] += alpha;
        row
    };
    (0..vectors.len()).into_par_iter().map(row).collect()
}

/// Solves a positive definite system, given by its lower half.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = a.len();
    for i in 0..n {
        for j in 0..=i {
            let sum = a[i][j] - dot(&a[i][..j], &a[j][..j]);
            // Above zero, because `alpha` stands on the diagonal; rounding of huge columns may still reach it.
            a[i][j] = if i == j {
                sum.max(f64::MIN_POSITIVE).sqrt()
            } else {
                sum / a[j][j]
            };
        }
    }
    for i in 0..n {
        b[i] = (b[i] - dot(&a[i][..i], &b[..i])) / a[i][i];
    }
    for i in (0..n).rev() {
        let below: f64 = (i + 1..n).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - below) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_zero_at_the_minimum_with_few_rows_and_with_many() {
        for (n, d) in [(40, 5), (6, 20)] {
            let value =
                |i: usize, j: usize| ((i * 7 + j * 13) as f64 * 0.37).sin() * (1.0 + j as f64);
            let x = Matrix::of_rows(
                (0..n)
                    .map(|i| (0..d).map(|j| value(i, j)).collect())
                    .collect(),
            );
            let y: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).cos() + 3.0).collect();
            let fitted = Ridge::fit(&x, &y, 0.3).unwrap();
            let left: Vec<f64> = fitted
                .predict(&x)
                .iter()
                .zip(&y)
                .map(|(p, y)| p - y)
                .collect();
            assert!(
                left.iter().sum::<f64>().abs() < 1e-9,
                "the intercept is free"
            );
            for (j, weight) in fitted.weights.iter().enumerate() {
                let gradient = (0..n).map(|i| left[i] * x.row(i)[j]).sum::<f64>() + 0.3 * weight;
                assert!(gradient.abs() < 1e-9, "{n} x {d}, weight {j}: {gradient}");
            }
        }
        assert!(Ridge::fit(&Matrix::of_rows(vec![vec![1.0]; 3]), &[1.0, 2.0, 3.0], 0.0).is_err());
    }
}
