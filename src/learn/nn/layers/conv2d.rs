//! Two-dimensional convolution.

use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use super::window::{self, Window, check_groups, of_group};
use crate::Error;
use crate::nn::Conv2d;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings};
use burn::tensor::ops::ConvOptions;
use std::sync::Arc;

/// `y[o, i, j] = b[o] + sum over c, k, l of w[o, c, k, l] x[c, s i + d k - p, s j + d l - p]`.
pub(super) static CONV2D: Declaration = Declaration {
    name: "conv2d",
    about: "Makes a convolution over bands and frames.",
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
    example: "let m = (conv2d(4, #{ kernel: 5, stride: 2 }) |> global_mean()).build(); \
        assert(m.n_parameters == 4 * 25 + 4 && m.dim == 4)",
    build: |settings| Ok(Arc::new(Convolution::new(settings)?)),
};

/// The channels that a convolution gives.
pub(super) const CHANNELS: Parameter = Parameter::positional(
    "channels",
    Kind::Count {
        low: 1.0,
        high: 16384.0,
    },
    DefaultValue::Required,
    "channels that it gives",
);

#[derive(Debug)]
struct Convolution {
    to: usize,
    window: Window<2>,
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
        let Shape::Map(from, sizes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let of_group = of_group(*from, self.groups)?;
        let shape = Shape::Map(self.to, self.window.pass(sizes)?);
        let of_channel = of_group * self.window.n_weights();
        let n_parameters = self.to * (of_channel + usize::from(self.bias));
        let multiply_adds = (self.to * of_channel).saturating_mul(shape.n_positions());
        site.push("convolution", &shape, n_parameters, multiply_adds);
        let [rows, columns] = self.window.kernel;
        let weight = [self.to, of_group, rows, columns];
        let (window, groups, bias) = (self.window, self.groups, self.bias);
        Ok(Fitted::new(shape, move |device| {
            let mut options = ConvOptions::new(window.stride, [0; 2], window.dilation, groups);
            options.padding = window.padding;
            Node::Conv2d(Conv2d::with(weight, bias, options, device))
        }))
    }
}
