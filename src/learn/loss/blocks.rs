//! Softmaxes over the similarities of thousands of rows, without all similarities at once.
//!
//! Two views of 4,096 clips have 8,192 by 8,192 similarities, 256 MB in single precision, and
//! automatic differentiation keeps some eight tensors of that size. Here they are computed for a
//! block of rows at a time, together with their share of the gradient, and forgotten.

use super::similarity::{lowest, pairs, similarities};
use burn::tensor::Tensor;

/// Rows beyond which similarities are computed in blocks.
pub(super) const LARGE: usize = 2048;
/// Rows of a block.
pub(super) const BLOCK: usize = 512;

/// The mean over all rows of `log sum_k exp(z_i . z_k / t)`, `[1]`, where `k` is every row but those
/// that have the number of row `i`; rows of length 1, in blocks of `block` rows.
///
/// With `P` the softmax of each row, the gradient is `(P z + P' z) / (rows t)`.
pub(super) fn mean_log_sum_exp(
    z: Tensor<2>,
    numbers: &[usize],
    temperature: f64,
    block: usize,
) -> Tensor<1> {
    let n = numbers.len();
    let is_followed = z.device().is_autodiff();
    let rows = z.clone().inner();
    let device = rows.device();
    let mut sums = Vec::new();
    let mut slopes = Vec::new();
    let mut across = rows.zeros_like();
    for start in (0..n).step_by(block) {
        let end = (start + block).min(n);
        let part = rows.clone().narrow(0, start, end - start);
        let left_out = pairs(&numbers[start..end], numbers, &device);
        let similarity = similarities(part.clone(), rows.clone(), temperature)
            .mask_fill(left_out, lowest(temperature));
        let top = similarity.clone().max_dim(1);
        let exponentials = (similarity - top.clone()).exp();
        let sum = exponentials.clone().sum_dim(1);
        if is_followed {
            let softmax = exponentials / sum.clone();
            slopes.push(softmax.clone().matmul(rows.clone()));
            across = across + softmax.transpose().matmul(part);
        }
        sums.push((sum.log() + top).sum());
    }
    let mean = Tensor::cat(sums, 0).sum().div_scalar(n as f64);
    if !is_followed {
        return mean;
    }
    let slope = (Tensor::cat(slopes, 0) + across).div_scalar(n as f64 * temperature);
    // A number that is 0 and has this slope carries it to the rows.
    let carrier = (z * slope.autodiff()).sum();
    carrier.clone() - carrier.detach() + mean.autodiff()
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, value};
    use super::super::nt_xent::nt_xent_per_anchor;
    use super::super::similarity::normalized;
    use super::super::{dcl, nt_xent};
    use super::*;

    #[test]
    fn blocks_give_the_mean_and_the_slope_of_all_rows_at_once() {
        let x = Rows::drawn(7, 3, 1);
        let numbers = [0, 1, 2, 0, 4, 4, 6];
        let of = |x: Tensor<2>, block| mean_log_sum_exp(normalized(x), &numbers, 0.3, block);
        let whole = value(of(x.tensor(), 7));
        for block in [1, 3, 100] {
            assert_near(value(of(x.tensor(), block)), whole, 1e-12);
            check_gradient(&[&x], |x| of(x[0].clone(), block));
        }
        let plain = value(of(x.tensor().inner(), 3));
        assert_near(plain, whole, 1e-12);
    }

    #[test]
    fn a_batch_that_is_computed_in_blocks_is_one_that_is_not() {
        let n = LARGE / 2 + 20;
        let (a, b) = (Rows::drawn(n, 6, 2), Rows::drawn(n, 6, 3));
        let slope = |loss: &dyn Fn(Tensor<2>) -> Tensor<1>| -> (f64, Vec<f64>) {
            let x = a.single().require_grad();
            let loss = loss(x.clone());
            let slope = x.grad(&loss.backward()).unwrap().into_data();
            (value(loss), slope.iter::<f64>().collect())
        };
        let near = |got: (f64, Vec<f64>), want: (f64, Vec<f64>)| {
            assert_near(got.0, want.0, 1e-5 * want.0.abs());
            let largest = want.1.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
            for (got, want) in got.1.iter().zip(&want.1) {
                assert_near(*got, *want, 1e-4 * largest);
            }
        };
        let whole = |x: Tensor<2>| nt_xent_per_anchor(x, b.single(), 0.05).unwrap().mean();
        let got = slope(&|x| nt_xent(x, b.single(), 0.05).unwrap());
        near(got, slope(&whole));
        // The positive is all that tells them apart: both with one positive and many negatives.
        let (of_dcl, of_nt_xent) = (
            value(dcl(a.single(), b.single(), 0.5).unwrap()),
            value(nt_xent(a.single(), b.single(), 0.5).unwrap()),
        );
        assert!(of_dcl < of_nt_xent && of_nt_xent - of_dcl < 0.01);
    }
}
