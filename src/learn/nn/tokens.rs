//! From maps to tokens, and where a token stands.

use super::Conv2d;
use super::onnx::Graph;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// Patches of a map as tokens, with the names of timm.
///
/// Dosovitskiy et al., "An image is worth 16x16 words", 2021; overlapping as in Gong et al., 2021.
#[derive(Module, Debug)]
pub struct PatchEmbed {
    proj: Conv2d,
}

impl PatchEmbed {
    /// A layer from `channels[0]` to tokens of `channels[1]` features, its weights not yet drawn.
    pub fn new(
        channels: [usize; 2],
        patch: [usize; 2],
        stride: [usize; 2],
        device: &Device,
    ) -> PatchEmbed {
        let ([from, dim], [rows, columns]) = (channels, patch);
        let options = ConvOptions::new(stride, [0; 2], [1; 2], 1);
        PatchEmbed {
            proj: Conv2d::with([dim, from, rows, columns], true, options, device),
        }
    }

    /// Maps `[batch, channels, bands, frames]` to `[batch, rows * columns, dim]`, rows along bands.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<3> {
        self.proj.forward(x).flatten::<3>(2, 3).swap_dims(1, 2)
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let map = graph.inside(Some("proj"), |graph| self.proj.to_onnx(graph, x));
        graph.tokens_of(&map)
    }
}

/// A learned vector for every place of a token.
#[derive(Module, Debug)]
pub struct Positions {
    pos_embed: Param<Tensor<3>>,
}

impl Positions {
    /// A table for `n` tokens of `dim` features, not yet drawn.
    pub fn new(n: usize, dim: usize, device: &Device) -> Positions {
        Positions {
            pos_embed: Param::from_tensor(Tensor::zeros([1, n, dim], device)),
        }
    }

    /// Adds the table to `[batch, n, dim]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x + self.pos_embed.val()
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let table = graph.weight("pos_embed", self.pos_embed.val());
        graph.op("Add", &[x, &table], &[])
    }
}
