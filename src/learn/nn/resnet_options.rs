//! What the ResNets of maps and of waves are, which one declaration builds.

use super::described::{
    EncoderDeclaration, MOST_CHANNELS, MOST_OUTPUTS, Values, channels, count, given, maybe, width,
    word, write_described,
};
use super::layers::{Clips, Stack};
use super::options::EncoderOptions;
use super::resnet_layers::{Kernels, Sizes, resnet};
use crate::Error;
use auricle_audio::augment::Domain;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Value, words};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Options of a [`ResNet18`](super::ResNet18).
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
    fn values(&self) -> Values {
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
        let sizes = Sizes {
            width: self.width,
            stem_bias: self.stem_bias,
            fc: self.fc,
        };
        Stack::new(resnet(&MAPS, sizes)?, Clips::features(self.channels))
    }
}

/// Kernels over maps.
const MAPS: Kernels = Kernels {
    conv: "conv2d",
    stem: 7,
    pool: 3,
    padding: 1,
    block: 3,
};

/// The kernel that reads the input.
const STEM: &str = "conv1.weight";

/// See [`super::ResNet18`], and [`super::ResNet18Waves`] for waves.
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
            (2, None) => Ok(Arc::new(ResNet18Options {
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
            _ => Ok(Arc::new(ResNet18WavesOptions {
                width,
                channels,
                geometry: geometry.unwrap_or_default(),
                stem_bias,
                fc,
            })),
        }
    },
};

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

    fn kernels(self) -> Kernels {
        Kernels {
            conv: "conv1d",
            stem: self.stem(),
            pool: KERNEL,
            padding: self.pool_padding(),
            block: KERNEL,
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

/// Options of a [`ResNet18Waves`](super::ResNet18Waves).
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
    fn values(&self) -> Values {
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
        let sizes = Sizes {
            width: self.width,
            stem_bias: self.stem_bias,
            fc: self.fc,
        };
        Stack::new(resnet(&self.geometry.kernels(), sizes)?, clips)
    }
}
