//! ResNet-18 over raw waves.

use super::architecture::{EncoderNetwork, EncoderOptions, write_described};
use super::basic_block::{BasicBlock, Convolution};
use super::described::{MOST_CHANNELS, MOST_OUTPUTS, Values, given, maybe, word};
use super::layers::{self, Clips, Kernels, Stack};
use super::network::{fits, misfit, size};
use super::resnet::{RESNET18, STEM};
use super::{BatchNorm, Conv1d, Input, ResNet18Options, linear, within};
use crate::Error;
use auricle_audio::augment::Domain;
use auricle_audio::declare::Value;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::module::max_pool1d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};

/// How the two-dimensional kernels become one-dimensional ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Geometry {
    /// Every kernel squared, as CLAR's text has it: 49 in the stem, 9 in its maximum and in the
    /// blocks.
    #[default]
    Squared,
    /// That of CLAR's code: 7 in the stem, and a maximum of 9 with a padding of 1.
    Code,
}

/// Kernel of the maximum and of the convolutions in blocks.
pub(super) const KERNEL: usize = 9;

impl Geometry {
    /// Both, with their words.
    pub const WORDS: [(&'static str, Geometry); 2] =
        [("squared", Geometry::Squared), ("code", Geometry::Code)];

    /// Kernel of the stem.
    pub fn stem(self) -> usize {
        match self {
            Geometry::Squared => 49,
            Geometry::Code => 7,
        }
    }

    /// Padding of the maximum.
    pub(super) fn pool_padding(self) -> usize {
        match self {
            Geometry::Squared => 4,
            Geometry::Code => 1,
        }
    }

    /// Samples that a wave must have.
    pub fn min_samples(self) -> usize {
        match self {
            Geometry::Squared => 1,
            // The maximum sees `ceil(samples / 2)` positions and two of padding.
            Geometry::Code => 2 * (KERNEL - 2) - 1,
        }
    }
}

/// Options of a [`ResNet18Waves`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResNet18WavesOptions {
    /// Channels of the first stage; the later ones have twice as many each. 64 is the published
    /// network.
    pub width: usize,
    /// Channels of the waves.
    pub channels: usize,
    /// How kernels were squared.
    pub geometry: Geometry,
    /// Whether the first convolution has a bias.
    pub stem_bias: bool,
    /// Outputs of a final linear layer; none if `None`.
    pub fc: Option<usize>,
}

impl Default for ResNet18WavesOptions {
    fn default() -> ResNet18WavesOptions {
        let of_maps = ResNet18Options::default();
        ResNet18WavesOptions {
            width: of_maps.width,
            channels: of_maps.channels,
            geometry: Geometry::default(),
            stem_bias: of_maps.stem_bias,
            fc: of_maps.fc,
        }
    }
}

impl ResNet18WavesOptions {
    pub(super) fn values(&self) -> Values {
        let mut values = vec![
            ("dims", given(1)),
            ("width", given(self.width)),
            ("channels", given(self.channels)),
            ("stem_bias", Value::Flag(self.stem_bias)),
            ("fc", maybe(self.fc)),
        ];
        if self.geometry != Geometry::default() {
            values.push(("geometry", word(&Geometry::WORDS, &self.geometry)));
        }
        values
    }
}

impl Display for ResNet18WavesOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &RESNET18, self.values())
    }
}

impl EncoderOptions for ResNet18WavesOptions {
    fn dim(&self) -> usize {
        self.fc.unwrap_or(8 * self.width)
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn domain(&self) -> Option<Domain> {
        Some(Domain::Wave)
    }

    fn stem(&self) -> Option<&'static str> {
        Some(STEM)
    }

    fn stack(&self) -> Result<Stack, Error> {
        let clips = Clips::Waves {
            channels: self.channels,
            samples: None,
        };
        Stack::new(layers::resnet(Kernels::waves(self.geometry), *self)?, clips)
    }
}

/// ResNet-18 over raw waves (Al-Tahan and Mohsenzadeh, "CLAR", 2021), with the names of the
/// two-dimensional one.
///
/// Strides stay 2, so that time shrinks by 32: at 16 kHz a second leaves 500 positions, and it
/// costs many more multiplications than the two-dimensional network over a spectrogram of the same
/// second.
#[derive(Module, Debug)]
pub struct ResNet18Waves {
    conv1: Conv1d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock<Conv1d>>,
    layer2: Vec<BasicBlock<Conv1d>>,
    layer3: Vec<BasicBlock<Conv1d>>,
    layer4: Vec<BasicBlock<Conv1d>>,
    fc: Option<Linear>,
    #[module(skip)]
    geometry: Geometry,
}

impl ResNet18Waves {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width, the channels or the outputs are 0 or beyond what makes sense.
    pub fn new(options: ResNet18WavesOptions, device: &Device) -> Result<ResNet18Waves, Error> {
        let width = within("width", options.width, 1..=MOST_CHANNELS)?;
        let channels = within("channels", options.channels, 1..=MOST_CHANNELS)?;
        let fc = options
            .fc
            .map(|fc| within("fc", fc, 1..=MOST_OUTPUTS))
            .transpose()?;
        let [layer1, layer2, layer3, layer4] = BasicBlock::stages(width, KERNEL, device);
        Ok(ResNet18Waves {
            conv1: Conv1d::centred(
                [channels, width],
                options.geometry.stem(),
                2,
                options.stem_bias,
                device,
            ),
            bn1: BatchNorm::new(width, device),
            layer1,
            layer2,
            layer3,
            layer4,
            fc: fc.map(|outputs| linear(8 * width, outputs, device)),
            geometry: options.geometry,
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.conv1.channels()
    }

    /// Samples that a wave must have.
    pub fn min_samples(&self) -> usize {
        self.geometry.min_samples()
    }

    /// The map behind the stem and the first stage, `[batch, width, samples / 4]`.
    pub fn first_stage(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.bn1.forward_relu(self.conv1.forward(x));
        let options = MaxPoolOptions {
            stride: [2],
            padding: [(self.geometry.pool_padding(), self.geometry.pool_padding())],
            ..MaxPoolOptions::new([KERNEL])
        };
        let x = max_pool1d(x, options);
        self.layer1.iter().fold(x, |x, block| block.forward(x))
    }

    /// Embeds `[batch, channels, samples]` as `[batch, 8 * width]`, or as the outputs of the final
    /// layer.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let x = self.first_stage(x);
        let blocks = self.layer2.iter().chain(&self.layer3).chain(&self.layer4);
        let x = blocks.fold(x, |x, block| block.forward(x));
        let x = x.mean_dim(2).flatten::<2>(1, 2);
        match &self.fc {
            Some(fc) => fc.forward(x),
            None => x,
        }
    }
}

impl EncoderNetwork for ResNet18Waves {
    type Options = ResNet18WavesOptions;

    fn build(options: &ResNet18WavesOptions, device: &Device) -> Result<ResNet18Waves, Error> {
        ResNet18Waves::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        let (channels, smallest) = (self.channels(), self.min_samples());
        match input {
            Input::Waves(x) if fits(&x.dims(), channels, smallest) => Ok(self.forward(x)),
            other => {
                let samples = size("samples", smallest);
                Err(misfit(other, format!("[batch, {channels}, {samples}]")))
            }
        }
    }
}
