//! CLAR: contrast of two views and the labels of those clips that have one, through one head.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::heads::of_labels;
use super::parameters::{HIDDEN, LABEL_FRACTION, check_loss, loss, loss_of, projection};
use super::projected::Projection;
use crate::Error;
use crate::loss::{CLAR_LOSS, Given, Loss, Reads};
use crate::nn::{ClarHead, Network};
use auricle_audio::declare::{DefaultInside, Inside};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

pub(super) static CLAR: MethodDeclaration = MethodDeclaration {
    name: "clar",
    about: "Describes training by CLAR: contrast of all clips, and the labels of those that have \
        one.",
    citation: "Al-Tahan & Mohsenzadeh, 2021; the head is that of its code, and no clip is dropped \
        for want of a label",
    parameters: &[
        loss(
            &Inside {
                what: "`clar_loss(...)`",
                check: |param, nested| {
                    check_loss(param, nested, "`clar_loss(...)`", |loss| {
                        loss.facts
                            .is_of(&[Reads::Rows, Reads::Logits, Reads::Labels])
                    })
                },
            },
            &DefaultInside(|| CLAR_LOSS.value()),
            "a loss of two views, their logits and labels",
        ),
        LABEL_FRACTION,
        projection(128.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "CLAR",
        n_views: 2,
    },
    example: "let run = clar(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        Ok(Arc::new(Clar {
            loss: loss_of(settings),
            label_fraction: settings.number("label_fraction"),
            projection: Projection::of(settings),
        }))
    },
};

/// CLAR. Al-Tahan and Mohsenzadeh, "CLAR: Contrastive Learning of Auditory Representations", 2021: NT-Xent of two views plus
/// the cross entropy of their logits, of which clips without a label have no part. The head is that of the released code.
#[derive(Clone)]
struct Clar {
    loss: Loss,
    label_fraction: f64,
    /// Sizes of the head: its hidden layer, and the embedding that is contrasted.
    projection: Projection,
}

/// An encoder with CLAR's head for few labels.
#[derive(Module, Debug)]
pub(super) struct SemiSupervised {
    encoder: Network,
    head: ClarHead,
}

impl Method for Clar {
    type Learner = SemiSupervised;
    type Memory = Nothing;

    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        plan.with_labels_of(self.label_fraction)
    }

    fn loss(&self, _: &Plan) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let classes = format!("{} to {} classes", self.projection.output, plan.n_classes());
        vec![self.projection.of_two(plan), ("head", classes)]
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_labels(CLAR.facts.title)
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<SemiSupervised, Error> {
        let (dim, hidden) = (plan.encoder.dim(), self.projection.hidden(plan));
        let output = self.projection.output;
        plan.drawn(SemiSupervised {
            encoder: plan.network(device)?,
            head: ClarHead::new(dim, hidden, output, plan.n_classes(), device),
        })
    }

    fn memory(&self, _: &Plan, _: &SemiSupervised) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &SemiSupervised,
        _: &Nothing,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut view = |view| -> Result<(Tensor<2>, Tensor<2>), Error> {
            let embeddings = inputs.embed(view, &learner.encoder)?;
            Ok(learner.head.forward(embeddings))
        };
        let ((a, logits_a), (b, logits_b)) = (view(0)?, view(1)?);
        let logits = vec![logits_a, logits_b];
        let loss = self.loss.of(Given {
            logits: logits.clone(),
            labels: Some(inputs.labels()),
            ..Given::views(a.clone(), b.clone())
        })?;
        Ok(Terms {
            figures: of_labels(&logits, inputs.labels())?,
            ..Terms::new(loss, vec![a, b])
        })
    }

    fn encoder_mut<'a>(&self, learner: &'a mut SemiSupervised) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a SemiSupervised,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
