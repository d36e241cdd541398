//! Encoders by name and options, without weights.

use super::described::DescribedEncoder;
use super::layers::Stack;
use super::{
    AstOptions, Cnn6Options, MlpOptions, PathwayShape, Pathways, ResNet18Options,
    ResNet18WavesOptions, Scheme, SlowfastNfnetOptions,
};
use super::{ast, cnn6, mlp, resnet, slowfast};
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

impl Architecture {
    /// It as its declaration describes it; layers of one's own are described by themselves.
    fn described(&self) -> Option<DescribedEncoder> {
        let (declaration, values) = match self {
            Architecture::ResNet18(options) => (&resnet::RESNET18, options.values()),
            Architecture::ResNet18Waves(options) => (&resnet::RESNET18, options.values()),
            Architecture::Ast(options) => (&ast::AST, options.values()),
            Architecture::SlowfastNfnet(options) => (&slowfast::SLOWFAST_NFNET, options.values()),
            Architecture::Cnn6(options) => (&cnn6::CNN6, options.values()),
            Architecture::Mlp(options) => (&mlp::MLP, options.values()),
            Architecture::Layers(_) => return None,
        };
        let values = values.into_iter();
        let described = declaration.with(values.map(|(name, value)| (name.to_owned(), value)));
        Some(described.expect("the options of an encoder are those that are declared"))
    }
}

/// Writes the source that builds it.
impl Display for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.described()) {
            (Architecture::Layers(stack), _) => stack.fmt(f),
            (_, Some(described)) => described.fmt(f),
            (_, None) => Ok(()),
        }
    }
}
