//! Principal components.
//!
//! Only two directions are wanted of a covariance that may have thousands of columns. So no whole decomposition is made: a block
//! of a dozen directions is multiplied by the covariance and made orthogonal again until the first two stand still (subspace
//! iteration with the Rayleigh-Ritz step; Golub and Van Loan, "Matrix Computations", 4th edition, sections 8.2.4 and 8.3.7).

use crate::Error;
use crate::eval::Matrix;
use crate::eval::matrix::dot;
use crate::feed::{Stop, Workers};
use auricle_audio::Rng;

/// Directions that are iterated; those beyond the second let it converge where it is close to the third.
const BLOCK: usize = 12;
/// Steps at most. Where they do not suffice, directions of equal variance are being told apart, and any will do.
const STEPS: usize = 3000;
/// How far a direction may be turned by the covariance, as a share of the largest variance.
const TOLERANCE: f64 = 1e-12;

/// Rows seen along the two directions of the largest variance.
pub(super) struct Components {
    /// Places of the rows.
    pub(super) points: Vec<[f64; 2]>,
    /// Shares of the whole variance.
    pub(super) shares: [f64; 2],
}

/// The two first principal components of rows. The entry of a direction that is largest in magnitude is positive, which is how
/// scikit-learn settles the sign since version 1.5.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop.
pub(super) fn pca(rows: &Matrix, workers: &Workers, stop: Stop<'_>) -> Result<Components, Error> {
    let (n, d) = (rows.rows(), rows.columns);
    let mut columns: Vec<Vec<f64>> = (0..d)
        .map(|j| (0..n).map(|i| rows.row(i)[j]).collect())
        .collect();
    for column in &mut columns {
        let mean = column.iter().sum::<f64>() / n as f64;
        column.iter_mut().for_each(|x| *x -= mean);
    }
    let upper = workers.map(d, stop, |i| {
        let products = (i..d).map(|j| dot(&columns[i], &columns[j]));
        Ok(products.collect::<Vec<f64>>())
    })?;
    let covariance: Vec<Vec<f64>> = (0..d)
        .map(|i| {
            let below = (0..i).map(|j| upper[j][i - j]);
            below.chain(upper[i].iter().copied()).collect()
        })
        .collect();
    let whole: f64 = (0..d).map(|i| covariance[i][i]).sum();
    let (directions, variances) = leading(&covariance, workers, stop)?;
    let point = |i: usize| {
        std::array::from_fn(|axis| {
            let direction = directions.get(axis)?;
            let terms = columns.iter().zip(direction).map(|(c, v)| c[i] * v);
            Some(terms.sum::<f64>())
        })
        .map(|place: Option<f64>| place.unwrap_or(0.0))
    };
    let share = |axis: usize| match variances.get(axis) {
        Some(variance) if whole > 0.0 => variance.max(0.0) / whole,
        _ => 0.0,
    };
    Ok(Components {
        points: (0..n).map(point).collect(),
        shares: [share(0), share(1)],
    })
}

/// At most two eigenvectors of a symmetric matrix with the largest eigenvalues, and these.
fn leading(
    matrix: &[Vec<f64>],
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<(Vec<Vec<f64>>, Vec<f64>), Error> {
    let d = matrix.len();
    let m = BLOCK.min(d);
    let wanted = m.min(2);
    // The start only must not be orthogonal to what is sought: it is the same for every seed.
    let mut rng = Rng::from_words(&[0x7063_6121]);
    let mut basis: Vec<Vec<f64>> = (0..m)
        .map(|_| (0..d).map(|_| rng.normal()).collect())
        .collect();
    orthogonal(&mut basis);
    let mut values = vec![0.0; m];
    for _ in 0..STEPS {
        // Row by row, as threads have it; then a column for each direction.
        let images = workers.map(d, stop, |i| {
            let row = basis.iter().map(|direction| dot(&matrix[i], direction));
            Ok(row.collect::<Vec<f64>>())
        })?;
        let images: Vec<Vec<f64>> = (0..m)
            .map(|k| images.iter().map(|row| row[k]).collect())
            .collect();
        let small: Vec<Vec<f64>> = basis
            .iter()
            .map(|a| images.iter().map(|b| dot(a, b)).collect())
            .collect();
        let (turns, found) = symmetric_eigen(small);
        let turned = |block: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let one = |turn: &Vec<f64>| {
                let entry = |i: usize| turn.iter().zip(block).map(|(t, v)| t * v[i]).sum();
                (0..d).map(entry).collect()
            };
            turns.iter().map(one).collect()
        };
        let (ritz, mut images) = (turned(&basis), turned(&images));
        values = found;
        let scale = values[0].abs().max(f64::MIN_POSITIVE);
        let still = (0..wanted).all(|k| {
            let rest = images[k].iter().zip(&ritz[k]);
            let rest: f64 = rest.map(|(z, q)| (z - values[k] * q).powi(2)).sum();
            rest.sqrt() <= TOLERANCE * scale
        });
        if still {
            basis = ritz;
            break;
        }
        orthogonal(&mut images);
        basis = images;
    }
    basis.truncate(wanted);
    values.truncate(wanted);
    for direction in &mut basis {
        let mut largest = 0.0_f64;
        for &entry in direction.iter() {
            if entry.abs() > largest.abs() {
                largest = entry;
            }
        }
        if largest < 0.0 {
            direction.iter_mut().for_each(|entry| *entry = -*entry);
        }
    }
    Ok((basis, values))
}

/// Makes vectors orthonormal (Gram and Schmidt, modified, twice). One that depends on those before it is replaced by a
/// unit vector that does not.
fn orthogonal(vectors: &mut [Vec<f64>]) {
    let d = vectors.first().map_or(0, Vec::len);
    let mut units = 0..d;
    for k in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(k);
        let own = &mut rest[0];
        loop {
            let size = dot(own, own).sqrt();
            for _ in 0..2 {
                for other in before.iter() {
                    let along = dot(own, other);
                    own.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
                }
            }
            let left = dot(own, own).sqrt();
            if left > 1e-10 * size && left > f64::MIN_POSITIVE {
                own.iter_mut().for_each(|x| *x /= left);
                break;
            }
            own.fill(0.0);
            match units.next() {
                Some(unit) => own[unit] = 1.0,
                None => break,
            }
        }
    }
}

/// Eigenvectors, one a row, and eigenvalues of a small symmetric matrix, the largest first (Jacobi's rotations; Golub and Van
/// Loan, section 8.5).
fn symmetric_eigen(mut a: Vec<Vec<f64>>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let m = a.len();
    let mut vectors: Vec<Vec<f64>> = (0..m)
        .map(|i| (0..m).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    for _ in 0..60 {
        let mut turned = false;
        for p in 0..m {
            for q in p + 1..m {
                if a[p][q].abs() <= 1e-17 * (a[p][p].abs() + a[q][q].abs()) {
                    continue;
                }
                turned = true;
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in a.iter_mut() {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                for k in 0..m {
                    let (x, y) = (a[p][k], a[q][k]);
                    (a[p][k], a[q][k]) = (c * x - s * y, s * x + c * y);
                    let (x, y) = (vectors[p][k], vectors[q][k]);
                    (vectors[p][k], vectors[q][k]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
        if !turned {
            break;
        }
    }
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    let values = order.iter().map(|&i| a[i][i]).collect();
    let vectors = order.iter().map(|&i| vectors[i].clone()).collect();
    (vectors, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: Vec<Vec<f64>>) -> Components {
        let workers = Workers::new(Some(2)).unwrap();
        pca(&Matrix::of_rows(rows), &workers, &|| false).unwrap()
    }

    #[test]
    fn directions_of_known_variance_are_found() {
        // Twenty directions; the one of place 7 varies most, that of place 3 next.
        let mut rng = Rng::from_words(&[4]);
        let mut rows = Vec::new();
        for _ in 0..200 {
            let mut row: Vec<f64> = (0..20).map(|_| 0.01 * rng.normal()).collect();
            row[7] += 3.0 * rng.normal();
            row[3] += rng.normal();
            rows.push(row);
        }
        let found = of(rows.clone());
        let mean = |j: usize| rows.iter().map(|row| row[j]).sum::<f64>() / 200.0;
        for (row, point) in rows.iter().zip(&found.points) {
            // Noise of 0.01 and the chance correlation of both turn the directions by some hundredths.
            assert!((row[7] - mean(7) - point[0]).abs() < 0.3, "{point:?}");
            assert!((row[3] - mean(3) - point[1]).abs() < 1.0, "{point:?}");
        }
        assert!(found.shares[0] > 0.8 && found.shares[0] + found.shares[1] > 0.99);
    }

    #[test]
    fn what_is_seen_is_uncorrelated_and_has_the_variance_that_is_told() {
        let mut rng = Rng::from_words(&[9]);
        let rows: Vec<Vec<f64>> = (0..60)
            .map(|_| (0..30).map(|j| rng.normal() / (1.0 + j as f64)).collect())
            .collect();
        let total: f64 = (0..30)
            .map(|j| {
                let mean = rows.iter().map(|row| row[j]).sum::<f64>() / 60.0;
                rows.iter().map(|row| (row[j] - mean).powi(2)).sum::<f64>()
            })
            .sum();
        let found = of(rows);
        let product = |a: usize, b: usize| -> f64 {
            found.points.iter().map(|point| point[a] * point[b]).sum()
        };
        assert!(product(0, 1).abs() < 1e-9 * total);
        assert!((product(0, 0) / total - found.shares[0]).abs() < 1e-12);
        assert!((product(1, 1) / total - found.shares[1]).abs() < 1e-12);
    }

    #[test]
    fn one_column_and_equal_rows_have_no_second_direction() {
        let line = of(vec![vec![1.0], vec![2.0], vec![4.0]]);
        assert!(line.points.iter().all(|point| point[1] == 0.0) && line.shares == [1.0, 0.0]);
        let equal = of(vec![vec![1.0, 2.0]; 4]);
        assert_eq!(equal.points, [[0.0; 2]; 4]);
    }
}
