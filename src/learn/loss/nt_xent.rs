//! The normalized temperature-scaled cross entropy.

use super::normalized;
use crate::Error;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Int, Tensor};

/// Computes the normalized temperature-scaled cross entropy of a batch of positive pairs.
///
/// `l(i, j) = -log( exp(sim(z_i, z_j) / t) / sum_{k != i} exp(sim(z_i, z_k) / t) )`, averaged over both directions.
/// Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, eq. 1. Embeddings are
/// normalized here, not before. With a single pair the loss is 0; by chance it is `ln(2 batch - 1)`.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`, where row `n` of each is a view of clip `n`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape; [`Error::Range`] if `batch` is 0 or `temperature` is not above 0.
pub fn nt_xent(a: Tensor<2>, b: Tensor<2>, temperature: f64) -> Result<Tensor<1>, Error> {
    Ok(nt_xent_per_anchor(a, b, temperature)?.mean())
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
    let [n, dim] = a.dims();
    if b.dims() != [n, dim] {
        return Err(Error::Shape {
            what: "the second view",
            want: format!("[{n}, {dim}] as the first"),
            got: b.dims().to_vec(),
        });
    }
    if n == 0 {
        return Err(Error::range("batch", "at least 1", 0));
    }
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(Error::range("temperature", "above 0", temperature));
    }
    let device = a.device();
    let z = normalized(Tensor::cat(vec![a, b], 0));
    let similarity = z.clone().matmul(z.transpose()).div_scalar(temperature);
    // An anchor is no candidate for itself. A finite number instead of minus infinity keeps `inf - inf` out of the
    // softmax, which subtracts the largest entry of a row first; no similarity comes near this one.
    let own: Tensor<2, Bool> = Tensor::<2, Int>::eye(2 * n, &device).equal_elem(1);
    let lowest = -4.0 / temperature - 1e4;
    let log_p = log_softmax(similarity.mask_fill(own, lowest), 1);
    let partner = Tensor::<1, Int>::arange(n as i64..2 * n as i64, &device);
    let partner = Tensor::cat(vec![partner, Tensor::arange(0..n as i64, &device)], 0);
    Ok(log_p
        .gather(1, partner.reshape([2 * n, 1]))
        .reshape([2 * n])
        .neg())
}
