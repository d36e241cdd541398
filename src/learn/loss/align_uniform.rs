//! Alignment and uniformity (Wang and Isola, 2020).

use super::described::{A, B, Input, LossDeclaration, LossFacts, computed};
use super::similarity::WEIGHT;
use super::similarity::{
    as_numbers, check_positive, check_rows, check_views, check_weight, normalized, own,
    similarities,
};
use crate::Error;
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};
use burn::tensor::Tensor;

/// See [`align`].
pub(super) static ALIGN: LossDeclaration = LossDeclaration {
    name: "align",
    about: "Computes how far the views of a clip lie apart: the mean of |x - y|^alpha over \
        normalized rows; without tensors, describes it.",
    citation: "Wang & Isola, 2020, equation 3",
    parameters: &[ALPHA],
    facts: LossFacts {
        views: true,
        inputs: &[
            Input::rows("x", "one view, [batch, dim]"),
            Input::rows("y", "the other view"),
        ],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); assert(align(x, x).item() == 0.0)",
    build: |settings| {
        let alpha = settings.number("alpha");
        computed(move |given| {
            let [x, y] = given.two_views(ALIGN.name)?;
            align(x, y, alpha)
        })
    },
};

/// See [`uniform`].
pub(super) static UNIFORM_LOSS: LossDeclaration = LossDeclaration {
    name: "uniform_loss",
    about: "Computes how evenly rows cover the sphere: log mean exp(-t |x_i - x_j|^2) over \
        normalized rows; without a tensor, describes it.",
    citation: "Wang & Isola, 2020, equation 5",
    parameters: &[SHARPNESS],
    facts: LossFacts {
        views: false,
        inputs: &[Input::rows("x", "the rows, [batch, dim]")],
    },
    example: "assert_near(uniform_loss(tensor([[1, 0], [0, 1]])).item(), -4, 1e-5)",
    build: |settings| {
        let t = settings.number("t");
        computed(move |given| match given.rows.as_slice() {
            [x] => uniform(x.clone(), t),
            _ => Err(Error::Missing {
                name: UNIFORM_LOSS.name,
                what: "rows",
            }),
        })
    },
};

/// See [`align_uniform`].
pub(super) static ALIGN_UNIFORM: LossDeclaration = LossDeclaration {
    name: "align_uniform",
    about: "Computes alignment of two views plus the mean of their uniformities; without \
        tensors, describes it.",
    citation: "Wang & Isola, 2020, equations 3 and 5",
    parameters: &[
        ALPHA,
        SHARPNESS,
        Parameter::option(
            "align",
            WEIGHT,
            DefaultValue::Number(1.0),
            "weight of alignment",
        ),
        Parameter::option(
            "uniform",
            WEIGHT,
            DefaultValue::Number(1.0),
            "weight of uniformity",
        ),
    ],
    facts: LossFacts {
        views: true,
        inputs: &[A, B],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); \
        assert_near(align_uniform(x, x, #{ uniform: 0.5 }).item(), -2, 1e-5)",
    build: |settings| {
        let options = AlignUniform {
            alpha: settings.number("alpha"),
            t: settings.number("t"),
            align: settings.number("align"),
            uniform: settings.number("uniform"),
        };
        computed(move |given| {
            let [a, b] = given.two_views(ALIGN_UNIFORM.name)?;
            align_uniform(a, b, &options)
        })
    },
};

const POSITIVE: Kind = Kind::Number {
    low: ABOVE_ZERO,
    high: f64::INFINITY,
};
const ALPHA: Parameter = Parameter::option(
    "alpha",
    POSITIVE,
    DefaultValue::Number(2.0),
    "exponent of the distance of views",
);
const SHARPNESS: Parameter = Parameter::option(
    "t",
    POSITIVE,
    DefaultValue::Number(2.0),
    "sharpness of uniformity",
);

/// Computes how far the views of a clip lie apart: `mean |x_i - y_i|^alpha` over normalized rows.
///
/// Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and
/// Uniformity on the Hypersphere", 2020, eq. 3.
///
/// # Shapes
/// `x`, `y`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape, [`Error::Range`] if `alpha` is not above 0.
pub fn align(x: Tensor<2>, y: Tensor<2>, alpha: f64) -> Result<Tensor<1>, Error> {
    check_views(&x, &y)?;
    check_positive("alpha", alpha)?;
    let squared = (normalized(x) - normalized(y)).powi_scalar(2).sum_dim(1);
    // The root of 0 has no slope: equal views are held a hair apart.
    let powered = if alpha == 2.0 {
        squared
    } else {
        squared.clamp_min(1e-24).powf_scalar(alpha / 2.0)
    };
    Ok(powered.mean())
}

/// Computes how evenly rows cover the sphere: `log mean_{i<j} exp(-t |x_i - x_j|^2)` over
/// normalized rows.
///
/// Wang and Isola, 2020, eq. 5. Lower is more even; 0 means that all rows coincide.
///
/// # Shapes
/// `x`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Range`] if the batch has fewer than 2 rows or `t` is not above 0.
pub fn uniform(x: Tensor<2>, t: f64) -> Result<Tensor<1>, Error> {
    let [n, _] = x.dims();
    check_rows(n, 2)?;
    check_positive("t", t)?;
    let z = normalized(x);
    // |a - b|^2 = 2 - 2 a.b on the sphere.
    let exponent = similarities(z.clone(), z, 0.5)
        .sub_scalar(2.0)
        .clamp_max(0.0)
        .mul_scalar(t);
    let others = as_numbers(own(n, &exponent.device()).bool_not(), &exponent);
    let pairs = (n * (n - 1)) as f64;
    Ok((exponent.exp() * others).sum().div_scalar(pairs).log())
}

/// The parameters of [`align_uniform`].
#[derive(Clone, Debug, PartialEq)]
pub struct AlignUniform {
    /// Exponent of the distance of views.
    pub alpha: f64,
    /// Sharpness of uniformity.
    pub t: f64,
    /// Weight of alignment.
    pub align: f64,
    /// Weight of uniformity.
    pub uniform: f64,
}

impl AlignUniform {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for an exponent or a sharpness that is not above 0, or a negative weight.
    pub fn check(&self) -> Result<(), Error> {
        check_positive("alpha", self.alpha)?;
        check_positive("t", self.t)?;
        check_weight("align", self.align)?;
        check_weight("uniform", self.uniform)
    }
}

/// Computes a weighted sum of [`align`] and of the mean of [`uniform`] of both views.
///
/// # Shapes
/// `x`, `y`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// As [`align`] and [`uniform`].
pub fn align_uniform(
    x: Tensor<2>,
    y: Tensor<2>,
    options: &AlignUniform,
) -> Result<Tensor<1>, Error> {
    options.check()?;
    let alignment = align(x.clone(), y.clone(), options.alpha)?;
    let uniformity = uniform(x, options.t)? + uniform(y, options.t)?;
    Ok(alignment.mul_scalar(options.align) + uniformity.mul_scalar(0.5 * options.uniform))
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, check_gradient};
    use super::*;

    #[test]
    fn gradients_are_finite_differences() {
        let [x, y] = [Rows::drawn(4, 3, 1), Rows::drawn(4, 3, 2)];
        let options = AlignUniform {
            alpha: 3.0,
            t: 1.5,
            align: 0.5,
            uniform: 2.0,
        };
        check_gradient(&[&x, &y], |v| {
            align_uniform(v[0].clone(), v[1].clone(), &options).unwrap()
        });
    }
}
