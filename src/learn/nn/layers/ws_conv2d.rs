//! Convolution with standardized weights.

use super::convolution::CHANNELS;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use super::window::{self, check_groups, of_group, per_axis, same};
use crate::Error;
use crate::nn::{Scheme, WsConv2d};
use auricle_audio::declare::Settings;
use std::sync::Arc;

/// As [`WsConv2d`]: a convolution by `(w - mean) gain / sqrt(max(var N, 1e-4))`.
pub(super) static WS_CONV2D: Declaration = Declaration {
    name: "ws_conv2d",
    about: "Makes a convolution over bands and frames whose kernels are standardized and \
        multiplied by a gain, for networks without norms.",
    citation: "Brock et al., 2021",
    parameters: &[CHANNELS, window::KERNEL, window::STRIDE, window::GROUPS],
    facts: (),
    example: "let m = (ws_conv2d(4) |> silu() |> global_mean()).build(#{ channels: 2 }); \
        assert(m.n_parameters == 4 * 2 * 9 + 4 + 4)",
    build: |settings| Ok(Arc::new(Convolution::new(settings)?)),
};

#[derive(Debug)]
struct Convolution {
    to: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    groups: usize,
}

impl Convolution {
    fn new(settings: &Settings<'_>) -> Result<Convolution, Error> {
        let (to, groups) = (settings.count("channels"), settings.count("groups"));
        check_groups(to, groups)?;
        Ok(Convolution {
            to,
            kernel: per_axis("kernel", &settings.sizes("kernel"))?,
            stride: per_axis("stride", &settings.sizes("stride"))?,
            groups,
        })
    }
}

impl Plan for Convolution {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(from, sizes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let of_group = of_group(*from, self.groups)?;
        let sizes =
            std::array::from_fn(|axis| same(&sizes[axis], self.kernel[axis], self.stride[axis]));
        let shape = Shape::Map(self.to, sizes);
        let of_channel = of_group * self.kernel.iter().product::<usize>();
        let multiply_adds = (self.to * of_channel).saturating_mul(shape.n_positions());
        site.push(
            "convolution",
            &shape,
            self.to * (of_channel + 2),
            multiply_adds,
        );
        site.draw_as("", Scheme::NormalizerFree);
        let channels = [*from, self.to];
        let (kernel, stride, groups) = (self.kernel, self.stride, self.groups);
        Ok(Fitted::new(shape, move |device| {
            Node::WsConv2d(WsConv2d::new(channels, kernel, stride, groups, device))
        }))
    }
}
