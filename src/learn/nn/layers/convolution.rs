//! What convolutions over lines and over maps share.

use super::layer::{Fitted, Refusal, Site};
use super::node::Node;
use super::shape::{Shape, Size};
use super::window::{self, Window, check_groups, of_group};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings};
use burn::tensor::Device;
use burn::tensor::ops::ConvOptions;

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

/// The parameters of a convolution.
pub(super) const PARAMETERS: &[Parameter] = &[
    CHANNELS,
    window::KERNEL,
    window::STRIDE,
    window::PADDING,
    window::DILATION,
    window::GROUPS,
    window::BIAS,
];

/// A convolution over `N` axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Convolution<const N: usize> {
    pub(super) to: usize,
    pub(super) window: Window<N>,
    groups: usize,
    pub(super) bias: bool,
}

impl<const N: usize> Convolution<N> {
    /// The convolution of a declaration with [`PARAMETERS`].
    ///
    /// # Errors
    /// [`Error::Range`] for groups that do not divide what it gives, or another number of sizes
    /// than axes.
    pub(super) fn new(settings: &Settings<'_>) -> Result<Convolution<N>, Error> {
        let (to, groups) = (settings.count("channels"), settings.count("groups"));
        check_groups(to, groups)?;
        Ok(Convolution {
            to,
            window: Window::of_convolution(settings)?,
            groups,
            bias: settings.flag("bias"),
        })
    }

    /// What it gives for `from` channels over some axes, and how it is made of the channels that a
    /// group reads.
    pub(super) fn fit(
        &self,
        site: &mut Site,
        (from, axes): (usize, &[Size; N]),
        shape: fn(usize, [Size; N]) -> Shape,
        make: fn(&Convolution<N>, usize, &Device) -> Node,
    ) -> Result<Fitted, Refusal> {
        let of_group = of_group(from, self.groups)?;
        let shape = shape(self.to, self.window.pass(axes)?);
        let of_channel = of_group * self.window.n_weights();
        let n_parameters = self.to * (of_channel + usize::from(self.bias));
        let multiply_adds = (self.to * of_channel).saturating_mul(shape.n_positions());
        site.push("convolution", &shape, n_parameters, multiply_adds);
        let convolution = *self;
        Ok(Fitted::new(shape, move |device| {
            make(&convolution, of_group, device)
        }))
    }

    /// How it passes over its input.
    pub(super) fn options(&self) -> ConvOptions<N> {
        let Window {
            stride, dilation, ..
        } = self.window;
        let mut options = ConvOptions::new(stride, [0; N], dilation, self.groups);
        options.padding = self.window.padding;
        options
    }
}
