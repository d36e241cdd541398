//! Encoders by name and options, without weights.

use super::layers::Stack;
use super::{
    AstOptions, Cnn6Options, MlpOptions, PathwayShape, Pathways, ResNet18Options,
    ResNet18WavesOptions, Scheme, SlowfastNfnetOptions,
};
use auricle_audio::augment::Domain;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// What an encoder is, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Architecture {
    /// ResNet-18 over spectrograms.
    ResNet18(ResNet18Options),
    /// ResNet-18 over raw waves.
    ResNet18Waves(ResNet18WavesOptions),
    /// Audio Spectrogram Transformer.
    Ast(AstOptions),
    /// Slowfast NFNet, or one of its networks.
    SlowfastNfnet(SlowfastNfnetOptions),
    /// CNN6.
    Cnn6(Cnn6Options),
    /// Plain layers.
    Mlp(MlpOptions),
    /// Layers of an expression.
    Layers(Stack),
}

impl Architecture {
    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        match self {
            Architecture::ResNet18(options) => options.fc.unwrap_or(8 * options.width),
            Architecture::ResNet18Waves(options) => options.fc.unwrap_or(8 * options.width),
            Architecture::Ast(options) => options.classes.unwrap_or(options.dim),
            Architecture::SlowfastNfnet(options) => {
                let slow = PathwayShape::slow(options.width).dim();
                let fast = PathwayShape::fast(options.width).dim();
                match options.pathways {
                    Pathways::Both => slow + fast,
                    Pathways::Slow => slow,
                    Pathways::Fast => fast,
                }
            }
            Architecture::Cnn6(options) => 8 * options.width,
            Architecture::Mlp(options) => options.layers.last().copied().unwrap_or(0),
            Architecture::Layers(stack) => stack.dim(),
        }
    }

    /// Channels that its input must have; plain layers take any, and say 1.
    pub fn channels(&self) -> usize {
        match self {
            Architecture::ResNet18(options) => options.channels,
            Architecture::ResNet18Waves(options) => options.channels,
            Architecture::Ast(options) => options.channels,
            Architecture::SlowfastNfnet(options) => options.channels,
            Architecture::Cnn6(options) => options.channels,
            Architecture::Mlp(_) => 1,
            Architecture::Layers(stack) => stack.channels(),
        }
    }

    /// What it reads: waves or features; `None` for plain layers, which read either.
    pub fn domain(&self) -> Option<Domain> {
        match self {
            Architecture::ResNet18Waves(_) => Some(Domain::Wave),
            Architecture::Mlp(_) => None,
            Architecture::Layers(stack) => stack.domain(),
            _ => Some(Domain::Features),
        }
    }

    /// Name of the one kernel that reads the input, where there is one that may be summed over its
    /// channels.
    pub(super) fn stem(&self) -> Option<&'static str> {
        match self {
            Architecture::ResNet18(_) | Architecture::ResNet18Waves(_) => Some("conv1.weight"),
            Architecture::Ast(_) => Some("v.patch_embed.proj.weight"),
            Architecture::Cnn6(_) => Some("conv_block1.conv1.weight"),
            Architecture::SlowfastNfnet(_) | Architecture::Mlp(_) | Architecture::Layers(_) => None,
        }
    }

    /// How its weights are drawn.
    pub fn scheme(&self) -> Scheme {
        match self {
            Architecture::Ast(_) => Scheme::Transformer,
            Architecture::SlowfastNfnet(_) => Scheme::NormalizerFree,
            _ => Scheme::Rectified,
        }
    }
}

/// A call in the language, written with the options that are given.
struct Source {
    text: String,
    empty: bool,
}

impl Source {
    fn new(name: &str) -> Source {
        Source {
            text: format!("{name}(#{{"),
            empty: true,
        }
    }

    fn option(mut self, name: &str, value: impl Display) -> Source {
        let comma = if self.empty { "" } else { "," };
        self.text += &format!("{comma} {name}: {value}");
        self.empty = false;
        self
    }

    /// An option that is written only where it differs from its default.
    fn unless<T: Display + PartialEq>(self, default: T, name: &str, value: T) -> Source {
        if value == default {
            return self;
        }
        self.option(name, value)
    }

    fn given(self, name: &str, value: Option<impl Display>) -> Source {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    fn end(self) -> String {
        self.text + " })"
    }
}

/// A number as a script writes it, with a point also before an exponent.
fn decimal(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text,
    }
}

impl Display for Architecture {
    /// Writes the source that builds it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Architecture::ResNet18(options) => Source::new("resnet18")
                .option("width", options.width)
                .option("channels", options.channels)
                .unless(false, "stem_bias", options.stem_bias)
                .given("fc", options.fc)
                .end(),
            Architecture::ResNet18Waves(options) => Source::new("resnet18")
                .option("dims", 1)
                .option("width", options.width)
                .option("channels", options.channels)
                .option("geometry", format!("\"{}\"", options.geometry))
                .unless(false, "stem_bias", options.stem_bias)
                .given("fc", options.fc)
                .end(),
            Architecture::Ast(options) => Source::new("ast")
                .option("dim", options.dim)
                .option("depth", options.depth)
                .option("heads", options.heads)
                .option("channels", options.channels)
                .option("bands", options.bands)
                .option("frames", options.frames)
                .unless(true, "distilled", options.distilled)
                .given("classes", options.classes)
                .given("norm_epsilon", options.norm_epsilon.map(decimal))
                .end(),
            Architecture::SlowfastNfnet(options) => Source::new("slowfast_nfnet")
                .option("width", options.width)
                .option("channels", options.channels)
                .option("pathways", format!("\"{}\"", options.pathways))
                .end(),
            Architecture::Cnn6(options) => Source::new("cnn6")
                .option("width", options.width)
                .option("channels", options.channels)
                .end(),
            Architecture::Mlp(MlpOptions {
                inputs,
                layers,
                batch_norm,
            }) => format!("mlp({inputs}, {layers:?}, #{{ batch_norm: {batch_norm} }})"),
            Architecture::Layers(stack) => stack.to_string(),
        };
        f.write_str(&text)
    }
}
