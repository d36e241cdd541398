//! SimSiam: one view predicts the other, and nothing flows into what is predicted.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::heads::Mlp;
use super::parameters::{HIDDEN, projection};
use super::projected::Projection;
use crate::Error;
use crate::loss::{self, simsiam};
use crate::nn::{BatchNorm, Network, Projector};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

pub(super) static SIMSIAM: MethodDeclaration = MethodDeclaration {
    name: "simsiam",
    about: "Describes training by SimSiam: one view predicts the other, and nothing flows into \
        what is predicted.",
    citation: "Chen & He, 2021",
    parameters: &[projection(64.0), HIDDEN],
    facts: MethodFacts {
        title: "SimSiam",
        n_views: 2,
    },
    example: "let run = simsiam(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        let projection = Projection::of(settings);
        Ok(Arc::new(SimSiam { projection }))
    },
};

/// SimSiam. Chen and He, "Exploring Simple Siamese Representation Learning", 2021: neither negatives nor a copy. The
/// projector ends in a batch norm, the predictor has a hidden layer of a quarter of its width.
#[derive(Clone)]
struct SimSiam {
    projection: Projection,
}

/// An encoder with projector and predictor.
#[derive(Module, Debug)]
pub(super) struct Siamese {
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

    fn loss(&self, _: &Plan) -> String {
        loss::SIMSIAM.value().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (hidden, output) = (self.bottleneck(), self.projection.output);
        vec![
            self.projection.of_three(plan),
            ("predictor", format!("{output} to {hidden} to {output}")),
        ]
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
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut project = |view| -> Result<Tensor<2>, Error> {
            let x = inputs.embed(view, &learner.encoder)?;
            Ok(learner.bn.forward(learner.head.forward(x)))
        };
        let (a, b) = (project(0)?, project(1)?);
        // The loss itself lets nothing flow into its target.
        let of_a = simsiam(learner.predictor.forward(a.clone()), b.clone())?;
        let of_b = simsiam(learner.predictor.forward(b.clone()), a.clone())?;
        Ok(Terms::new((of_a + of_b).mul_scalar(0.5), vec![a, b]))
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Siamese) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Siamese,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
