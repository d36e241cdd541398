//! Supervised training: the labels of the clips, through an encoder and one linear layer.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::heads::of_labels;
use super::parameters::{LABEL_FRACTION, check_loss, loss, loss_of};
use crate::Error;
use crate::loss::{CROSS_ENTROPY, Given, Loss, Reads};
use crate::nn::Network;
use auricle_audio::declare::{DefaultInside, Inside};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use std::sync::Arc;

pub(super) static SUPERVISED: MethodDeclaration = MethodDeclaration {
    name: "supervised",
    about: "Describes supervised training of the encoder and a linear layer; clips without a label \
        do not count.",
    citation: "",
    parameters: &[
        loss(
            &Inside {
                what: "`cross_entropy(...)`",
                check: |param, nested| {
                    check_loss(param, nested, "`cross_entropy(...)`", |loss| {
                        loss.facts.is_of(&[Reads::Logits, Reads::Labels])
                    })
                },
            },
            &DefaultInside(|| CROSS_ENTROPY.value()),
            "a loss of logits and labels",
        ),
        LABEL_FRACTION,
    ],
    facts: MethodFacts {
        title: "Supervised",
        n_views: 1,
    },
    example: "let run = supervised(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        Ok(Arc::new(Supervised {
            loss: loss_of(settings),
            label_fraction: settings.number("label_fraction"),
        }))
    },
};

/// Cross entropy of one or more views with the labels of the clips; clips without a label do not count.
#[derive(Clone)]
struct Supervised {
    loss: Loss,
    label_fraction: f64,
}

/// An encoder with a linear layer that gives logits.
#[derive(Module, Debug)]
pub(super) struct Classifier {
    encoder: Network,
    head: Linear,
}

impl Method for Supervised {
    type Learner = Classifier;
    type Memory = Nothing;

    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        plan.with_labels_of(self.label_fraction)
    }

    fn loss(&self) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (dim, classes) = (plan.encoder.dim(), plan.n_classes());
        vec![("head", format!("{dim} to {classes} classes"))]
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_labels("supervised training")
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Classifier, Error> {
        plan.drawn(Classifier {
            encoder: plan.network(device)?,
            head: LinearConfig::new(plan.encoder.dim(), plan.n_classes()).init(device),
        })
    }

    fn memory(&self, _: &Plan, _: &Classifier) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Classifier,
        _: &Nothing,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut rows = Vec::new();
        let mut logits = Vec::new();
        for view in 0..inputs.n_views() {
            let embeddings = inputs.embed(view, &learner.encoder)?;
            logits.push(learner.head.forward(embeddings.clone()));
            rows.push(embeddings);
        }
        let loss = self.loss.of(Given {
            logits: logits.clone(),
            labels: Some(inputs.labels()),
            ..Given::default()
        })?;
        let mut figures = of_labels(&logits, inputs.labels())?;
        // Without smoothing and weights the cross entropy is the loss.
        let is_plain = self.loss.changed().next().is_none();
        if is_plain && self.loss.declaration().name == CROSS_ENTROPY.name {
            figures.retain(|term| term.name == "accuracy");
        }
        Ok(Terms {
            figures,
            ..Terms::new(loss, rows)
        })
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Classifier) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Classifier,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
