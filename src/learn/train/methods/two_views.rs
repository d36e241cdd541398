//! Methods that train an encoder with a projector by a loss of both projected views.

use super::super::Plan;
use super::super::described::AnyMethod;
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::parameters::loss_of;
use super::projected::{Projected, Projection};
use crate::Error;
use crate::loss::{Given, Loss, Reads};
use crate::nn::Network;
use auricle_audio::declare::Settings;
use burn::tensor::Device;
use std::sync::Arc;

/// Two views of every clip, an encoder, a projector, and any loss of two views.
#[derive(Clone)]
pub(super) struct TwoViews {
    loss: Loss,
    projection: Projection,
}

impl TwoViews {
    /// What a declaration builds whose parameters are a loss and the sizes of a projector.
    pub(super) fn build(settings: &Settings<'_>) -> Result<Arc<dyn AnyMethod>, Error> {
        Ok(Arc::new(TwoViews {
            loss: loss_of(settings),
            projection: Projection::of(settings),
        }))
    }
}

impl Method for TwoViews {
    type Learner = Projected;
    type Memory = Nothing;

    fn loss(&self, _: &Plan) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![self.projection.of_three(plan)]
    }

    fn reads_labels(&self) -> bool {
        self.loss.declaration().facts.reads(Reads::Labels)
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        if Method::reads_labels(self) {
            return plan.check_labels(self.loss.declaration().name);
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
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let [a, b] = learner.views(inputs)?;
        // A loss that needs no labels does not look at them.
        let loss = self.loss.of(Given {
            labels: Some(inputs.labels()),
            ..Given::views(a.clone(), b.clone())
        })?;
        Ok(Terms::new(loss, vec![a, b]))
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Projected) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Projected,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
