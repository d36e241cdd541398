//! Logistic regression in double precision, the linear probe.

use super::matrix::{Matrix, dot};
use crate::Error;
use rayon::prelude::*;

/// How the strength of the penalty is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// A fixed inverse strength C.
    C(f64),
    /// The best of 1e-4, 1e-3 ... 1e4 by the accuracy of a 5-fold cross validation of the training rows.
    CrossValidated,
}

/// How the classes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassWeight {
    /// Every row counts the same.
    None,
    /// Row weights `n / (n_classes * n_of_its_class)`.
    Balanced,
}

/// Options of a [`LogisticRegression`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticOptions {
    /// Strength of the penalty.
    pub penalty: Penalty,
    /// Weight of the classes.
    pub class_weight: ClassWeight,
}

impl Default for LogisticOptions {
    fn default() -> LogisticOptions {
        LogisticOptions {
            penalty: Penalty::C(1.0),
            class_weight: ClassWeight::None,
        }
    }
}

/// Mean and population standard deviation of every column, to standardize by.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Means.
    pub mean: Vec<f64>,
    /// Deviations; 1 for a constant column.
    pub deviation: Vec<f64>,
}

impl Scaler {
    /// The scaler of some rows.
    pub fn fit(x: &Matrix) -> Scaler {
        let n = x.rows().max(1) as f64;
        let mut mean = vec![0.0; x.columns];
        for row in x.values.chunks(x.columns.max(1)) {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
        }
        let mut deviation = vec![0.0; x.columns];
        for row in x.values.chunks(x.columns.max(1)) {
            deviation
                .iter_mut()
                .zip(row)
                .zip(&mean)
                .for_each(|((d, v), m)| *d += (v - m).powi(2) / n);
        }
        // A column that varies by rounding alone counts as constant.
        let spread = |(d, m): (f64, &f64)| {
            if d.sqrt() > 1e-12 * m.abs().max(1e-300) {
                d.sqrt()
            } else {
                1.0
            }
        };
        let deviation = deviation.into_iter().zip(&mean).map(spread).collect();
        Scaler { mean, deviation }
    }

    /// The rows with every column standardized.
    pub fn apply(&self, x: &Matrix) -> Matrix {
        let scale =
            |(i, v): (usize, &f64)| (v - self.mean[i % x.columns]) / self.deviation[i % x.columns];
        Matrix {
            columns: x.columns,
            values: x.values.iter().enumerate().map(scale).collect(),
        }
    }
}

/// A fitted logistic regression.
///
/// Minimizes `1/2 |W|^2 + C sum_i w_i logloss(y_i, softmax(W x_i + b))`; the intercepts are not penalized. Two classes
/// have one row of weights and the logistic loss.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticRegression {
    /// A row of weights for each class, or one for the second of two classes.
    pub weights: Matrix,
    /// An intercept for each row of weights.
    pub intercepts: Vec<f64>,
    /// The inverse penalty that was used.
    pub c: f64,
    /// Whether the gradient became small enough within the iterations.
    pub converged: bool,
}

impl LogisticRegression {
    /// Fits by L-BFGS from zero to a gradient norm of 1e-6, at most 1000 iterations.
    ///
    /// # Errors
    /// [`Error::Labels`] with fewer than two classes among the rows, [`Error::Range`] for a `C` that is not above 0.
    pub fn fit(
        x: &Matrix,
        labels: &[usize],
        n_classes: usize,
        options: LogisticOptions,
    ) -> Result<Self, Error> {
        let mut counts = vec![0usize; n_classes];
        labels.iter().for_each(|&label| counts[label] += 1);
        if counts.iter().filter(|&&count| count > 0).count() < 2 {
            return Err(Error::Labels(
                "a probe needs labelled clips of at least two classes".into(),
            ));
        }
        let c = match options.penalty {
            Penalty::C(c) if c > 0.0 && c.is_finite() => c,
            Penalty::C(c) => return Err(Error::range("C", "above 0", c)),
            Penalty::CrossValidated => choose_c(x, labels, n_classes, options.class_weight)?,
        };
        let present = counts.iter().filter(|&&count| count > 0).count() as f64;
        let row_weight = |label: usize| match options.class_weight {
            ClassWeight::None => c,
            ClassWeight::Balanced => c * labels.len() as f64 / (present * counts[label] as f64),
        };
        let problem = Problem {
            x,
            labels,
            row_weights: labels.iter().map(|&label| row_weight(label)).collect(),
            outputs: if n_classes == 2 { 1 } else { n_classes },
        };
        let (solution, converged) = minimize(&problem);
        let (weights, intercepts) = solution.split_at(problem.outputs * x.columns);
        Ok(LogisticRegression {
            weights: Matrix {
                columns: x.columns,
                values: weights.to_vec(),
            },
            intercepts: intercepts.to_vec(),
            c,
            converged,
        })
    }

    /// The probability of every class for each row.
    pub fn probabilities(&self, x: &Matrix) -> Matrix {
        let row = |index: usize| {
            let mut scores = self.scores(x.row(index));
            if scores.len() == 1 {
                let p = 1.0 / (1.0 + (-scores[0]).exp());
                return vec![1.0 - p, p];
            }
            softmax(&mut scores);
            scores
        };
        Matrix::of_rows((0..x.rows()).map(row).collect())
    }

    /// The most probable class of each row.
    pub fn predict(&self, x: &Matrix) -> Vec<usize> {
        let class = |index: usize| {
            let scores = self.scores(x.row(index));
            if scores.len() == 1 {
                usize::from(scores[0] > 0.0)
            } else {
                largest(&scores)
            }
        };
        (0..x.rows()).map(class).collect()
    }

    fn scores(&self, row: &[f64]) -> Vec<f64> {
        (0..self.intercepts.len())
            .map(|k| dot(self.weights.row(k), row) + self.intercepts[k])
            .collect()
    }
}

/// The index of the largest value; the first among equals.
pub(super) fn largest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

pub(super) fn softmax(scores: &mut [f64]) {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    scores.iter_mut().for_each(|s| *s = (*s - largest).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|s| *s /= sum);
}

/// Rows that are worked on together; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 256;

struct Problem<'a> {
    x: &'a Matrix,
    labels: &'a [usize],
    row_weights: Vec<f64>,
    outputs: usize,
}

impl Problem<'_> {
    fn size(&self) -> usize {
        self.outputs * (self.x.columns + 1)
    }

    /// The objective and its gradient.
    fn evaluate(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let d = self.x.columns;
        let parts: Vec<(f64, Vec<f64>)> = (0..self.x.rows().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut gradient = vec![0.0; self.size()];
                let mut loss = 0.0;
                let mut scores = vec![0.0; self.outputs];
                for row in chunk * CHUNK..((chunk + 1) * CHUNK).min(self.x.rows()) {
                    let x = self.x.row(row);
                    for (k, score) in scores.iter_mut().enumerate() {
                        *score = dot(&at[k * d..(k + 1) * d], x) + at[self.outputs * d + k];
                    }
                    loss += self.row_weights[row] * residuals(&mut scores, self.labels[row]);
                    for (k, residual) in scores.iter().enumerate() {
                        let r = self.row_weights[row] * residual;
                        gradient[k * d..(k + 1) * d]
                            .iter_mut()
                            .zip(x)
                            .for_each(|(g, v)| *g += r * v);
                        gradient[self.outputs * d + k] += r;
                    }
                }
                (loss, gradient)
            })
            .collect();
        let penalized = &at[..self.outputs * d];
        let mut value = 0.5 * dot(penalized, penalized);
        let mut gradient = penalized.to_vec();
        gradient.resize(self.size(), 0.0);
        for (loss, part) in parts {
            value += loss;
            gradient.iter_mut().zip(part).for_each(|(g, p)| *g += p);
        }
        (value, gradient)
    }
}

/// Replaces scores by `probability - truth` and gives the loss.
fn residuals(scores: &mut [f64], label: usize) -> f64 {
    if let [score] = scores {
        let sign = if label == 1 { 1.0 } else { -1.0 };
        let margin = sign * *score;
        // ln(1 + e^-m) without overflow on either side.
        let loss = (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
        *score = -sign / (1.0 + margin.exp());
        return loss;
    }
    let largest = scores.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let total: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
    let loss = total.ln() + largest - scores[label];
    scores
        .iter_mut()
        .for_each(|s| *s = (*s - largest).exp() / total);
    scores[label] -= 1.0;
    loss
}

const MEMORY: usize = 10;
const TOLERANCE: f64 = 1e-6;
const ITERATIONS: usize = 1000;

/// L-BFGS (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.5) with a line search that meets the strong
/// Wolfe conditions. The objective is convex and smooth.
fn minimize(problem: &Problem<'_>) -> (Vec<f64>, bool) {
    let mut x = vec![0.0; problem.size()];
    let (mut value, mut gradient) = problem.evaluate(&x);
    let mut steps: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..ITERATIONS {
        if dot(&gradient, &gradient).sqrt() <= TOLERANCE {
            return (x, true);
        }
        let direction = two_loops(&gradient, &steps);
        let first = if steps.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt()
        } else {
            1.0
        };
        let Some((t, new_value, new_gradient)) =
            line_search(problem, &x, value, &gradient, &direction, first)
        else {
            if steps.is_empty() {
                // Not even the gradient leads down: what is left is rounding.
                return (x, dot(&gradient, &gradient).sqrt() <= 1e3 * TOLERANCE);
            }
            // Curvature from far away misled the direction: start again from the gradient.
            steps.clear();
            continue;
        };
        let moved: Vec<f64> = direction.iter().map(|d| t * d).collect();
        let change: Vec<f64> = new_gradient
            .iter()
            .zip(&gradient)
            .map(|(a, b)| a - b)
            .collect();
        let curvature = dot(&moved, &change);
        x.iter_mut().zip(&moved).for_each(|(x, m)| *x += m);
        (value, gradient) = (new_value, new_gradient);
        if curvature > 0.0 {
            if steps.len() == MEMORY {
                steps.remove(0);
            }
            steps.push((moved, change, 1.0 / curvature));
        }
    }
    let converged = dot(&gradient, &gradient).sqrt() <= TOLERANCE;
    (x, converged)
}

/// Minus the inverse Hessian, as the last steps show it, times the gradient.
fn two_loops(gradient: &[f64], steps: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(steps.len());
    for (s, y, rho) in steps.iter().rev() {
        let alpha = rho * dot(s, &q);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    if let Some((_, y, rho)) = steps.last() {
        let scale = 1.0 / (rho * dot(y, y));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((s, y, rho), alpha) in steps.iter().zip(alphas.into_iter().rev()) {
        let beta = rho * dot(y, &q);
        q.iter_mut()
            .zip(s)
            .for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    q
}

/// A step that meets the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6, with bisection): its
/// length, and value and gradient there. `None` if the direction does not lead down.
fn line_search(
    problem: &Problem<'_>,
    x: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
    first: f64,
) -> Option<(f64, f64, Vec<f64>)> {
    let slope = dot(gradient, direction);
    if slope >= 0.0 {
        return None;
    }
    let (mut low, mut high, mut t) = (0.0, f64::INFINITY, first);
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    for _ in 0..60 {
        let at: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + t * d).collect();
        let (new_value, new_gradient) = problem.evaluate(&at);
        let new_slope = dot(&new_gradient, direction);
        // Near the minimum the decrease drowns in rounding; the slope still tells the way.
        let noise = 1e-14 * value.abs();
        if new_value > value + 1e-4 * t * slope + noise {
            high = t;
        } else if new_slope.abs() <= 0.9 * slope.abs() {
            return Some((t, new_value, new_gradient));
        } else {
            best = Some((t, new_value, new_gradient));
            if new_slope > 0.0 { high = t } else { low = t }
        }
        t = if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * t
        };
    }
    best
}

/// The C of the grid 1e-4 ... 1e4 with the best mean accuracy over five folds; the smallest among equals.
fn choose_c(
    x: &Matrix,
    labels: &[usize],
    n_classes: usize,
    class_weight: ClassWeight,
) -> Result<f64, Error> {
    const FOLDS: usize = 5;
    // Rows of a class go to the folds in turn, so every fold has its share of every class.
    let mut seen = vec![0usize; n_classes];
    let folds: Vec<usize> = labels
        .iter()
        .map(|&label| {
            seen[label] += 1;
            (seen[label] - 1) % FOLDS
        })
        .collect();
    let rows = |fold: usize, inside: bool| -> Vec<usize> {
        (0..labels.len())
            .filter(|&row| (folds[row] == fold) == inside)
            .collect()
    };
    let mut best = (f64::NEG_INFINITY, 1.0);
    for exponent in -4..=4 {
        let c = 10f64.powi(exponent);
        let mut right = 0;
        for fold in 0..FOLDS {
            let (train, test) = (rows(fold, false), rows(fold, true));
            let train_labels: Vec<usize> = train.iter().map(|&row| labels[row]).collect();
            let options = LogisticOptions {
                penalty: Penalty::C(c),
                class_weight,
            };
            let model =
                LogisticRegression::fit(&x.select(&train), &train_labels, n_classes, options)?;
            let predicted = model.predict(&x.select(&test));
            right += predicted
                .iter()
                .zip(&test)
                .filter(|(p, row)| **p == labels[**row])
                .count();
        }
        if right as f64 > best.0 {
            best = (right as f64, c);
        }
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_between_two_clouds_is_found() {
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|i| vec![f64::from(i % 7) + if i % 2 == 0 { 10.0 } else { -10.0 }])
            .collect();
        let labels: Vec<usize> = (0..40).map(|i| usize::from(i % 2 == 0)).collect();
        let x = Matrix::of_rows(rows);
        let model = LogisticRegression::fit(&x, &labels, 2, LogisticOptions::default()).unwrap();
        assert!(model.converged);
        assert_eq!(model.predict(&x), labels);
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let x = Matrix::of_rows(
            (0..9)
                .map(|i| vec![f64::from(i), f64::from(i * i % 5), 1.0])
                .collect(),
        );
        let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2];
        for outputs in [1, 3] {
            let labels: Vec<usize> = labels
                .iter()
                .map(|l| if outputs == 1 { l % 2 } else { *l })
                .collect();
            let problem = Problem {
                x: &x,
                labels: &labels,
                row_weights: vec![0.7; 9],
                outputs,
            };
            let at: Vec<f64> = (0..problem.size())
                .map(|i| (i as f64 * 0.37).sin() * 0.3)
                .collect();
            let (_, gradient) = problem.evaluate(&at);
            for i in 0..problem.size() {
                let moved = |h: f64| {
                    let mut at = at.clone();
                    at[i] += h;
                    problem.evaluate(&at).0
                };
                let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(
                    (numeric - gradient[i]).abs() < 1e-6,
                    "{i}: {numeric} {}",
                    gradient[i]
                );
            }
        }
    }

    #[test]
    fn one_class_is_an_error() {
        let x = Matrix::of_rows(vec![vec![1.0], vec![2.0]]);
        assert!(matches!(
            LogisticRegression::fit(&x, &[0, 0], 2, LogisticOptions::default()),
            Err(Error::Labels(_))
        ));
    }
}
