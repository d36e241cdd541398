//! VICReg: invariance, variance and covariance of two views.

use super::projected::Projection;
use super::two_views::TwoViews;
use crate::loss::{self, Loss};

/// VICReg. Bardes et al., "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", 2022: two
/// views of every clip, an encoder and a wide projector, neither negatives nor a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct VicReg {
    /// Weights of the terms of the loss.
    pub weights: loss::VicReg,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl TwoViews for VicReg {
    const NAME: &'static str = "vicreg";
    const TITLE: &'static str = "VICReg";

    fn described(&self) -> Loss {
        Loss::VicReg(self.weights.clone())
    }

    fn projection(&self) -> &Projection {
        &self.projection
    }
}
