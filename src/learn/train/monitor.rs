//! Signs of a collapse in the embeddings of a batch.

use crate::Error;
use crate::loss::{align, normalized, uniform};
use burn::tensor::Tensor;

/// Alignment, uniformity and deviation of a batch of projected views.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Monitor {
    pub(super) alignment: f64,
    pub(super) uniformity: f64,
    pub(super) deviation: f64,
}

impl Monitor {
    /// Below this deviation the embeddings hardly differ any more.
    pub(super) const COLLAPSED: f64 = 0.05;

    /// Measures two views `[batch, dim]`, without gradients.
    pub(super) fn of(a: Tensor<2>, b: Tensor<2>) -> Result<Monitor, Error> {
        let (a, b) = (a.inner(), b.inner());
        let number = |t: Tensor<1>| t.into_data().iter::<f64>().next().unwrap_or(f64::NAN);
        let dim = a.dims()[1] as f64;
        let uniformity =
            0.5 * (number(uniform(a.clone(), 2.0)?) + number(uniform(b.clone(), 2.0)?));
        let z = normalized(a.clone());
        let centred = z.clone() - z.mean_dim(0);
        let deviation = number(centred.powi_scalar(2).mean_dim(0).sqrt().mean()) * dim.sqrt();
        Ok(Monitor {
            alignment: number(align(a, b, 2.0)?),
            uniformity,
            deviation,
        })
    }
}
