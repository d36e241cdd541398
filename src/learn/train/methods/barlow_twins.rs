//! Barlow Twins: the views of a clip correlate, the features of a view do not.

use super::projected::Projection;
use super::two_views::TwoViews;
use crate::loss::Loss;

/// Barlow Twins. Zbontar et al., "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", 2021: two views of every
/// clip, an encoder and a wide projector, whose cross-correlation is drawn to the identity.
#[derive(Clone, Debug, PartialEq)]
pub struct BarlowTwins {
    /// Weight of the correlation of different features.
    pub redundancy: f64,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl TwoViews for BarlowTwins {
    const NAME: &'static str = "barlow_twins";
    const TITLE: &'static str = "Barlow Twins";

    fn described(&self) -> Loss {
        Loss::BarlowTwins {
            redundancy: self.redundancy,
        }
    }

    fn projection(&self) -> &Projection {
        &self.projection
    }
}
