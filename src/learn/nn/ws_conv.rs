//! Convolution with standardized weights, and the padding that goes with it.

use super::onnx::{Attribute, Graph, whole};
use super::ops::conv2d;
use burn::module::{Module, Param};
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};

/// Cells before and behind an axis of `n`, so that `ceil(n / stride)` come out: SAME in the sense
/// of TensorFlow, where the odd one goes behind.
pub(super) fn same_padding(n: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let total = ((n.div_ceil(stride).max(1) - 1) * stride + kernel).saturating_sub(n);
    (total / 2, total - total / 2)
}

/// A convolution whose kernels are standardized, then multiplied by a gain: `(w - mean) gain /
/// sqrt(max(var N, 1e-4))` with mean and population variance over the `N` weights of an output
/// channel.
///
/// Brock et al., "Characterizing signal propagation to close the performance gap in unnormalized
/// ResNets", 2021. Padding is SAME, and there is always a bias.
#[derive(Module, Debug)]
pub struct WsConv2d {
    weight: Param<Tensor<4>>,
    gain: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    stride: [usize; 2],
    #[module(skip)]
    groups: usize,
}

const MIN_VARIANCE: f64 = 1e-4;

impl WsConv2d {
    /// A layer from `channels[0]` to `channels[1]` in `groups`, with gain 1 and its weights not yet
    /// drawn.
    pub fn new(
        channels: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        groups: usize,
        device: &Device,
    ) -> WsConv2d {
        let [from, to] = channels;
        let [rows, columns] = kernel;
        WsConv2d {
            weight: Param::from_tensor(Tensor::zeros([to, from / groups, rows, columns], device)),
            gain: Param::from_tensor(Tensor::ones([to], device)),
            bias: Param::from_tensor(Tensor::zeros([to], device)),
            stride,
            groups,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1] * self.groups
    }

    /// The weights that conv2d, `[to, from / groups, rows, columns]`.
    pub fn standardized(&self) -> Tensor<4> {
        let weight = self.weight.val();
        let dims @ [to, ..] = weight.dims();
        let n = dims[1..].iter().product::<usize>();
        let weight = weight.reshape([to, n]);
        let centred = weight.clone() - weight.mean_dim(1);
        let variance = centred.clone().square().mean_dim(1) * n as f64;
        let gain = self.gain.val().reshape([to, 1]);
        (centred * (gain / variance.clamp_min(MIN_VARIANCE).sqrt())).reshape(dims)
    }

    /// Convolves `[batch, from, h, w]` to `[batch, to, ceil(h / stride), ceil(w / stride)]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let weight = self.standardized();
        let [_, _, rows, columns] = weight.dims();
        let padding = [
            same_padding(h, rows, self.stride[0]),
            same_padding(w, columns, self.stride[1]),
        ];
        let mut options = ConvOptions::new(self.stride, [0; 2], [1; 2], self.groups);
        options.padding = padding;
        conv2d(x, weight, Some(self.bias.val()), options)
    }

    /// Writes it into a graph: its weights stand there as they conv2d.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let strides = whole(self.stride);
        let options = [
            ("strides", Attribute::Ints(&strides)),
            ("auto_pad", Attribute::Word("SAME_UPPER")),
            ("group", Attribute::Int(self.groups as i64)),
        ];
        graph.conv(x, self.standardized(), Some(self.bias.val()), &options)
    }
}

/// The mean of every window of the size of its stride, with SAME padding; cells of padding do not
/// count.
pub(super) fn mean_pool(x: Tensor<4>, stride: [usize; 2]) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let padding = [
        same_padding(h, stride[0], stride[0]),
        same_padding(w, stride[1], stride[1]),
    ];
    if padding == [(0, 0); 2] {
        return avg_pool2d(x, AvgPoolOptions::new(stride));
    }
    // Shares of real cells in the windows of an axis.
    let real = |n: usize, (before, _): (usize, usize), size: usize| -> Vec<f32> {
        let window = |i: usize| {
            let cells = (i * size..(i + 1) * size).filter(|&at| at >= before && at < n + before);
            cells.count() as f32 / size as f32
        };
        (0..n.div_ceil(size)).map(window).collect()
    };
    let [rows, columns] = [
        real(h, padding[0], stride[0]),
        real(w, padding[1], stride[1]),
    ];
    let counts: Vec<f32> = rows
        .iter()
        .flat_map(|r| columns.iter().map(move |c| r * c))
        .collect();
    let shape = [1, 1, rows.len(), columns.len()];
    let counts = Tensor::<4>::from_data(TensorData::new(counts, shape), &x.device());
    let padded = x.pad(padding, PadMode::Constant(0.0));
    avg_pool2d(padded, AvgPoolOptions::new(stride)) / counts
}
