//! CLAR: contrast of two views and the labels of those clips that have one, through one head.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::heads::of_labels;
use super::projected::Projection;
use crate::Error;
use crate::batch::Batch;
use crate::loss::{self, Given, Loss};
use crate::nn::{ClarHead, Network};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// CLAR. Al-Tahan and Mohsenzadeh, "CLAR: Contrastive Learning of Auditory Representations", 2021: NT-Xent of two views plus
/// the cross entropy of their logits, of which clips without a label have no part. The head is that of the released code.
#[derive(Clone, Debug, PartialEq)]
pub struct Clar {
    /// Temperature of the contrast, and how the cross entropy joins it.
    pub loss: loss::Clar,
    /// Sizes of the head: its hidden layer, and the embedding that is contrasted.
    pub projection: Projection,
}

/// An encoder with CLAR's head for few labels.
#[derive(Module, Debug)]
pub struct SemiSupervised {
    encoder: Network,
    head: ClarHead,
}

impl Clar {
    fn described(&self) -> Loss {
        Loss::Clar(self.loss.clone())
    }
}

impl Method for Clar {
    type Learner = SemiSupervised;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "clar"
    }

    fn title(&self) -> &'static str {
        "CLAR"
    }

    fn loss(&self) -> String {
        self.described().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let classes = format!("{} to {} classes", self.projection.output, plan.n_classes());
        vec![self.projection.of_two(plan), ("head", classes)]
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(Method::title(self))?;
        self.projection.check()?;
        self.described().check()?;
        plan.check_labels(Method::title(self))
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
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let mut view = |view| -> Result<(Tensor<2>, Tensor<2>), Error> {
            let embeddings = learner.encoder.forward(batch.input(view, device)?)?;
            Ok(learner.head.forward(embeddings))
        };
        let ((a, logits_a), (b, logits_b)) = (view(0)?, view(1)?);
        let logits = vec![logits_a, logits_b];
        let loss = self.described().of(Given {
            logits: logits.clone(),
            labels: Some(&batch.labels),
            ..Given::views(a.clone(), b.clone())
        })?;
        Ok(Terms {
            figures: of_labels(&logits, &batch.labels)?,
            ..Terms::new(loss, vec![a, b])
        })
    }

    fn encoders<'a>(
        &self,
        learner: &'a SemiSupervised,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
