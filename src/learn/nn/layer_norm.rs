//! Layer normalization.

use super::onnx::{Attribute, Graph};
use burn::module::{Module, Param};
use burn::tensor::module::layer_norm;
use burn::tensor::{Device, Tensor};

/// Normalizes every token, or row, over its features, then scales and shifts every feature.
///
/// Ba et al., "Layer normalization", 2016. As burn's own layer, which does not say what it adds to variances.
#[derive(Module, Debug)]
pub struct LayerNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// What PyTorch adds to variances if nothing else is asked for.
    pub const EPSILON: f64 = 1e-5;

    /// A layer over `dim` features, with scale 1 and shift 0; `epsilon` is added to variances.
    pub fn new(dim: usize, epsilon: f64, device: &Device) -> LayerNorm {
        LayerNorm {
            gamma: Param::from_tensor(Tensor::ones([dim], device)),
            beta: Param::from_tensor(Tensor::zeros([dim], device)),
            epsilon,
        }
    }

    /// Normalizes `[..., dim]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.gamma.val(), Some(self.beta.val()), self.epsilon)
    }

    /// Features of a token or a row.
    pub(super) fn dim(&self) -> usize {
        self.gamma.dims()[0]
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let gamma = graph.weight("weight", self.gamma.val());
        let beta = graph.weight("bias", self.beta.val());
        let options = [
            ("axis", Attribute::Int(-1)),
            ("epsilon", Attribute::Float(self.epsilon)),
        ];
        graph.op("LayerNormalization", &[x, &gamma, &beta], &options)
    }
}
