//! Plain layers.

use super::{BatchNorm, linear, within};
use crate::Error;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Options of a [`Mlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MlpOptions {
    /// Numbers that a clip has: its channels times bands times frames, its samples, or its features.
    pub inputs: usize,
    /// Outputs of the layers; the last is the embedding.
    pub layers: Vec<usize>,
    /// Whether a batch norm stands behind every layer but the last.
    pub batch_norm: bool,
}

/// Linear layers with ReLUs between them, over inputs of any shape laid out in a row.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    norms: Vec<BatchNorm>,
}

impl Mlp {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if there is no layer, or one without outputs.
    pub fn new(options: &MlpOptions, device: &Device) -> Result<Mlp, Error> {
        let mut from = within("inputs", options.inputs, 1..=1 << 24)?;
        if options.layers.is_empty() {
            return Err(Error::range("layers", "at least one number", "none"));
        }
        let mut layers = Vec::new();
        for &to in &options.layers {
            layers.push(linear(from, within("layers", to, 1..=65536)?, device));
            from = to;
        }
        let hidden = options
            .layers
            .split_last()
            .map_or(&[][..], |(_, hidden)| hidden);
        let norms = hidden.iter().map(|&n| BatchNorm::new(n, device));
        Ok(Mlp {
            layers,
            norms: if options.batch_norm {
                norms.collect()
            } else {
                Vec::new()
            },
        })
    }

    /// Numbers that a clip must have.
    pub fn inputs(&self) -> usize {
        self.layers[0].weight.dims()[0]
    }

    /// Maps `[batch, inputs]` to the outputs of the last layer.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            let x = layer.forward(x);
            match self.norms.get(index) {
                _ if index == last => x,
                Some(norm) => norm.forward_relu(x),
                None => relu(x),
            }
        })
    }
}
