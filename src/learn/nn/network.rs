//! The network of every architecture, and what goes into it.

use super::layers::Layers;
use super::{
    Architecture, Ast, Cnn6, Mlp, PATCH, ResNet18, ResNet18Waves, SlowfastNfnet, Transformer, cnn6,
};
use crate::Error;
use crate::batch::Batch;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// A batch for a network.
#[derive(Clone, Debug)]
pub enum Input {
    /// Waves, `[batch, channels, samples]`.
    Waves(Tensor<3>),
    /// Features such as spectrograms, `[batch, channels, bands, frames]`.
    Features(Tensor<4>),
    /// Vectors such as embeddings, `[batch, features]`; only plain layers read them.
    Vectors(Tensor<2>),
}

impl Input {
    /// Its shape.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Input::Waves(x) => x.dims().to_vec(),
            Input::Features(x) => x.dims().to_vec(),
            Input::Vectors(x) => x.dims().to_vec(),
        }
    }

    /// The same on a device that differentiates.
    pub(super) fn autodiff(self) -> Input {
        match self {
            Input::Waves(x) => Input::Waves(x.autodiff()),
            Input::Features(x) => Input::Features(x.autodiff()),
            Input::Vectors(x) => Input::Vectors(x.autodiff()),
        }
    }
}

impl Batch {
    /// Takes the values of a view as a network reads it: waves or features, by its axes.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is neither.
    pub fn input(&mut self, view: usize, device: &Device) -> Result<Input, Error> {
        Ok(match self.views[view].shape.len() {
            3 => self.waves(view, device)?.into(),
            _ => self.features(view, device)?.into(),
        })
    }
}

impl From<Tensor<3>> for Input {
    fn from(x: Tensor<3>) -> Input {
        Input::Waves(x)
    }
}

impl From<Tensor<2>> for Input {
    fn from(x: Tensor<2>) -> Input {
        Input::Vectors(x)
    }
}

impl From<Tensor<4>> for Input {
    fn from(x: Tensor<4>) -> Input {
        Input::Features(x)
    }
}

/// A network of any [`Architecture`].
///
/// Which one it is leaves no trace in the names of its parameters: they are those of the network
/// itself.
#[derive(Module, Debug)]
pub enum Network {
    /// ResNet-18 over spectrograms.
    ResNet18(ResNet18),
    /// ResNet-18 over raw waves.
    ResNet18Waves(ResNet18Waves),
    /// Audio Spectrogram Transformer.
    Ast(Ast),
    /// Slowfast NFNet, or one of its networks.
    SlowfastNfnet(SlowfastNfnet),
    /// CNN6.
    Cnn6(Cnn6),
    /// Plain layers.
    Mlp(Mlp),
    /// Layers of an expression.
    Layers(Layers),
}

impl Network {
    /// The network of an architecture, its weights not yet drawn: see [`super::initialize_as`].
    ///
    /// # Errors
    /// [`Error::Range`] for options that make no network.
    pub fn new(architecture: &Architecture, device: &Device) -> Result<Network, Error> {
        Ok(match architecture {
            Architecture::ResNet18(options) => Network::ResNet18(ResNet18::new(*options, device)?),
            Architecture::ResNet18Waves(options) => {
                Network::ResNet18Waves(ResNet18Waves::new(*options, device)?)
            }
            Architecture::Ast(options) => Network::Ast(Ast::new(*options, device)?),
            Architecture::SlowfastNfnet(options) => {
                Network::SlowfastNfnet(SlowfastNfnet::new(*options, device)?)
            }
            Architecture::Cnn6(options) => Network::Cnn6(Cnn6::new(*options, device)?),
            Architecture::Mlp(options) => Network::Mlp(Mlp::new(options, device)?),
            Architecture::Layers(stack) => Network::Layers(Layers::new(stack, device)?),
        })
    }

    /// Embeds a batch as `[batch, dim]`. A network on a device that differentiates trains: its
    /// batch norms take the batch's statistics.
    ///
    /// # Errors
    /// [`Error::Shape`] if the input is of another kind than the network reads, has another number
    /// of channels, or is too small.
    pub fn forward(&self, input: impl Into<Input>) -> Result<Tensor<2>, Error> {
        let input = input.into();
        match self {
            Network::ResNet18(network) => {
                Ok(network.forward(features(input, network.channels(), 1)?))
            }
            Network::ResNet18Waves(network) => {
                let (channels, smallest) = (network.channels(), network.min_samples());
                match input {
                    Input::Waves(x) if fits(&x.dims(), channels, smallest) => {
                        Ok(network.forward(x))
                    }
                    other => Err(misfit(
                        other,
                        format!("[batch, {channels}, {}]", size("samples", smallest)),
                    )),
                }
            }
            Network::Ast(network) => {
                Ok(network.forward(features(input, network.channels(), PATCH)?))
            }
            Network::SlowfastNfnet(network) => {
                Ok(network.forward(features(input, network.channels(), 1)?))
            }
            Network::Cnn6(network) => {
                Ok(network.forward(features(input, network.channels(), cnn6::MIN_SIZE)?))
            }
            Network::Layers(network) => network.forward(input),
            Network::Mlp(network) => {
                let dims = input.dims();
                if dims[1..].iter().product::<usize>() != network.inputs() || dims[0] == 0 {
                    return Err(misfit(
                        input,
                        format!("a batch of {} numbers each", network.inputs()),
                    ));
                }
                let shape = [dims[0], network.inputs()];
                Ok(network.forward(match input {
                    Input::Vectors(x) => x,
                    Input::Waves(x) => x.reshape(shape),
                    Input::Features(x) => x.reshape(shape),
                }))
            }
        }
    }

    /// The transformer, where it is one, or layers that begin as one.
    pub(crate) fn transformer(&self) -> Option<Box<dyn Transformer + '_>> {
        match self {
            Network::Ast(network) => Some(Box::new(network)),
            Network::Layers(network) => {
                let tokens = network.transformer()?;
                Some(Box::new(tokens))
            }
            _ => None,
        }
    }

    /// The same, and a batch that it reads, `[batch, channels, bands, frames]`: for those who work
    /// on its tokens.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub(crate) fn transformer_and_input(
        &self,
        input: impl Into<Input>,
    ) -> Result<Option<Reading<'_>>, Error> {
        let (input, Some(transformer)) = (input.into(), self.transformer()) else {
            return Ok(None);
        };
        if let Network::Layers(network) = self {
            network.check(&input)?;
        }
        let x = features(input, transformer.channels(), PATCH)?;
        Ok(Some((transformer, x)))
    }
}

/// A transformer, and a batch that it reads, `[batch, channels, bands, frames]`.
pub(crate) type Reading<'a> = (Box<dyn Transformer + 'a>, Tensor<4>);

/// Features of a number of channels, and at least `smallest` bands and frames.
fn features(input: Input, channels: usize, smallest: usize) -> Result<Tensor<4>, Error> {
    match input {
        Input::Features(x) if fits(&x.dims(), channels, smallest) => Ok(x),
        other => {
            let (bands, frames) = (size("bands", smallest), size("frames", smallest));
            Err(misfit(
                other,
                format!("[batch, {channels}, {bands}, {frames}]"),
            ))
        }
    }
}

fn fits(dims: &[usize], channels: usize, smallest: usize) -> bool {
    dims[0] > 0 && dims[1] == channels && dims[2..].iter().all(|&n| n >= smallest)
}

/// An axis by its name, and its smallest size where that is not 1.
fn size(axis: &str, smallest: usize) -> String {
    match smallest {
        1 => axis.to_owned(),
        n => format!("{axis} >= {n}"),
    }
}

fn misfit(input: Input, want: String) -> Error {
    Error::Shape {
        what: "the input of the encoder",
        want,
        got: input.dims(),
    }
}
