//! Contrastive losses.

mod align_uniform;
mod nt_xent;

pub use align_uniform::{align, uniform};
pub use nt_xent::{nt_xent, nt_xent_per_anchor};

use burn::tensor::Tensor;

/// Scales every row to length 1; a row of zeros stays as it is.
pub(crate) fn normalized(x: Tensor<2>) -> Tensor<2> {
    // The guard of PyTorch's `normalize`, max(|x|, 1e-12), as a smallest squared norm.
    let norm = x.clone().powi_scalar(2).sum_dim(1).clamp_min(1e-24).sqrt();
    x / norm
}
