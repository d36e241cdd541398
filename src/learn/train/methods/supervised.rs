//! Supervised training: the labels of the clips, through an encoder and one linear layer.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::heads::of_labels;
use crate::Error;
use crate::batch::Batch;
use crate::loss::{CrossEntropy, Given, Loss};
use crate::nn::Network;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;

/// Cross entropy of one or more views with the labels of the clips; clips without a label do not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervised {
    /// Weights of classes and smoothing of labels.
    pub loss: CrossEntropy,
}

/// An encoder with a linear layer that gives logits.
#[derive(Module, Debug)]
pub struct Classifier {
    encoder: Network,
    head: Linear,
}

impl Method for Supervised {
    type Learner = Classifier;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "supervised"
    }

    fn title(&self) -> &'static str {
        "Supervised"
    }

    fn loss(&self) -> String {
        Loss::CrossEntropy(self.loss.clone()).to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (dim, classes) = (plan.encoder.dim(), plan.n_classes());
        vec![("head", format!("{dim} to {classes} classes"))]
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        self.loss.check()?;
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
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let mut rows = Vec::new();
        let mut logits = Vec::new();
        for view in 0..batch.views.len() {
            let embeddings = learner.encoder.forward(batch.input(view, device)?)?;
            logits.push(learner.head.forward(embeddings.clone()));
            rows.push(embeddings);
        }
        let loss = Loss::CrossEntropy(self.loss.clone()).of(Given {
            logits: logits.clone(),
            labels: Some(&batch.labels),
            ..Given::default()
        })?;
        let mut figures = of_labels(&logits, &batch.labels)?;
        // Without smoothing and weights the cross entropy is the loss.
        if self.loss == CrossEntropy::default() {
            figures.retain(|term| term.name == "accuracy");
        }
        Ok(Terms {
            figures,
            ..Terms::new(loss, rows)
        })
    }

    fn encoders<'a>(
        &self,
        learner: &'a Classifier,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
