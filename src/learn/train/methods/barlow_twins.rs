//! Barlow Twins: the views of a clip correlate, the features of a view do not.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::projected::{Projected, Projection};
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Given, Loss};
use crate::nn::Network;
use burn::tensor::Device;

/// Barlow Twins. Zbontar et al., "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", 2021: two views of every
/// clip, an encoder and a wide projector, whose cross-correlation is drawn to the identity.
#[derive(Clone, Debug, PartialEq)]
pub struct BarlowTwins {
    /// Weight of the correlation of different features.
    pub redundancy: f64,
    /// Sizes of the projector.
    pub projection: Projection,
}

impl BarlowTwins {
    fn described(&self) -> Loss {
        Loss::BarlowTwins {
            redundancy: self.redundancy,
        }
    }
}

impl Method for BarlowTwins {
    type Learner = Projected;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "barlow_twins"
    }

    fn title(&self) -> &'static str {
        "Barlow Twins"
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
