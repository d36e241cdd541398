//! Blocks of networks without norms.

use super::convolution::CHANNELS;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::{Shape, Size};
use super::window::{per_axis, same, sizes};
use crate::Error;
use crate::nn::{NfBlock, NfBlockOptions, Scheme};
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter, Settings};
use std::sync::Arc;

/// As [`NfBlock`].
pub(super) static NF_BLOCK: Declaration = Declaration {
    name: "nf_block",
    about: "Makes a block of a network without norms: four standardized convolutions behind scaled \
        GELUs and a squeeze-and-excite, beside a shortcut.",
    citation: "Brock et al., 2021; with kernels of two axes as in Wang et al., 2022",
    parameters: &[
        CHANNELS,
        sizes(
            "kernel",
            1.0,
            DefaultValue::Number(3.0),
            "size of the kernel of the second convolution; an array for both axes",
        ),
        sizes(
            "stride",
            1.0,
            DefaultValue::Number(1.0),
            "stride of the second convolution; an array for both axes",
        ),
        Parameter::option(
            "group",
            Kind::Count {
                low: 1.0,
                high: 8192.0,
            },
            DefaultValue::Number(128.0),
            "channels of a group of the two convolutions in the middle, which have half the channels",
        ),
        Parameter::option(
            "beta",
            Kind::Number {
                low: ABOVE_ZERO,
                high: 100.0,
            },
            DefaultValue::Number(1.0),
            "one over the standard deviation that is expected at the input",
        ),
        Parameter::option(
            "stochastic_depth",
            Kind::Number {
                low: 0.0,
                high: 0.99,
            },
            DefaultValue::Number(0.0),
            "probability of a clip to pass by the shortcut alone while it is trained",
        ),
    ],
    facts: (),
    example: "let m = (nf_block(8, #{ group: 2, stride: [1, 2] }) |> global_mean()).build(); \
        assert(m.dim == 8)",
    build: |settings| Ok(Arc::new(Block::new(settings)?)),
};

#[derive(Debug)]
struct Block {
    to: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    group: usize,
    beta: f64,
    stochastic_depth: f64,
}

impl Block {
    fn new(settings: &Settings<'_>) -> Result<Block, Error> {
        let (to, group) = (settings.count("channels"), settings.count("group"));
        let middle = (to / 2).max(1);
        if group < middle && !middle.is_multiple_of(group) {
            let want = format!("a divisor of half the channels, {middle}");
            return Err(Error::range("group", want, group));
        }
        Ok(Block {
            to,
            kernel: per_axis("kernel", &settings.sizes("kernel"))?,
            stride: per_axis("stride", &settings.sizes("stride"))?,
            group,
            beta: settings.number("beta"),
            stochastic_depth: settings.number("stochastic_depth"),
        })
    }
}

impl Plan for Block {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(from, axes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let options = NfBlockOptions {
            channels: [*from, self.to],
            kernel: self.kernel,
            stride: self.stride,
            group: self.group,
            beta: self.beta,
            stochastic_depth: self.stochastic_depth,
        };
        let (middle, groups) = options.middle();
        let strided: [Size; 2] = std::array::from_fn(|axis| {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            same(&axes[axis], kernel, stride)
        });
        let of_input = Shape::Map(middle, axes.clone());
        let in_middle = Shape::Map(middle, strided.clone());
        let shape = Shape::Map(self.to, strided);
        let mut conv = |part: &str, shape: &Shape, from: usize, kernel: [usize; 2]| {
            let of_channel = from * kernel[0] * kernel[1];
            let n_parameters = shape.channels() * (of_channel + 2);
            let multiply_adds = (shape.channels() * of_channel).saturating_mul(shape.n_positions());
            site.push_part(part, "convolution", shape, n_parameters, multiply_adds);
        };
        if options.has_shortcut() {
            conv("conv_shortcut", &shape, *from, [1, 1]);
        }
        conv("conv0", &of_input, *from, [1, 1]);
        conv("conv1", &in_middle, middle / groups, self.kernel);
        conv("conv1b", &in_middle, middle / groups, [1, 3]);
        conv("conv2", &shape, middle, [1, 1]);
        for (part, from, to) in [("se.fc0", self.to, middle), ("se.fc1", middle, self.to)] {
            let row = Shape::Row(to);
            site.push_part(part, "linear", &row, to * (from + 1), to * from);
        }
        site.push_part("skip_gain", "sum with the shortcut", &shape, 1, 0);
        site.draw_as("", Scheme::NormalizerFree);
        let place = site.path();
        Ok(Fitted::new(shape, move |device| {
            Node::NfBlock(NfBlock::new(options, place, device))
        }))
    }
}
