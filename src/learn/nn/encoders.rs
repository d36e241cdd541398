//! The encoders that there are: a line each.

use super::described::EncoderDeclaration;
use super::input::Input;
use super::layers::{Layers, Stack};
use super::options::{EncoderNetwork, EncoderOptions};
use super::{
    Ast, AstOptions, Cnn6, Cnn6Options, Mlp, MlpOptions, ResNet18, ResNet18Options, ResNet18Waves,
    ResNet18WavesOptions, SlowfastNfnet, SlowfastNfnetOptions, Transformer,
};
use super::{ast, cnn6, mlp, resnet_options, slowfast};
use crate::Error;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::any::Any;

/// Makes [`Architecture`], [`Network`] and [`CATALOGUE`] of a list of encoders: the name, what its options are, its network,
/// and its declaration, unless another encoder's serves it.
macro_rules! encoders {
    ($($(#[$about:meta])* $name:ident: $options:ident, $network:ident $(, $declaration:path)?;)*) => {
        /// What an encoder is, without its weights.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name", rename_all = "snake_case")]
        pub enum Architecture {
            $($(#[$about])* $name($options),)*
        }

        impl Architecture {
            pub(super) fn options(&self) -> &dyn EncoderOptions {
                match self {
                    $(Architecture::$name(options) => options,)*
                }
            }

            /// What a declaration of the catalogue built; nothing for options of an encoder that is not in the list.
            pub fn of(built: &dyn EncoderOptions) -> Option<Architecture> {
                let built: &dyn Any = built;
                $(if let Some(options) = built.downcast_ref::<$options>() {
                    return Some(Architecture::$name(options.clone()));
                })*
                None
            }
        }

        /// A network of any [`Architecture`].
        ///
        /// Which one it is leaves no trace in the names of its parameters: they are those of the network itself.
        #[derive(Module, Debug)]
        pub enum Network {
            $($(#[$about])* $name($network),)*
        }

        impl Network {
            /// The network of an architecture, its weights not yet drawn: see [`super::initialize_as`].
            ///
            /// # Errors
            /// [`Error::Range`] for options that make no network.
            pub fn new(architecture: &Architecture, device: &Device) -> Result<Network, Error> {
                Ok(match architecture {
                    $(Architecture::$name(options) => {
                        Network::$name(EncoderNetwork::build(options, device)?)
                    })*
                })
            }

            /// Embeds a batch as `[batch, dim]`. A network on a device that differentiates trains: its batch norms take the
            /// batch's statistics.
            ///
            /// # Errors
            /// [`Error::Shape`] if the input is of another kind than the network reads, has another number of channels, or
            /// is too small.
            pub fn forward(&self, input: impl Into<Input>) -> Result<Tensor<2>, Error> {
                match self {
                    $(Network::$name(network) => network.embed(input.into()),)*
                }
            }

            /// The transformer, where it is one, or layers that begin as one.
            pub(crate) fn transformer(&self) -> Option<Box<dyn Transformer + '_>> {
                match self {
                    $(Network::$name(network) => network.as_transformer(),)*
                }
            }
        }

        /// Every declaration of an encoder, in the order of the reference page.
        pub static CATALOGUE: &[&EncoderDeclaration] = &[$($(&$declaration,)?)*];
    };
}

encoders! {
    /// ResNet-18 over spectrograms.
    ResNet18: ResNet18Options, ResNet18, resnet_options::RESNET18;
    /// ResNet-18 over raw waves.
    ResNet18Waves: ResNet18WavesOptions, ResNet18Waves;
    /// Audio Spectrogram Transformer.
    Ast: AstOptions, Ast, ast::AST;
    /// Slowfast NFNet, or one of its networks.
    SlowfastNfnet: SlowfastNfnetOptions, SlowfastNfnet, slowfast::SLOWFAST_NFNET;
    /// CNN6.
    Cnn6: Cnn6Options, Cnn6, cnn6::CNN6;
    /// Plain layers.
    Mlp: MlpOptions, Mlp, mlp::MLP;
    /// Layers of an expression.
    Layers: Stack, Layers;
}
