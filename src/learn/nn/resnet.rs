//! ResNet-18.

use super::architecture::{EncoderNetwork, EncoderOptions, write_described};
use super::basic_block::BasicBlock;
use super::described::{
    EncoderDeclaration, MOST_CHANNELS, MOST_OUTPUTS, Values, channels, count, given, maybe, width,
};
use super::layers::{self, Clips, Kernels, Stack};
use super::network::features;
use super::ops::max_pool2d;
use super::{Architecture, BatchNorm, Conv2d, Geometry, Input, ResNet18WavesOptions, within};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Value, words};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};

/// Options of a [`ResNet18`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNet18Options {
    /// Channels of the first stage; the later ones have twice as many each. 64 is the published
    /// network.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Whether the first convolution has a bias, as when it was replaced for another number of
    /// channels.
    pub stem_bias: bool,
    /// Outputs of a final linear layer; none if `None`.
    pub fc: Option<usize>,
}

const DEFAULT: ResNet18Options = ResNet18Options {
    width: 64,
    channels: 1,
    stem_bias: false,
    fc: None,
};

impl Default for ResNet18Options {
    fn default() -> ResNet18Options {
        DEFAULT
    }
}

impl ResNet18Options {
    pub(super) fn values(&self) -> Values {
        vec![
            ("width", given(self.width)),
            ("channels", given(self.channels)),
            ("stem_bias", Value::Flag(self.stem_bias)),
            ("fc", maybe(self.fc)),
        ]
    }
}

impl Display for ResNet18Options {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &RESNET18, self.values())
    }
}

impl EncoderOptions for ResNet18Options {
    fn dim(&self) -> usize {
        self.fc.unwrap_or(8 * self.width)
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn stem(&self) -> Option<&'static str> {
        Some(STEM)
    }

    fn stack(&self) -> Result<Stack, Error> {
        let same = ResNet18WavesOptions {
            width: self.width,
            stem_bias: self.stem_bias,
            fc: self.fc,
            ..ResNet18WavesOptions::default()
        };
        Stack::new(
            layers::resnet(Kernels::MAPS, same)?,
            Clips::features(self.channels),
        )
    }
}

/// The kernel that reads the input.
pub(super) const STEM: &str = "conv1.weight";

/// See [`ResNet18`], and [`super::ResNet18Waves`] for waves.
pub(super) static RESNET18: EncoderDeclaration = EncoderDeclaration {
    name: "resnet18",
    about: "Makes a ResNet-18 encoder with random weights: four stages of two blocks, then the mean \
        over the map.",
    citation: "He et al., 2016; geometry and names as in torchvision. With `dims: 1` it is CLAR's \
        network over waves (Al-Tahan and Mohsenzadeh, 2021), which costs many more multiplications \
        than the one over spectrograms",
    parameters: &[
        count(
            "dims",
            [1, 2],
            DefaultValue::Number(2.0),
            "2 for spectrograms, 1 for waves",
        ),
        width(
            [1, MOST_CHANNELS],
            DEFAULT.width,
            "channels of the first stage; it gives 8 times as many features. 8 to 32 suit a CPU",
        ),
        channels(DEFAULT.channels),
        Parameter::option(
            "geometry",
            Kind::Word(&words(&Geometry::WORDS)),
            DefaultValue::Absent,
            "kernels over waves: \"squared\" as in CLAR's text, which is the default there, or \
                \"code\" as in its code",
        ),
        Parameter::option(
            "stem_bias",
            Kind::Flag,
            DefaultValue::Flag(DEFAULT.stem_bias),
            "whether the first convolution has a bias, as in Audio Doppelgangers",
        ),
        count(
            "fc",
            [1, MOST_OUTPUTS],
            DefaultValue::Absent,
            "outputs of a linear layer at the end; none if not given",
        ),
    ],
    facts: (),
    example: "assert(resnet18(#{ width: 8 }).dim == 64); \
        assert(resnet18(#{ dims: 1, width: 4, fc: 10 }).dim == 10)",
    build: |settings| {
        let (width, channels) = (settings.count("width"), settings.count("channels"));
        let (stem_bias, fc) = (settings.flag("stem_bias"), settings.count_if("fc"));
        let geometry = settings.word_if("geometry", &Geometry::WORDS);
        match (settings.count("dims"), settings.chosen("geometry")) {
            (2, None) => Ok(Architecture::ResNet18(ResNet18Options {
                width,
                channels,
                stem_bias,
                fc,
            })),
            (2, Some(word)) => Err(Error::range(
                "geometry",
                "left out where `dims` is 2",
                format!("{word:?}"),
            )),
            _ => Ok(Architecture::ResNet18Waves(ResNet18WavesOptions {
                width,
                channels,
                geometry: geometry.unwrap_or_default(),
                stem_bias,
                fc,
            })),
        }
    },
};

/// ResNet-18 over spectrograms (He et al., 2016), with the tensor names of torchvision.
///
/// A 7x7 convolution of stride 2, a 3x3 maximum of stride 2, four stages of two basic blocks with
/// widths `w, 2w, 4w, 8w`, the first block of stages 2 to 4 of stride 2, then the mean over both
/// axes.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock<Conv2d>>,
    layer2: Vec<BasicBlock<Conv2d>>,
    layer3: Vec<BasicBlock<Conv2d>>,
    layer4: Vec<BasicBlock<Conv2d>>,
    fc: Option<Linear>,
}

impl ResNet18 {
    /// The network, its weights not yet initialized: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width or the channels are 0 or beyond what makes sense.
    pub fn new(options: ResNet18Options, device: &Device) -> Result<ResNet18, Error> {
        let ResNet18Options {
            width,
            channels,
            stem_bias,
            fc,
        } = options;
        within("width", width, 1..=MOST_CHANNELS)?;
        within("channels", channels, 1..=MOST_CHANNELS)?;
        let [layer1, layer2, layer3, layer4] = BasicBlock::stages(width, 3, device);
        Ok(ResNet18 {
            conv1: Conv2d::new([channels, width], 7, 2, stem_bias, device),
            bn1: BatchNorm::new(width, device),
            layer1,
            layer2,
            layer3,
            layer4,
            fc: fc.map(|outputs| LinearConfig::new(8 * width, outputs).init(device)),
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.conv1.channels()
    }

    /// The map behind the stem and the first stage, `[batch, width, bands / 4, frames / 4]`.
    pub fn first_stage(&self, x: Tensor<4>) -> Tensor<4> {
        let x = max_pool(self.bn1.forward_relu(self.conv1.forward(x)));
        self.layer1.iter().fold(x, |x, block| block.forward(x))
    }

    /// Embeds `[batch, channels, bands, frames]` as `[batch, 8 * width]`, or as the outputs of the
    /// final layer.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.first_stage(x);
        let blocks = self.layer2.iter().chain(&self.layer3).chain(&self.layer4);
        let x = blocks.fold(x, |x, block| block.forward(x));
        let x = x.mean_dim(3).mean_dim(2).flatten::<2>(1, 3);
        match &self.fc {
            Some(fc) => fc.forward(x),
            None => x,
        }
    }
}

/// The 3x3 maximum of stride 2 and padding 1.
fn max_pool(x: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions {
        stride: [2, 2],
        padding: [(1, 1), (1, 1)],
        ..MaxPoolOptions::new([3, 3])
    };
    max_pool2d(x, options)
}

impl EncoderNetwork for ResNet18 {
    type Options = ResNet18Options;

    fn build(options: &ResNet18Options, device: &Device) -> Result<ResNet18, Error> {
        ResNet18::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward(features(input, self.channels(), 1)?))
    }
}
