//! VICReg: invariance, variance and covariance of two views.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::projected::{Projected, Projection};
use crate::Error;
use crate::batch::Batch;
use crate::loss::{self, Given, Loss};
use crate::nn::Network;
use burn::tensor::Device;

/// VICReg. Bardes et al., "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", 2022: two
/// views of every clip, an encoder and a wide projector, neither negatives nor a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct VicReg {
    /// Weights of the terms of the loss.
    pub weights: loss::VicReg,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl VicReg {
    fn described(&self) -> Loss {
        Loss::VicReg(self.weights.clone())
    }
}

impl Method for VicReg {
    type Learner = Projected;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "vicreg"
    }

    fn title(&self) -> &'static str {
        "VICReg"
    }

    fn loss(&self) -> String {
        self.described().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![self.projection.of_three(plan)]
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(Method::title(self))?;
        self.projection.check()?;
        self.described().check()
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
        let loss = self.described().of(Given::views(a.clone(), b.clone()))?;
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
