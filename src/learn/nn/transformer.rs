//! The block of a transformer.

use super::onnx::Graph;
use super::ops::{attention, gelu};
use super::{LayerNorm, linear};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

/// Added to the variance in the norms of blocks.
pub(super) const EPSILON: f64 = 1e-6;
/// Hidden width of a block's layers over its own.
pub(super) const MLP_RATIO: usize = 4;

#[derive(Module, Debug)]
struct Attention {
    qkv: Linear,
    proj: Linear,
    #[module(skip)]
    heads: usize,
}

impl Attention {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let tokens = self.qkv.forward(x);
        self.proj.forward(attention(tokens, self.heads))
    }
}

#[derive(Module, Debug)]
struct FeedForward {
    fc1: Linear,
    fc2: Linear,
}

/// Attention, then two layers with a GELU, each behind a norm and beside a shortcut, with the names
/// of timm.
///
/// Dosovitskiy et al., "An image is worth 16x16 words", 2021.
#[derive(Module, Debug)]
pub struct TransformerBlock {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: FeedForward,
}

impl TransformerBlock {
    /// A block over `dim` features in `heads` heads, its weights not yet drawn, with its two norms.
    pub fn new(
        norms: [LayerNorm; 2],
        dim: usize,
        heads: usize,
        device: &Device,
    ) -> TransformerBlock {
        TransformerBlock::of(norms, [dim, MLP_RATIO * dim], heads, device)
    }

    /// The same with another width between its two layers.
    pub fn of(
        [norm1, norm2]: [LayerNorm; 2],
        [dim, hidden]: [usize; 2],
        heads: usize,
        device: &Device,
    ) -> TransformerBlock {
        TransformerBlock {
            norm1,
            attn: Attention {
                qkv: linear(dim, 3 * dim, device),
                proj: linear(dim, dim, device),
                heads,
            },
            norm2,
            mlp: FeedForward {
                fc1: linear(dim, hidden, device),
                fc2: linear(hidden, dim, device),
            },
        }
    }

    /// Maps tokens `[batch, n, dim]` to as many.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.attn.forward(self.norm1.forward(x));
        let y = gelu(self.mlp.fc1.forward(self.norm2.forward(x.clone())));
        x + self.mlp.fc2.forward(y)
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let linear = |graph: &mut Graph, name: &str, layer: &Linear, x: &str| {
            graph.inside(Some(name), |graph| graph.linear(x, layer))
        };
        let normed = graph.inside(Some("norm1"), |graph| self.norm1.to_onnx(graph, x));
        let tokens = linear(graph, "attn.qkv", &self.attn.qkv, &normed);
        let mixed = graph.attention(&tokens, self.attn.heads, self.norm1.dim());
        let mixed = linear(graph, "attn.proj", &self.attn.proj, &mixed);
        let x = graph.op("Add", &[x, &mixed], &[]);
        let normed = graph.inside(Some("norm2"), |graph| self.norm2.to_onnx(graph, &x));
        let hidden = linear(graph, "mlp.fc1", &self.mlp.fc1, &normed);
        let hidden = graph.gelu(&hidden);
        let y = linear(graph, "mlp.fc2", &self.mlp.fc2, &hidden);
        graph.op("Add", &[&x, &y], &[])
    }
}
