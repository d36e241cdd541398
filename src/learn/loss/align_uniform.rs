//! Alignment and uniformity (Wang and Isola, 2020).

use super::normalized;
use crate::Error;
use burn::tensor::{Int, Tensor};

/// Computes how far the views of a clip lie apart: `mean |x_i - y_i|^alpha` over normalized rows.
///
/// Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
/// Hypersphere", 2020, eq. 3.
///
/// # Shapes
/// `x`, `y`: `[batch, dim]`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the views differ in shape, [`Error::Range`] if `alpha` is not above 0.
pub fn align(x: Tensor<2>, y: Tensor<2>, alpha: f64) -> Result<Tensor<1>, Error> {
    if x.dims() != y.dims() {
        let [n, dim] = x.dims();
        return Err(Error::Shape {
            what: "the second view",
            want: format!("[{n}, {dim}] as the first"),
            got: y.dims().to_vec(),
        });
    }
    if !(alpha > 0.0 && alpha.is_finite()) {
        return Err(Error::range("alpha", "above 0", alpha));
    }
    let squared = (normalized(x) - normalized(y)).powi_scalar(2).sum_dim(1);
    // The root of 0 has no slope: equal views are held a hair apart.
    let powered = if alpha == 2.0 {
        squared
    } else {
        squared.clamp_min(1e-24).powf_scalar(alpha / 2.0)
    };
    Ok(powered.mean())
}

/// Computes how evenly rows cover the sphere: `log mean_{i<j} exp(-t |x_i - x_j|^2)` over normalized rows.
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
    if n < 2 {
        return Err(Error::range("batch", "at least 2", n));
    }
    if !(t > 0.0 && t.is_finite()) {
        return Err(Error::range("t", "above 0", t));
    }
    let device = x.device();
    let z = normalized(x);
    // |a - b|^2 = 2 - 2 a.b on the sphere.
    let exponent = (z
        .clone()
        .matmul(z.transpose())
        .mul_scalar(2.0)
        .sub_scalar(2.0))
    .clamp_max(0.0)
    .mul_scalar(t);
    let others = Tensor::<2, Int>::eye(n, &device)
        .float()
        .neg()
        .add_scalar(1.0);
    let pairs = (n * (n - 1)) as f64;
    Ok((exponent.exp() * others).sum().div_scalar(pairs).log())
}
