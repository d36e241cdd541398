//! An encoder and a projector: what most methods of two views train.

use super::super::Plan;
use super::super::inputs::Inputs;
use crate::Error;
use crate::nn::{Network, Projector};
use auricle_audio::declare::Settings;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// Sizes of a projector.
#[derive(Clone, Copy)]
pub(super) struct Projection {
    /// Features of the hidden layers; as many as the encoder gives if `None`.
    hidden: Option<usize>,
    /// Features of the output.
    pub(super) output: usize,
}

impl Projection {
    /// What a declaration with both parameters was given.
    pub(super) fn of(settings: &Settings<'_>) -> Projection {
        Projection {
            hidden: settings.count_if("hidden"),
            output: settings.count("projection"),
        }
    }

    pub(super) fn hidden(&self, plan: &Plan) -> usize {
        self.hidden.unwrap_or(plan.encoder.dim())
    }

    /// The setting of a projector with two hidden layers.
    pub(super) fn of_three(&self, plan: &Plan) -> (&'static str, String) {
        let (dim, hidden) = (plan.encoder.dim(), self.hidden(plan));
        let text = format!("{dim} to {hidden} to {hidden} to {}", self.output);
        ("projector", text)
    }

    /// The setting of a projector with one hidden layer.
    pub(super) fn of_two(&self, plan: &Plan) -> (&'static str, String) {
        let (dim, hidden) = (plan.encoder.dim(), self.hidden(plan));
        ("projector", format!("{dim} to {hidden} to {}", self.output))
    }

    /// A projector with two hidden layers.
    pub(super) fn projector(&self, plan: &Plan, device: &Device) -> Projector {
        Projector::new(plan.encoder.dim(), self.hidden(plan), self.output, device)
    }
}

/// An encoder with a projector.
#[derive(Module, Debug)]
pub(super) struct Projected {
    pub(super) encoder: Network,
    pub(super) head: Projector,
}

impl Projected {
    /// The plan's encoder with a projector drawn from its seed.
    pub(super) fn new(
        plan: &Plan,
        projection: &Projection,
        device: &Device,
    ) -> Result<Projected, Error> {
        plan.drawn(Projected {
            encoder: plan.network(device)?,
            head: projection.projector(plan, device),
        })
    }

    /// Both views of a batch, projected. Each goes through the encoder by itself, with batch statistics of its own.
    pub(super) fn views(&self, inputs: &mut Inputs<'_>) -> Result<[Tensor<2>; 2], Error> {
        let mut project = |view| -> Result<Tensor<2>, Error> {
            Ok(self.head.forward(inputs.embed(view, &self.encoder)?))
        };
        Ok([project(0)?, project(1)?])
    }
}
