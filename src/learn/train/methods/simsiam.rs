//! SimSiam: one view predicts the other, and nothing flows into what is predicted.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::heads::Mlp;
use super::projected::Projection;
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Loss, simsiam};
use crate::nn::{BatchNorm, Network, Projector};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// SimSiam. Chen and He, "Exploring Simple Siamese Representation Learning", 2021: neither negatives nor a copy. The
/// projector ends in a batch norm, the predictor has a hidden layer of a quarter of its width.
#[derive(Clone, Debug, PartialEq)]
pub struct SimSiam {
    /// Sizes of the projector.
    pub projection: Projection,
}

/// An encoder with projector and predictor.
#[derive(Module, Debug)]
pub struct Siamese {
    encoder: Network,
    head: Projector,
    bn: BatchNorm,
    predictor: Mlp,
}

impl SimSiam {
    /// Features of the predictor's hidden layer.
    fn bottleneck(&self) -> usize {
        (self.projection.output / 4).max(1)
    }
}

impl Method for SimSiam {
    type Learner = Siamese;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "simsiam"
    }

    fn title(&self) -> &'static str {
        "SimSiam"
    }

    fn loss(&self) -> String {
        Loss::SimSiam.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (hidden, output) = (self.bottleneck(), self.projection.output);
        vec![
            self.projection.of_three(plan),
            ("predictor", format!("{output} to {hidden} to {output}")),
        ]
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(Method::title(self))?;
        self.projection.check()
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Siamese, Error> {
        let output = self.projection.output;
        plan.drawn(Siamese {
            encoder: plan.network(device)?,
            head: self.projection.projector(plan, device),
            bn: BatchNorm::new(output, device),
            predictor: Mlp::normalized([output, self.bottleneck(), output], device),
        })
    }

    fn memory(&self, _: &Plan, _: &Siamese) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Siamese,
        _: &Nothing,
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let mut project = |view| -> Result<Tensor<2>, Error> {
            let x = learner.encoder.forward(batch.input(view, device)?)?;
            Ok(learner.bn.forward(learner.head.forward(x)))
        };
        let (a, b) = (project(0)?, project(1)?);
        // The loss itself lets nothing flow into its target.
        let of_a = simsiam(learner.predictor.forward(a.clone()), b.clone())?;
        let of_b = simsiam(learner.predictor.forward(b.clone()), a.clone())?;
        Ok(Terms::new((of_a + of_b).mul_scalar(0.5), vec![a, b]))
    }

    fn encoders<'a>(
        &self,
        learner: &'a Siamese,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
