//! BYOL: one network predicts what a slow copy of it makes of the other view.

use super::super::Plan;
use super::super::average::{follow, still};
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Moment, Terms};
use super::heads::Mlp;
use super::parameters::{HIDDEN, momentum, projection};
use super::projected::Projection;
use crate::Error;
use crate::loss::{self, byol};
use crate::nn::Network;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::f64::consts::PI;
use std::sync::Arc;

pub(super) static BYOL: MethodDeclaration = MethodDeclaration {
    name: "byol",
    about: "Describes training by BYOL: the network predicts what a moving average of itself makes \
        of the other view. `run.models.target` is the moving average.",
    citation: "Grill et al., 2020; its average begins at 0.996, for many more steps",
    parameters: &[
        momentum(
            0.99,
            "share of the average that a step leaves at first; it rises to 1 along half a cosine",
        ),
        projection(64.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "BYOL",
        n_views: 2,
    },
    example: "let run = byol(model, data, options); run.fit(); \
        assert(run.models.keys() == [\"encoder\", \"target\"])",
    build: |settings| {
        Ok(Arc::new(Byol {
            momentum: settings.number("momentum"),
            projection: Projection::of(settings),
        }))
    },
};

/// BYOL. Grill et al., "Bootstrap Your Own Latent", 2020: no negatives; the copy moves towards the network after every step,
/// ever more slowly.
#[derive(Clone)]
struct Byol {
    /// Share of the copy that a step leaves at first; it rises to 1 along half a cosine.
    momentum: f64,
    /// Sizes of projector and predictor.
    projection: Projection,
}

/// The network that learns.
#[derive(Module, Debug)]
pub(super) struct Online {
    encoder: Network,
    head: Mlp,
    predictor: Mlp,
}

/// The slow copy.
#[derive(Module, Debug)]
pub(super) struct Target {
    encoder: Network,
    head: Mlp,
}

impl Byol {
    fn momentum_at(&self, at: Moment) -> f64 {
        let done = at.done as f64 / at.total.max(1) as f64;
        1.0 - (1.0 - self.momentum) * ((PI * done).cos() + 1.0) / 2.0
    }
}

impl Method for Byol {
    type Learner = Online;
    type Memory = Target;

    fn loss(&self, _: &Plan) -> String {
        loss::BYOL.value().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (hidden, output) = (self.projection.hidden(plan), self.projection.output);
        vec![
            self.projection.of_two(plan),
            ("predictor", format!("{output} to {hidden} to {output}")),
            ("momentum", self.momentum.to_string()),
        ]
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Online, Error> {
        let (hidden, output) = (self.projection.hidden(plan), self.projection.output);
        plan.drawn(Online {
            encoder: plan.network(device)?,
            head: Mlp::normalized([plan.encoder.dim(), hidden, output], device),
            predictor: Mlp::normalized([output, hidden, output], device),
        })
    }

    fn memory(&self, _: &Plan, learner: &Online) -> Result<Target, Error> {
        Ok(Target {
            encoder: still(&learner.encoder),
            head: still(&learner.head),
        })
    }

    fn terms(
        &self,
        learner: &Online,
        memory: &Target,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut view = |view| -> Result<[Tensor<2>; 2], Error> {
            let online = inputs.embed(view, &learner.encoder)?;
            let online = learner.head.forward(online);
            let target = memory.encoder.forward(inputs.view(view)?)?;
            let target = memory.head.forward(target);
            Ok([online, target.detach()])
        };
        let ([a, target_a], [b, target_b]) = (view(0)?, view(1)?);
        let of_a = byol(learner.predictor.forward(a.clone()), target_b)?;
        let of_b = byol(learner.predictor.forward(b.clone()), target_a)?;
        Ok(Terms::new(of_a + of_b, vec![a, b]))
    }

    fn after_step(
        &self,
        learner: &Online,
        memory: Target,
        _: Option<Tensor<2>>,
        at: Moment,
    ) -> Target {
        let momentum = self.momentum_at(at);
        Target {
            encoder: follow(memory.encoder, &learner.encoder, momentum),
            head: follow(memory.head, &learner.head, momentum),
        }
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Online) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Online,
        memory: &'a Target,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder), ("target", &memory.encoder)]
    }
}
