//! The residual block of networks without normalization.

use super::onnx::Graph;
use super::ops::gelu_tanh;
use super::stochastic_depth::factors_of;
use super::ws_conv::mean_pool;
use super::{WsConv2d, linear};
use burn::module::{Flag, Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor};

/// Share of a block's branch in its output.
pub(super) const ALPHA: f64 = 0.2;

/// What keeps the variance of a GELU at 1.
pub(super) const GELU_GAIN: f64 = 1.701_504_349_708_557_1;

/// The GELU by its approximation with a hyperbolic tangent, scaled so that unit variance stays unit variance.
pub(super) fn activation(x: Tensor<4>) -> Tensor<4> {
    gelu_tanh(x) * GELU_GAIN
}

/// Geometry of a [`NfBlock`].
#[derive(Clone, Copy, Debug)]
pub struct NfBlockOptions {
    /// Channels in and out.
    pub channels: [usize; 2],
    /// Kernel of the middle convolution, time by frequency.
    pub kernel: [usize; 2],
    /// Its stride.
    pub stride: [usize; 2],
    /// Channels of a group of the middle convolutions.
    pub group: usize,
    /// One over the standard deviation that is expected at the input.
    pub beta: f64,
    /// Probability of a clip to pass by the shortcut alone while it is trained; the branch of the
    /// others is not rescaled.
    pub stochastic_depth: f64,
}

impl NfBlockOptions {
    /// Channels of the convolutions in the middle, and their groups.
    pub(super) fn middle(&self) -> (usize, usize) {
        let middle = (self.channels[1] / 2).max(1);
        (middle, (middle / self.group).max(1))
    }

    /// Whether its shortcut is a convolution, because the shape changes.
    pub(super) fn has_shortcut(&self) -> bool {
        self.stride != [1; 2] || self.channels[0] != self.channels[1]
    }
}

/// Weighs channels by what is in all of them: twice a sigmoid of two linear layers over the mean of
/// the map.
#[derive(Module, Debug)]
struct SqueezeExcite {
    fc0: Linear,
    fc1: Linear,
}

/// A block of a normalizer-free ResNet (Brock et al., "High-performance large-scale image
/// recognition without normalization", 2021), with kernels of its own in time and frequency.
///
/// `out = shortcut + 0.2 skip_gain branch`, where the branch is four convolutions behind scaled
/// GELUs and a squeeze-and-excite. The gain starts at 0. While it is trained, clips pass by the
/// shortcut alone at random.
#[derive(Module, Debug)]
pub struct NfBlock {
    skip_gain: Param<Tensor<1>>,
    conv0: WsConv2d,
    conv1: WsConv2d,
    conv1b: WsConv2d,
    conv2: WsConv2d,
    conv_shortcut: Option<WsConv2d>,
    se: SqueezeExcite,
    #[module(skip)]
    stride: [usize; 2],
    #[module(skip)]
    beta: f64,
    #[module(skip)]
    stochastic_depth: f64,
    /// The name of the block in its network, by which clips are drawn.
    #[module(skip)]
    place: String,
    /// Down where the block is frozen: no clip is then left out.
    training: Param<Flag>,
}

impl NfBlock {
    /// A block by its name in a network, its weights not yet drawn.
    pub fn new(options: NfBlockOptions, place: String, device: &Device) -> NfBlock {
        let NfBlockOptions {
            channels: [from, to],
            kernel,
            stride,
            beta,
            stochastic_depth,
            ..
        } = options;
        let (middle, groups) = options.middle();
        let plain = |from: usize, to: usize| WsConv2d::new([from, to], [1; 2], [1; 2], 1, device);
        let grouped = |kernel: [usize; 2], stride: [usize; 2]| {
            WsConv2d::new([middle, middle], kernel, stride, groups, device)
        };
        NfBlock {
            skip_gain: Param::from_tensor(Tensor::zeros([1], device)),
            conv0: plain(from, middle),
            conv1: grouped(kernel, stride),
            conv1b: grouped([1, 3], [1; 2]),
            conv2: plain(middle, to),
            conv_shortcut: options.has_shortcut().then(|| plain(from, to)),
            se: SqueezeExcite {
                fc0: linear(to, middle, device),
                fc1: linear(middle, to, device),
            },
            stride,
            beta,
            stochastic_depth,
            place,
            training: Param::from_bool(true),
        }
    }

    /// Maps `[batch, from, time, frequency]` to `[batch, to, ceil(time / stride), ceil(frequency /
    /// stride)]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let a = activation(x.clone()) * self.beta;
        let shortcut = match &self.conv_shortcut {
            Some(conv) if self.stride != [1; 2] => conv.forward(mean_pool(a.clone(), self.stride)),
            Some(conv) => conv.forward(a.clone()),
            None => x,
        };
        let y = self.conv0.forward(a);
        let y = self.conv1.forward(activation(y));
        let y = self.conv1b.forward(activation(y));
        let y = self.conv2.forward(activation(y));
        let means = y.clone().mean_dim(3).mean_dim(2).flatten::<2>(1, 3);
        let weights = self
            .se
            .fc1
            .forward(relu(self.se.fc0.forward(means.clone())));
        let weights = self.depth(sigmoid(weights).unsqueeze_dims::<4>(&[2, 3]), means);
        let gain = self.skip_gain.val().reshape([1, 1, 1, 1]) * (2.0 * ALPHA);
        shortcut + y * weights * gain
    }

    /// Writes it into a graph.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let activation = |graph: &mut Graph, x: &str, gain: f64| {
            let y = graph.gelu_tanh(x);
            graph.scaled(&y, GELU_GAIN * gain)
        };
        let conv = |graph: &mut Graph, name: &str, conv: &WsConv2d, x: &str| {
            graph.inside(Some(name), |graph| conv.to_onnx(graph, x))
        };
        let a = activation(graph, x, self.beta);
        let shortcut = match &self.conv_shortcut {
            Some(layer) if self.stride != [1; 2] => {
                let pooled = graph.pooled("AveragePool", &a, self.stride);
                conv(graph, "conv_shortcut", layer, &pooled)
            }
            Some(layer) => conv(graph, "conv_shortcut", layer, &a),
            None => x.to_owned(),
        };
        let mut y = conv(graph, "conv0", &self.conv0, &a);
        for (name, layer) in [
            ("conv1", &self.conv1),
            ("conv1b", &self.conv1b),
            ("conv2", &self.conv2),
        ] {
            let a = activation(graph, &y, 1.0);
            y = conv(graph, name, layer, &a);
        }
        let means = graph.reduced("ReduceMean", &y, &[2, 3]);
        let mut linear = |name: &str, layer: &Linear, x: &str, kind: &str| {
            let y = graph.inside(Some(name), |graph| graph.linear(x, layer));
            graph.op(kind, &[&y], &[])
        };
        let hidden = linear("se.fc0", &self.se.fc0, &means, "Relu");
        let weights = linear("se.fc1", &self.se.fc1, &hidden, "Sigmoid");
        let weights = graph.reshaped(&weights, &[0, 0, 1, 1]);
        let weighed = graph.op("Mul", &[&y, &weights], &[]);
        let gain = graph.weight("skip_gain", self.skip_gain.val() * (2.0 * ALPHA));
        let branch = graph.op("Mul", &[&weighed, &gain], &[]);
        graph.op("Add", &[&shortcut, &branch], &[])
    }

    /// The weights of the channels, those of clips that are left out 0.
    fn depth(&self, weights: Tensor<4>, means: Tensor<2>) -> Tensor<4> {
        let device = weights.device();
        if self.stochastic_depth == 0.0 || !device.is_autodiff() || !self.training.is_enabled() {
            return weights;
        }
        weights * factors_of(&self.place, self.stochastic_depth, 1.0, means, &device)
    }
}
