//! The normalized temperature-scaled cross entropy, with and without the positive in its
//! denominator.

use super::blocks::{BLOCK, LARGE, mean_log_sum_exp};
use super::described::{A, B, LossDeclaration, LossFacts, computed};
use super::similarity::{
    check_positive, check_rows, check_views, log_softmax_without, log_sum_exp, lowest, normalized,
    own, pairs, similarities,
};
use crate::Error;
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};
use burn::tensor::{Int, Tensor};

/// See [`nt_xent`].
pub static NT_XENT: LossDeclaration = LossDeclaration {
    name: "nt_xent",
    about: "Computes the normalized temperature-scaled cross entropy of two views; given a \
        temperature alone, describes that loss for a training method.",
    citation: "Chen et al., 2020, equation 1; averaged over both directions, ln(2 batch - 1) by chance",
    parameters: &[temperature(0.5)],
    facts: LossFacts {
        views: true,
        inputs: &[A, B],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); assert(nt_xent(x, x, 0.5).item() < 0.3)",
    build: |settings| {
        let temperature = settings.number("temperature");
        computed(move |given| {
            let [a, b] = given.two_views(NT_XENT.name)?;
            nt_xent(a, b, temperature)
        })
    },
};

/// See [`dcl`].
pub(super) static DCL: LossDeclaration = LossDeclaration {
    name: "dcl",
    about: "Computes the decoupled contrastive loss: NT-Xent without the positive in the \
        denominator; given a temperature alone, describes it.",
    citation: "Yeh et al., 2022; ln(2 batch - 2) by chance",
    parameters: &[temperature(0.1)],
    facts: LossFacts {
        views: true,
        inputs: &[A, B],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); assert_near(dcl(x, x, 1).item(), ln(2) - 1, 1e-5)",
    build: |settings| {
        let temperature = settings.number("temperature");
        computed(move |given| {
            let [a, b] = given.two_views(DCL.name)?;
            dcl(a, b, temperature)
        })
    },
};

/// The temperature of a contrastive loss, which describes it when it is given alone.
pub(super) const fn temperature(default: f64) -> Parameter {
    Parameter::positional(
        "temperature",
        TEMPERATURE,
        DefaultValue::Number(default),
        "temperature of the softmax",
    )
    .always_printed()
}

/// What a temperature can be.
pub(super) const TEMPERATURE: Kind = Kind::Number {
    low: ABOVE_ZERO,
    high: f64::INFINITY,
};

/// Computes the normalized temperature-scaled cross entropy of a batch of positive pairs.
///
/// `l(i, j) = -log( exp(sim(z_i, z_j) / t) / sum_{k != i} exp(sim(z_i, z_k) / t) )`, averaged over
/// both directions. Chen et al., "A Simple Framework for Contrastive Learning of Visual
/// Representations", 2020, eq. 1. Embeddings are normalized here, not before. With a single pair
/// the loss is 0; by chance it is `ln(2 batch - 1)`.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`, where row `n` of each is a view of clip `n`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape; [`Error::Range`] if `batch` is 0 or `temperature`
/// is not above 0.
pub fn nt_xent(a: Tensor<2>, b: Tensor<2>, temperature: f64) -> Result<Tensor<1>, Error> {
    let [n, _] = check_views(&a, &b)?;
    if 2 * n <= LARGE {
        return Ok(nt_xent_per_anchor(a, b, temperature)?.mean());
    }
    check_positive("temperature", temperature)?;
    // An anchor is no candidate for itself.
    let numbers: Vec<usize> = (0..2 * n).collect();
    Ok(in_blocks(a, b, temperature, &numbers))
}

/// The mean over all anchors of the logarithm of a sum over candidates, which have another number
/// than the anchor, less the similarity of its positive.
fn in_blocks(a: Tensor<2>, b: Tensor<2>, temperature: f64, numbers: &[usize]) -> Tensor<1> {
    let (a, b) = (normalized(a), normalized(b));
    let positive = (a.clone() * b.clone()).sum_dim(1).div_scalar(temperature);
    let z = Tensor::cat(vec![a, b], 0);
    mean_log_sum_exp(z, numbers, temperature, BLOCK) - positive.mean()
}

/// The terms of [`nt_xent`], `[2 batch]`: those of `a` as anchors, then those of `b`.
///
/// # Errors
/// As [`nt_xent`].
pub fn nt_xent_per_anchor(
    a: Tensor<2>,
    b: Tensor<2>,
    temperature: f64,
) -> Result<Tensor<1>, Error> {
    let [n, _] = check_views(&a, &b)?;
    check_positive("temperature", temperature)?;
    let device = a.device();
    let z = normalized(Tensor::cat(vec![a, b], 0));
    let similarity = similarities(z.clone(), z, temperature);
    // An anchor is no candidate for itself.
    let log_p = log_softmax_without(similarity, own(2 * n, &device), temperature);
    let partner = Tensor::<1, Int>::arange(n as i64..2 * n as i64, &device);
    let partner = Tensor::cat(vec![partner, Tensor::arange(0..n as i64, &device)], 0);
    Ok(log_p
        .gather(1, partner.reshape([2 * n, 1]))
        .reshape([2 * n])
        .neg())
}

/// Computes the decoupled contrastive loss: NT-Xent without the positive in the denominator.
///
/// `l(i, j) = -sim(z_i, z_j) / t + log sum_{k != i, j} exp(sim(z_i, z_k) / t)`, averaged over both
/// directions. Yeh et al., "Decoupled Contrastive Learning", 2022. A positive that is found
/// already no longer weakens the push of the negatives, which helps small batches. The loss may be
/// below 0; by chance it is `ln(2 batch - 2)`.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`, where row `n` of each is a view of clip `n`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape; [`Error::Range`] if `batch` is below 2 or
/// `temperature` is not above 0.
pub fn dcl(a: Tensor<2>, b: Tensor<2>, temperature: f64) -> Result<Tensor<1>, Error> {
    let [n, _] = check_views(&a, &b)?;
    check_rows(n, 2)?;
    check_positive("temperature", temperature)?;
    // Both views of a clip carry its number: what they share is no negative.
    let clips: Vec<usize> = (0..n).chain(0..n).collect();
    if 2 * n > LARGE {
        return Ok(in_blocks(a, b, temperature, &clips));
    }
    let device = a.device();
    let (a, b) = (normalized(a), normalized(b));
    let positive = (a.clone() * b.clone())
        .sum_dim(1)
        .div_scalar(temperature)
        .mean();
    let z = Tensor::cat(vec![a, b], 0);
    let negatives = similarities(z.clone(), z, temperature)
        .mask_fill(pairs(&clips, &clips, &device), lowest(temperature));
    Ok(log_sum_exp(negatives).mean() - positive)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, cosine, value};
    use super::*;

    #[test]
    fn dcl_is_its_double_loop_and_its_gradient_finite_differences() {
        let (a, b) = (Rows::drawn(5, 4, 1), Rows::drawn(5, 4, 2));
        let t = 0.3;
        let all: Vec<&[f64]> = a.rows().chain(b.rows()).collect();
        let mut want = 0.0;
        for i in 0..10 {
            let partner = (i + 5) % 10;
            let others = (0..10).filter(|&k| k != i && k != partner);
            let sum: f64 = others.map(|k| (cosine(all[i], all[k]) / t).exp()).sum();
            want += (sum.ln() - cosine(all[i], all[partner]) / t) / 10.0;
        }
        assert_near(value(dcl(a.tensor(), b.tensor(), t).unwrap()), want, 1e-10);
        check_gradient(&[&a, &b], |x| dcl(x[0].clone(), x[1].clone(), t).unwrap());
    }

    #[test]
    fn a_temperature_of_a_hundredth_and_a_thousand_clips_stay_finite() {
        let (a, b) = (Rows::drawn(1000, 8, 3), Rows::drawn(1000, 8, 4));
        for loss in [nt_xent, dcl] {
            let x = a.single().require_grad();
            let single = loss(x.clone(), b.single(), 0.01).unwrap();
            let slope = x.grad(&single.backward()).unwrap();
            assert!(value(slope.abs().max()).is_finite());
            let want = value(loss(a.tensor(), b.tensor(), 0.01).unwrap());
            assert_near(value(single), want, 1e-4 * want.abs());
        }
    }

    #[test]
    fn the_order_of_clips_does_not_matter() {
        let (a, b) = (Rows::drawn(6, 3, 5), Rows::drawn(6, 3, 6));
        let order = [3, 1, 5, 0, 2, 4];
        for loss in [nt_xent, dcl] {
            let want = value(loss(a.tensor(), b.tensor(), 0.2).unwrap());
            let got = loss(
                a.reordered(&order).tensor(),
                b.reordered(&order).tensor(),
                0.2,
            );
            assert_near(value(got.unwrap()), want, 1e-12);
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let (a, b) = (Rows::drawn(2, 3, 1).tensor(), Rows::drawn(1, 3, 1).tensor());
        let message = |result: Result<Tensor<1>, Error>| result.unwrap_err().to_string();
        assert_eq!(
            message(dcl(a.clone(), b.clone(), 0.5)),
            "the second view must be [2, 3] as the first, not [1, 3]"
        );
        assert_eq!(
            message(dcl(b.clone(), b, 0.5)),
            "`batch` must be at least 2, not 1"
        );
        assert_eq!(
            message(dcl(a.clone(), a, 0.0)),
            "`temperature` must be above 0, not 0"
        );
    }
}
