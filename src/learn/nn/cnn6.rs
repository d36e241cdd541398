//! CNN6.

use super::described::{
    EncoderDeclaration, MOST_CHANNELS, Values, channels, given, width, write_described,
};
use super::input::{Input, features};
use super::layers::{Branches, Clips, Expression, Stack, chain, layer, named, number, simple};
use super::options::{EncoderNetwork, EncoderOptions};
use super::{BatchNorm, Conv2d, within};
use crate::Error;
use auricle_audio::declare::Value;
use burn::module::Module;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Options of a [`Cnn6`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cnn6Options {
    /// Channels of the first block; the later ones have twice as many each. 64 is the published
    /// network.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
}

const DEFAULT: Cnn6Options = Cnn6Options {
    width: 64,
    channels: 1,
};

impl Default for Cnn6Options {
    fn default() -> Cnn6Options {
        DEFAULT
    }
}

impl Cnn6Options {
    pub(super) fn values(&self) -> Values {
        vec![
            ("width", given(self.width)),
            ("channels", given(self.channels)),
        ]
    }
}

impl Display for Cnn6Options {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &CNN6, self.values())
    }
}

impl EncoderOptions for Cnn6Options {
    fn dim(&self) -> usize {
        8 * self.width
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn stem(&self) -> Option<&'static str> {
        Some("conv_block1.conv1.weight")
    }

    fn stack(&self) -> Result<Stack, Error> {
        Stack::new(convolutions(*self)?, Clips::features(self.channels))
    }
}

fn convolutions(options: Cnn6Options) -> Result<Expression, Error> {
    let mut layers = Vec::new();
    for block in 0..4 {
        let values = vec![
            ("channels", number(options.width << block)),
            ("kernel", number(KERNEL)),
            ("bias", Value::Flag(false)),
        ];
        let block = chain([
            named("conv1", layer("conv2d", values)?)?,
            named("bn1", simple("batch_norm")?)?,
            simple("relu")?,
            layer("avg_pool", vec![("kernel", number(2))])?,
        ]);
        layers.push(named(&format!("conv_block{}", layers.len() + 1), block)?);
    }
    let over = Value::Word("time".to_owned());
    layers.push(layer("global_mean", vec![("over", over)])?);
    let branches = Branches(vec![simple("global_max")?, simple("global_mean")?]);
    layers.push(layer("parallel", vec![("branches", branches.into())])?);
    Ok(chain(layers))
}

/// See [`Cnn6`].
pub(super) static CNN6: EncoderDeclaration = EncoderDeclaration {
    name: "cnn6",
    about: "Makes a CNN6 encoder with random weights: four 5x5 convolutions, the mean over time, \
        maximum and mean over frequency.",
    citation: "Kong et al., PANNs, 2020, as Patch-Mix (2023) compares with it",
    parameters: &[
        width(
            [1, MOST_CHANNELS],
            DEFAULT.width,
            "channels of the first block; it gives 8 times as many features",
        ),
        channels(DEFAULT.channels),
    ],
    facts: (),
    example: "assert(cnn6(#{ width: 2 }).n_parameters == 4310)",
    build: |settings| {
        Ok(Arc::new(Cnn6Options {
            width: settings.count("width"),
            channels: settings.count("channels"),
        }))
    },
};

/// Side of the kernels.
const KERNEL: usize = 5;
/// Bands and frames that an input must have: four times a half of each.
const MIN_SIZE: usize = 16;

#[derive(Module, Debug)]
struct ConvBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
}

/// Four blocks of a 5x5 convolution, batch norm, ReLU and a 2x2 mean; then the mean over time, and
/// the sum of maximum and mean over frequency.
///
/// Kong et al., "PANNs: Large-scale pretrained audio neural networks", 2020, as Patch-Mix (2023)
/// compares with it: without its last linear layers.
#[derive(Module, Debug)]
pub struct Cnn6 {
    conv_block1: ConvBlock,
    conv_block2: ConvBlock,
    conv_block3: ConvBlock,
    conv_block4: ConvBlock,
}

impl Cnn6 {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width or the channels are 0 or beyond what makes sense.
    pub fn new(options: Cnn6Options, device: &Device) -> Result<Cnn6, Error> {
        let width = within("width", options.width, 1..=MOST_CHANNELS)?;
        let channels = within("channels", options.channels, 1..=MOST_CHANNELS)?;
        let block = |from: usize, to: usize| ConvBlock {
            conv1: Conv2d::new([from, to], KERNEL, 1, false, device),
            bn1: BatchNorm::new(to, device),
        };
        Ok(Cnn6 {
            conv_block1: block(channels, width),
            conv_block2: block(width, 2 * width),
            conv_block3: block(2 * width, 4 * width),
            conv_block4: block(4 * width, 8 * width),
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.conv_block1.conv1.channels()
    }

    /// Embeds `[batch, channels, bands, frames]`, at least 16 by 16, as `[batch, 8 * width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let blocks = [
            &self.conv_block1,
            &self.conv_block2,
            &self.conv_block3,
            &self.conv_block4,
        ];
        let x = blocks.into_iter().fold(x, |x, block| {
            let x = block.bn1.forward_relu(block.conv1.forward(x));
            avg_pool2d(x, AvgPoolOptions::new([2, 2]))
        });
        let x = x.mean_dim(3);
        (x.clone().max_dim(2) + x.mean_dim(2)).flatten::<2>(1, 3)
    }
}

impl EncoderNetwork for Cnn6 {
    type Options = Cnn6Options;

    fn build(options: &Cnn6Options, device: &Device) -> Result<Cnn6, Error> {
        Cnn6::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward(features(input, self.channels(), MIN_SIZE)?))
    }
}
