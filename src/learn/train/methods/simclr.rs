//! SimCLR: two views of every clip, an encoder, a projector, a contrastive loss.

use super::super::Plan;
use super::projected::Projection;
use super::two_views::TwoViews;
use crate::Error;
use crate::loss::Loss;

/// SimCLR. Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020: two views of every
/// clip, an encoder, a projector, NT-Xent; or any other loss of two views.
#[derive(Clone, Debug, PartialEq)]
pub struct SimClr {
    /// The loss of the projected views.
    pub loss: Loss,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl TwoViews for SimClr {
    const NAME: &'static str = "simclr";
    const TITLE: &'static str = "SimCLR";

    fn described(&self) -> Loss {
        self.loss.clone()
    }

    fn projection(&self) -> &Projection {
        &self.projection
    }

    fn looks_at_labels(&self) -> bool {
        matches!(self.loss, Loss::SupCon { .. })
    }

    fn check_own(&self, plan: &Plan) -> Result<(), Error> {
        if self.looks_at_labels() {
            return plan.check_labels(self.loss.name());
        }
        if !self.loss.takes_views() {
            let name = self.loss.name();
            return Err(Error::Run {
                message: format!(
                    "SimCLR compares two views, which is not what `{name}` is computed from"
                ),
                hint: "give a loss of two views, such as `nt_xent(0.5)`".into(),
            });
        }
        Ok(())
    }
}
