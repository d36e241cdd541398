//! SimCLR: two views of every clip, an encoder, a projector, a contrastive loss.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::projected::{Projected, Projection};
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Given, Loss};
use crate::nn::Network;
use burn::tensor::Device;

/// SimCLR. Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020: two views of every
/// clip, an encoder, a projector, NT-Xent; or any other loss of two views.
#[derive(Clone, Debug, PartialEq)]
pub struct SimClr {
    /// The loss of the projected views.
    pub loss: Loss,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl Method for SimClr {
    type Learner = Projected;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "simclr"
    }

    fn title(&self) -> &'static str {
        "SimCLR"
    }

    fn loss(&self) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![self.projection.of_three(plan)]
    }

    fn reads_labels(&self) -> bool {
        matches!(self.loss, Loss::SupCon { .. })
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(Method::title(self))?;
        self.projection.check()?;
        self.loss.check()?;
        if Method::reads_labels(self) {
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

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Projected, Error> {
        Projected::new(plan, &self.projection, device)
    }

    fn memory(&self, _: &Plan, _: &Projected) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Projected,
        _: &Nothing,
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let [a, b] = learner.views(batch, device)?;
        let loss = self.loss.of(Given {
            labels: Some(&batch.labels),
            ..Given::views(a.clone(), b.clone())
        })?;
        Ok(Terms::new(loss, vec![a, b]))
    }

    fn encoders<'a>(
        &self,
        learner: &'a Projected,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
