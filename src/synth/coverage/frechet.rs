//! The Fréchet distance of two sets of embeddings.

use crate::Error;

/// Computes the Fréchet distance of the normal distributions of two sets of rows: `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`
/// (Dowson and Landau, 1982; the FID of Heusel et al., 2017, and the FAD of Kilgour et al., 2019), covariances divided by `n - 1`.
///
/// The last trace needs no square root of a matrix: with `C1 = A'A` and `C2 = B'B` it is the sum of the singular values of
/// `B A'`, which one-sided Jacobi rotations find.
///
/// # Shapes
/// `a`: `[n, dim]`, `b`: `[m, dim]`.
///
/// # Errors
/// [`auricle_audio::Error::Range`] for fewer than two rows, or rows of different lengths.
pub fn frechet_distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> Result<f64, Error> {
    for rows in [a, b] {
        if rows.len() < 2 {
            return Err(auricle_audio::Error::range("embeddings", "at least 2", rows.len()).into());
        }
    }
    let dim = a[0].len();
    if let Some(other) = a.iter().chain(b).find(|row| row.len() != dim) {
        let want = format!("rows of {dim} numbers");
        return Err(auricle_audio::Error::range("embeddings", want, other.len()).into());
    }
    let (mean_a, rows_a) = centred(a);
    let (mean_b, rows_b) = centred(b);
    let means: f64 = mean_a
        .iter()
        .zip(&mean_b)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    let trace = |rows: &[Vec<f64>]| rows.iter().flatten().map(|x| x * x).sum::<f64>();
    let traces = trace(&rows_a) + trace(&rows_b);
    // Of many rows only the triangle is needed: it is no larger than the covariance.
    let (rows_a, rows_b) = (reduced(rows_a, dim), reduced(rows_b, dim));
    let products: Vec<Vec<f64>> = rows_b
        .iter()
        .map(|b| rows_a.iter().map(|a| dot(a, b)).collect())
        .collect();
    Ok((means + traces - 2.0 * singular_sum(products)).max(0.0))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean of rows, and the rows without it, divided by `sqrt(n - 1)`.
fn centred(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = rows.len() as f64;
    let mut mean = vec![0.0; rows[0].len()];
    for row in rows {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / n);
    }
    let scale = 1.0 / (n - 1.0).sqrt();
    let less = |row: &Vec<f64>| {
        row.iter()
            .zip(&mean)
            .map(|(x, m)| (x - m) * scale)
            .collect()
    };
    let centred = rows.iter().map(less).collect();
    (mean, centred)
}

/// As few rows as there are columns, with the same products of columns: the triangle of a QR decomposition by Householder
/// reflections, if there are more.
fn reduced(mut rows: Vec<Vec<f64>>, dim: usize) -> Vec<Vec<f64>> {
    if rows.len() <= dim {
        return rows;
    }
    for column in 0..dim {
        let norm = rows[column..]
            .iter()
            .map(|row| row[column].powi(2))
            .sum::<f64>()
            .sqrt();
        if norm == 0.0 {
            continue;
        }
        let mut normal: Vec<f64> = rows[column..].iter().map(|row| row[column]).collect();
        normal[0] += norm.copysign(normal[0]);
        let square = dot(&normal, &normal);
        for other in column..dim {
            let along: f64 = rows[column..]
                .iter()
                .zip(&normal)
                .map(|(row, v)| row[other] * v)
                .sum();
            let factor = 2.0 * along / square;
            let pairs = rows[column..].iter_mut().zip(&normal);
            pairs.for_each(|(row, v)| row[other] -= factor * v);
        }
    }
    rows.truncate(dim);
    rows
}

/// The sum of the singular values: rows are rotated pairwise until all are orthogonal; then their lengths are the values.
fn singular_sum(mut rows: Vec<Vec<f64>>) -> f64 {
    const SWEEPS: usize = 60;
    const ORTHOGONAL: f64 = 1e-10;
    for _ in 0..SWEEPS {
        let mut largest = 0.0f64;
        for p in 0..rows.len() {
            for q in p + 1..rows.len() {
                let (head, tail) = rows.split_at_mut(q);
                let (x, y) = (&mut head[p], &mut tail[0]);
                let (xx, yy, xy) = (dot(x, x), dot(y, y), dot(x, y));
                let size = (xx * yy).sqrt();
                if size == 0.0 || xy.abs() <= ORTHOGONAL * size {
                    continue;
                }
                largest = largest.max(xy.abs() / size);
                let zeta = (yy - xx) / (2.0 * xy);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = c * t;
                for (x, y) in x.iter_mut().zip(y.iter_mut()) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
        }
        if largest == 0.0 {
            break;
        }
    }
    rows.iter().map(|row| dot(row, row).sqrt()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_audio::Rng;

    fn normal(n: usize, scales: &[f64], shift: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = Rng::from_words(&[seed]);
        let mut row = || scales.iter().map(|s| s * rng.normal() + shift).collect();
        (0..n).map(|_| row()).collect()
    }

    #[test]
    fn normal_distributions_are_as_far_as_the_formula_says() {
        // Independent columns: sum of (m1 - m2)^2 + (s1 - s2)^2.
        let a = normal(20_000, &[1.0, 2.0, 0.5], 0.0, 1);
        let b = normal(20_000, &[2.0, 2.0, 1.5], 0.3, 2);
        let distance = frechet_distance(&a, &b).unwrap();
        let want = 3.0 * 0.09 + 1.0 + 1.0;
        assert!((distance - want).abs() < 0.06, "{distance} {want}");
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself_and_few_rows_serve() {
        for (n, dim) in [(5, 12), (40, 6)] {
            let a = normal(n, &vec![1.0; dim], 0.0, 7);
            assert!(frechet_distance(&a, &a).unwrap() < 1e-9);
            // A shift changes the means alone.
            let shifted: Vec<Vec<f64>> = a
                .iter()
                .map(|row| row.iter().map(|x| x + 2.0).collect())
                .collect();
            let distance = frechet_distance(&a, &shifted).unwrap();
            assert!((distance - 4.0 * dim as f64).abs() < 1e-9, "{distance}");
        }
        assert!(frechet_distance(&[vec![1.0]], &[vec![1.0], vec![2.0]]).is_err());
        assert!(frechet_distance(&vec![vec![1.0]; 2], &vec![vec![1.0, 2.0]; 2]).is_err());
    }
}
