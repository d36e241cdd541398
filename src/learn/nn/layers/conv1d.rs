//! One-dimensional convolution.

use super::conv2d::CHANNELS;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use super::window::{self, Window, check_groups, of_group};
use crate::Error;
use crate::nn::Conv1d;
use auricle_audio::declare::Settings;
use burn::tensor::ops::ConvOptions;
use std::sync::Arc;

/// `y[o, i] = b[o] + sum over c, k of w[o, c, k] x[c, s i + d k - p]`.
pub(super) static CONV1D: Declaration = Declaration {
    name: "conv1d",
    about: "Makes a convolution over the samples of waves, or over the positions of a line.",
    citation: "",
    parameters: &[
        CHANNELS,
        window::KERNEL,
        window::STRIDE,
        window::PADDING,
        window::DILATION,
        window::GROUPS,
        window::BIAS,
    ],
    facts: (),
    example: "let m = (conv1d(4, #{ kernel: 9, stride: 4 }) |> relu() |> global_mean()).build(); \
        assert(m.forward(randn([2, 1, 100], #{ seed: 0 })).shape == [2, 4])",
    build: |settings| Ok(Arc::new(Convolution::new(settings)?)),
};

#[derive(Debug)]
struct Convolution {
    to: usize,
    window: Window<1>,
    groups: usize,
    bias: bool,
}

impl Convolution {
    fn new(settings: &Settings<'_>) -> Result<Convolution, Error> {
        let (to, groups) = (settings.count("channels"), settings.count("groups"));
        check_groups(to, groups)?;
        Ok(Convolution {
            to,
            window: Window::of_convolution(settings)?,
            groups,
            bias: settings.flag("bias"),
        })
    }
}

impl Plan for Convolution {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Line(from, size) = input else {
            return Err(Refusal::needs("waves or a line [channels, positions]"));
        };
        let of_group = of_group(*from, self.groups)?;
        let [left] = self.window.pass(std::array::from_ref(size))?;
        let shape = Shape::Line(self.to, left);
        let of_channel = of_group * self.window.n_weights();
        let n_parameters = self.to * (of_channel + usize::from(self.bias));
        let multiply_adds = (self.to * of_channel).saturating_mul(shape.n_positions());
        site.push("convolution", &shape, n_parameters, multiply_adds);
        let weight = [self.to, of_group, self.window.kernel[0]];
        let (window, groups, bias) = (self.window, self.groups, self.bias);
        Ok(Fitted::new(shape, move |device| {
            let mut options = ConvOptions::new(window.stride, [0], window.dilation, groups);
            options.padding = window.padding;
            Node::Conv1d(Conv1d::with(weight, bias, options, device))
        }))
    }

    fn reads_waves(&self) -> bool {
        true
    }
}
