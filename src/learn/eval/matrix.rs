//! Rows of numbers in double precision, for the probes.

/// A matrix in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of columns.
    pub columns: usize,
    /// The values.
    pub values: Vec<f64>,
}

impl Matrix {
    /// A matrix of some rows of equal length; the first row says how long.
    pub fn of_rows(rows: Vec<Vec<f64>>) -> Matrix {
        let columns = rows.first().map_or(0, Vec::len);
        Matrix {
            columns,
            values: rows.concat(),
        }
    }

    /// No rows.
    pub fn none() -> Matrix {
        Matrix {
            columns: 0,
            values: Vec::new(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    /// One row.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.columns..(index + 1) * self.columns]
    }

    /// Some rows, in the given order.
    pub fn select(&self, rows: &[usize]) -> Matrix {
        let values = rows
            .iter()
            .flat_map(|&row| self.row(row))
            .copied()
            .collect();
        Matrix {
            columns: self.columns,
            values,
        }
    }
}

/// A sum of products over four independent accumulators, so that it can be computed in vector registers; the order of
/// the additions is fixed.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail: f64 = a4
        .remainder()
        .iter()
        .zip(b4.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a4.zip(b4) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}
