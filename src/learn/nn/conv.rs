//! Convolutions in one and two dimensions.

use super::onnx::{Attribute, Graph, pads, whole};
use super::ops::conv2d;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// A convolution of maps, with PyTorch's names.
#[derive(Module, Debug)]
pub struct Conv2d {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    options: ConvOptions<2>,
}

impl Conv2d {
    /// A layer with a square kernel from `channels[0]` to `channels[1]`, with padding that keeps
    /// the size at stride 1, its weights not yet drawn: see [`super::initialize`].
    pub fn new(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Conv2d {
        let [from, to] = channels;
        let options = ConvOptions::new([stride; 2], [kernel / 2; 2], [1; 2], 1);
        Conv2d::with([to, from, kernel, kernel], bias, options, device)
    }

    /// A layer with weights `[to, from / groups, rows, columns]`, not yet drawn.
    pub fn with(
        weight: [usize; 4],
        bias: bool,
        options: ConvOptions<2>,
        device: &Device,
    ) -> Conv2d {
        Conv2d {
            weight: Param::from_tensor(Tensor::zeros(weight, device)),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([weight[0]], device))),
            options,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1] * self.options.groups
    }

    /// Convolves `[batch, from, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        conv2d(x, self.weight.val(), bias, self.options.clone())
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let (weight, bias) = (self.weight.val(), self.bias.as_ref());
        written(graph, x, weight, bias, &self.options)
    }
}

/// Writes a convolution into a graph.
fn written<const D: usize, const N: usize>(
    graph: &mut Graph,
    x: &str,
    weight: Tensor<D>,
    bias: Option<&Param<Tensor<1>>>,
    options: &ConvOptions<N>,
) -> String {
    let (strides, dilations) = (whole(options.stride), whole(options.dilation));
    let pads = pads(&options.padding);
    let options = [
        ("strides", Attribute::Ints(&strides)),
        ("dilations", Attribute::Ints(&dilations)),
        ("pads", Attribute::Ints(&pads)),
        ("group", Attribute::Int(options.groups as i64)),
    ];
    graph.conv(x, weight, bias.map(Param::val), &options)
}

/// A convolution in one dimension, with PyTorch's names.
#[derive(Module, Debug)]
pub struct Conv1d {
    weight: Param<Tensor<3>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    options: ConvOptions<1>,
}

impl Conv1d {
    /// A layer with weights `[to, from / groups, kernel]`, not yet drawn.
    pub fn with(
        weight: [usize; 3],
        bias: bool,
        options: ConvOptions<1>,
        device: &Device,
    ) -> Conv1d {
        Conv1d {
            weight: Param::from_tensor(Tensor::zeros(weight, device)),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([weight[0]], device))),
            options,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1] * self.options.groups
    }

    /// Convolves `[batch, from, samples]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let bias = self.bias.as_ref().map(Param::val);
        let ConvOptions {
            stride: [stride],
            padding: [padding],
            dilation: [dilation],
            groups,
        } = self.options;
        let options = ConvOptions {
            padding: [(0, 0), padding],
            ..ConvOptions::new([1, stride], [0; 2], [1, dilation], groups)
        };
        let weight = self.weight.val().unsqueeze_dim(2);
        conv2d(x.unsqueeze_dim(2), weight, bias, options).squeeze_dim(2)
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let (weight, bias) = (self.weight.val(), self.bias.as_ref());
        written(graph, x, weight, bias, &self.options)
    }
}
