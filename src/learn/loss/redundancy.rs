//! Losses that keep columns apart instead of rows: VICReg and Barlow Twins.

use super::described::{A, B, LossDeclaration, LossFacts, computed};
use super::similarity::WEIGHT;
use super::similarity::{as_numbers, check_rows, check_views, check_weight, own};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Parameter};
use burn::tensor::Tensor;

/// See [`vicreg`].
pub static VICREG: LossDeclaration = LossDeclaration {
    name: "vicreg",
    about: "Computes VICReg: views together, every column spread out, columns apart; without \
        tensors, describes it.",
    citation: "Bardes et al., 2022, algorithm 1; rows are not normalized",
    parameters: &[
        Parameter::option(
            "invariance",
            WEIGHT,
            DefaultValue::Number(25.0),
            "weight of the mean squared distance of views",
        ),
        Parameter::option(
            "variance",
            WEIGHT,
            DefaultValue::Number(25.0),
            "weight of the hinge that keeps deviations at 1",
        ),
        Parameter::option(
            "covariance",
            WEIGHT,
            DefaultValue::Number(1.0),
            "weight of the squared covariances of columns",
        ),
    ],
    facts: LossFacts {
        views: true,
        inputs: &[A, B],
    },
    example: "let x = tensor([[3, 3], [0, 0]]); \
        assert_near(vicreg(x, x, #{ covariance: 0.5 }).item(), 20.25, 1e-3)",
    build: |settings| {
        let weights = VicReg {
            invariance: settings.number("invariance"),
            variance: settings.number("variance"),
            covariance: settings.number("covariance"),
        };
        computed(move |given| {
            let [a, b] = given.two_views(VICREG.name)?;
            vicreg(a, b, &weights)
        })
    },
};

/// See [`barlow_twins`].
pub static BARLOW_TWINS: LossDeclaration = LossDeclaration {
    name: "barlow_twins",
    about: "Computes the loss of Barlow Twins: the correlation of the views' columns against the \
        identity; without tensors, describes it.",
    citation: "Zbontar et al., 2021, equations 1 and 2",
    parameters: &[Parameter::option(
        "redundancy",
        WEIGHT,
        DefaultValue::Number(5e-3),
        "weight of the correlation of different columns",
    )],
    facts: LossFacts {
        views: true,
        inputs: &[A, B],
    },
    example: "let x = tensor([[3, 3], [0, 0]]); \
        assert_near(barlow_twins(x, x, #{ redundancy: 0.5 }).item(), 1, 1e-3)",
    build: |settings| {
        let redundancy = settings.number("redundancy");
        computed(move |given| {
            let [a, b] = given.two_views(BARLOW_TWINS.name)?;
            barlow_twins(a, b, redundancy)
        })
    },
};

/// The weights of [`vicreg`]'s terms.
#[derive(Clone, Debug, PartialEq)]
pub struct VicReg {
    /// Weight of the distance of views.
    pub invariance: f64,
    /// Weight of the hinge that keeps deviations at 1.
    pub variance: f64,
    /// Weight of the covariances.
    pub covariance: f64,
}

impl VicReg {
    /// Checks the weights.
    ///
    /// # Errors
    /// [`Error::Range`] for a negative one.
    pub fn check(&self) -> Result<(), Error> {
        check_weight("invariance", self.invariance)?;
        check_weight("variance", self.variance)?;
        check_weight("covariance", self.covariance)
    }
}

/// Added to a variance before its root is taken, in VICReg.
const VICREG_EPSILON: f64 = 1e-4;

/// Computes variance-invariance-covariance regularization.
///
/// `l mse(a, b) + m [v(a) + v(b)] + n [c(a) + c(b)]`: `mse` is the mean over all numbers, `v` the
/// mean over columns of `max(0, 1 - sqrt(var + 1e-4))`, `c` the sum of squared covariances of
/// different columns over `dim`; variances and covariances divide by `batch - 1`. Bardes et al.,
/// "VICReg", 2022, algorithm 1 (equation 5 sums `mse` over columns). Rows are not normalized.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape; [`Error::Range`] if `batch` is below 2 or a
/// weight below 0.
pub fn vicreg(a: Tensor<2>, b: Tensor<2>, weights: &VicReg) -> Result<Tensor<1>, Error> {
    let [n, _] = check_views(&a, &b)?;
    check_rows(n, 2)?;
    weights.check()?;
    let distance = (a.clone() - b.clone()).powi_scalar(2).mean();
    let ((hinge_a, mixed_a), (hinge_b, mixed_b)) = (spread(a), spread(b));
    Ok(distance.mul_scalar(weights.invariance)
        + (hinge_a + hinge_b).mul_scalar(weights.variance)
        + (mixed_a + mixed_b).mul_scalar(weights.covariance))
}

/// The hinge on the deviations of columns, and what is left of their covariance.
fn spread(x: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
    let [n, dim] = x.dims();
    let x = x.clone() - x.mean_dim(0);
    let deviation = x
        .clone()
        .powi_scalar(2)
        .sum_dim(0)
        .div_scalar(n as f64 - 1.0);
    let deviation = deviation.add_scalar(VICREG_EPSILON).sqrt();
    let hinge = deviation.neg().add_scalar(1.0).clamp_min(0.0).mean();
    let covariance = x.clone().transpose().matmul(x).div_scalar(n as f64 - 1.0);
    let others = as_numbers(own(dim, &covariance.device()).bool_not(), &covariance);
    let mixed = (covariance.powi_scalar(2) * others)
        .sum()
        .div_scalar(dim as f64);
    (hinge, mixed)
}

/// Added to a variance before its root is taken, in Barlow Twins, as its batch normalization does.
const BARLOW_EPSILON: f64 = 1e-5;

/// Computes the loss of Barlow Twins: `sum_i (1 - C_ii)^2 + l sum_{i != j} C_ij^2` for the
/// cross-correlation `C` of the columns of the views.
///
/// Zbontar et al., "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", 2021, eq. 1
/// and 2. Columns get mean 0 and population deviation 1, as in the released code, which normalizes
/// by batch normalization.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape; [`Error::Range`] if `batch` is below 2 or
/// `redundancy` below 0.
pub fn barlow_twins(a: Tensor<2>, b: Tensor<2>, redundancy: f64) -> Result<Tensor<1>, Error> {
    let [n, dim] = check_views(&a, &b)?;
    check_rows(n, 2)?;
    check_weight("redundancy", redundancy)?;
    let cross = standard(a)
        .transpose()
        .matmul(standard(b))
        .div_scalar(n as f64);
    let own = own(dim, &cross.device());
    let (same, others) = (
        as_numbers(own.clone(), &cross),
        as_numbers(own.bool_not(), &cross),
    );
    let together = ((cross.clone() - same.clone()).powi_scalar(2) * same).sum();
    let apart = (cross.powi_scalar(2) * others).sum();
    Ok(together + apart.mul_scalar(redundancy))
}

fn standard(x: Tensor<2>) -> Tensor<2> {
    let x = x.clone() - x.mean_dim(0);
    let variance = x.clone().powi_scalar(2).mean_dim(0);
    x / variance.add_scalar(BARLOW_EPSILON).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, dot, value};
    use super::super::described::Given;
    use super::*;

    /// The columns of a matrix, each less its mean.
    fn centred(x: &Rows, columns: usize) -> Vec<Vec<f64>> {
        let column = |c: usize| {
            let values: Vec<f64> = x.rows().map(|row| row[c]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.into_iter().map(|v| v - mean).collect()
        };
        (0..columns).map(column).collect()
    }

    #[test]
    fn vicreg_is_its_double_loop_and_its_gradient_finite_differences() {
        // One column of little variance, so that the hinge is at work.
        let a = Rows::new(&[
            &[0.1, 2.0, -1.0],
            &[0.2, -1.5, 0.7],
            &[-0.1, 0.3, 2.2],
            &[0.05, 1.0, -2.0],
        ]);
        let b = Rows::drawn(4, 3, 2);
        let weights = VicReg {
            invariance: 3.0,
            variance: 7.0,
            covariance: 2.0,
        };
        let pairs = a.rows().flatten().zip(b.rows().flatten());
        let mut want = 3.0 * pairs.map(|(x, y)| (x - y).powi(2)).sum::<f64>() / 12.0;
        for x in [&a, &b] {
            let columns = centred(x, 3);
            for i in 0..3 {
                let deviation = (dot(&columns[i], &columns[i]) / 3.0 + 1e-4).sqrt();
                want += 7.0 * (1.0 - deviation).max(0.0) / 3.0;
                for j in (0..3).filter(|&j| j != i) {
                    want += 2.0 * (dot(&columns[i], &columns[j]) / 3.0).powi(2) / 3.0;
                }
            }
        }
        let loss = |x: &[Tensor<2>]| vicreg(x[0].clone(), x[1].clone(), &weights).unwrap();
        assert_near(value(loss(&[a.tensor(), b.tensor()])), want, 1e-10);
        check_gradient(&[&a, &b], loss);
    }

    #[test]
    fn barlow_twins_is_its_double_loop_and_its_gradient_finite_differences() {
        let [a, b] = [Rows::drawn(5, 3, 1), Rows::drawn(5, 3, 2)];
        let (x, y) = (centred(&a, 3), centred(&b, 3));
        let deviation = |c: &[f64]| (dot(c, c) / 5.0 + 1e-5).sqrt();
        let mut want = 0.0;
        for (i, x) in x.iter().enumerate() {
            for (j, y) in y.iter().enumerate() {
                let c = dot(x, y) / 5.0 / deviation(x) / deviation(y);
                want += if i == j {
                    (1.0 - c).powi(2)
                } else {
                    0.05 * c * c
                };
            }
        }
        let loss = |x: &[Tensor<2>]| barlow_twins(x[0].clone(), x[1].clone(), 0.05).unwrap();
        assert_near(value(loss(&[a.tensor(), b.tensor()])), want, 1e-10);
        check_gradient(&[&a, &b], loss);
    }

    #[test]
    fn columns_that_do_not_vary_stay_finite() {
        let still = Rows::new(&[&[1.0, 1.0], &[1.0, 1.0]]);
        for declaration in [&VICREG, &BARLOW_TWINS] {
            let x = still.single().require_grad();
            let loss = declaration.with(None).unwrap();
            let views = Given::views(x.clone(), still.single());
            let gradients = loss.of(views).unwrap().backward();
            assert!(value(x.grad(&gradients).unwrap().abs().sum()).is_finite());
        }
    }
}
