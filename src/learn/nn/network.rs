//! The network of every architecture, and what goes into it.

use super::{Architecture, ResNet18};
use crate::Error;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// A batch for a network.
#[derive(Clone, Debug)]
pub enum Input {
    /// Waves, `[batch, channels, samples]`.
    Waves(Tensor<3>),
    /// Features such as spectrograms, `[batch, channels, bands, frames]`.
    Features(Tensor<4>),
}

impl Input {
    /// Its shape.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Input::Waves(x) => x.dims().to_vec(),
            Input::Features(x) => x.dims().to_vec(),
        }
    }
}

impl From<Tensor<3>> for Input {
    fn from(x: Tensor<3>) -> Input {
        Input::Waves(x)
    }
}

impl From<Tensor<4>> for Input {
    fn from(x: Tensor<4>) -> Input {
        Input::Features(x)
    }
}

/// A network of any [`Architecture`].
///
/// Which one it is leaves no trace in the names of its parameters: they are those of the network itself.
#[derive(Module, Debug)]
pub enum Network {
    /// ResNet-18 over spectrograms.
    ResNet18(ResNet18),
}

impl Network {
    /// The network of an architecture, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] for options that make no network.
    pub fn new(architecture: &Architecture, device: &Device) -> Result<Network, Error> {
        Ok(match architecture {
            Architecture::ResNet18(options) => Network::ResNet18(ResNet18::new(*options, device)?),
        })
    }

    /// Embeds a batch as `[batch, dim]`. A network on a device that differentiates trains: its batch norms take the
    /// batch's statistics.
    ///
    /// # Errors
    /// [`Error::Shape`] if the input is of another kind than the network reads, or has another number of channels.
    pub fn forward(&self, input: impl Into<Input>) -> Result<Tensor<2>, Error> {
        let input = input.into();
        match (self, input) {
            (Network::ResNet18(network), Input::Features(x))
                if x.dims()[1] == network.channels() =>
            {
                Ok(network.forward(x))
            }
            (Network::ResNet18(network), other) => Err(Error::Shape {
                what: "the input of the encoder",
                want: format!("[batch, {}, bands, frames]", network.channels()),
                got: other.dims(),
            }),
        }
    }
}
