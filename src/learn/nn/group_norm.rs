//! Group normalization.

use super::onnx::{Attribute, Graph};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Normalizes every clip over groups of its channels and all positions, then scales and shifts
/// every channel.
///
/// Wu and He, "Group normalization", 2018, with PyTorch's names.
#[derive(Module, Debug)]
pub struct GroupNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    epsilon: f64,
}

impl GroupNorm {
    /// A layer over `n_channels`, a multiple of `groups`, with scale 1 and shift 0.
    pub fn new(n_channels: usize, groups: usize, epsilon: f64, device: &Device) -> GroupNorm {
        GroupNorm {
            weight: Param::from_tensor(Tensor::ones([n_channels], device)),
            bias: Param::from_tensor(Tensor::zeros([n_channels], device)),
            groups,
            epsilon,
        }
    }

    /// Normalizes `[batch, channels, ...]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let dims = x.dims();
        let (batch, n_channels) = (dims[0], dims[1]);
        let n = dims.iter().product::<usize>() / batch.max(1);
        let x = x.reshape([batch, self.groups, n / self.groups]);
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normed = centred / (variance + self.epsilon).sqrt();
        let normed = normed.reshape([batch, n_channels, n / n_channels]);
        let of_channel = |values: &Param<Tensor<1>>| values.val().unsqueeze_dims::<3>(&[0, 2]);
        (normed * of_channel(&self.weight) + of_channel(&self.bias)).reshape(dims)
    }

    /// Writes it into a graph, for `[batch, channels, ...]` with a number of axes behind the channels.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str, n_axes: usize) -> String {
        let dims = graph.op("Shape", &[x], &[]);
        let grouped = graph.reshaped(x, &[0, self.groups as i64, -1]);
        let axes = [
            ("axes", Attribute::Ints(&[2])),
            ("keepdims", Attribute::Int(1)),
        ];
        let mean = graph.op("ReduceMean", &[&grouped], &axes);
        let centred = graph.op("Sub", &[&grouped, &mean], &[]);
        let square = graph.op("Mul", &[&centred, &centred], &[]);
        let variance = graph.op("ReduceMean", &[&square], &axes);
        let epsilon = graph.number("epsilon", self.epsilon);
        let variance = graph.op("Add", &[&variance, &epsilon], &[]);
        let deviation = graph.op("Sqrt", &[&variance], &[]);
        let normed = graph.op("Div", &[&centred, &deviation], &[]);
        let normed = graph.op("Reshape", &[&normed, &dims], &[]);
        let of_channel: Vec<i64> = std::iter::once(-1).chain(vec![1; n_axes]).collect();
        let mut in_shape = |name: &str, values: &Param<Tensor<1>>| {
            let values = graph.weight(name, values.val());
            graph.reshaped(&values, &of_channel)
        };
        let (weight, bias) = (
            in_shape("weight", &self.weight),
            in_shape("bias", &self.bias),
        );
        let scaled = graph.op("Mul", &[&normed, &weight], &[]);
        graph.op("Add", &[&scaled, &bias], &[])
    }
}
