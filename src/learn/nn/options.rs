//! What every encoder says of itself, in its own file.

use super::front::Transformer;
use super::init::Scheme;
use super::input::Input;
use super::layers::Stack;
use crate::Error;
use auricle_audio::augment::Domain;
use burn::tensor::{Device, Tensor};
use std::any::Any;
use std::fmt::{Debug, Display};

/// What an encoder is, without its weights.
pub trait EncoderOptions: Display + Debug + Any + Send + Sync {
    /// Number of features that it gives.
    fn dim(&self) -> usize;

    /// Channels that its input must have; plain layers take any, and say 1.
    fn channels(&self) -> usize;

    /// What it reads: waves or features; `None` for plain layers, which read either.
    fn domain(&self) -> Option<Domain> {
        Some(Domain::Features)
    }

    /// Name of the one kernel that reads the input, where there is one that may be summed over its channels.
    fn stem(&self) -> Option<&'static str> {
        None
    }

    /// How its weights are drawn.
    fn scheme(&self) -> Scheme {
        Scheme::Rectified
    }

    /// The layers that it consists of, and the clips that they read. With weights of the same names they compute the same
    /// numbers.
    fn stack(&self) -> Result<Stack, Error>;
}

/// The network of an encoder.
pub(super) trait EncoderNetwork: Sized {
    /// What the encoder is.
    type Options: EncoderOptions;

    /// The network, its weights not yet drawn.
    fn build(options: &Self::Options, device: &Device) -> Result<Self, Error>;

    /// Embeds a batch as `[batch, dim]`.
    fn embed(&self, input: Input) -> Result<Tensor<2>, Error>;

    /// The transformer, where it is one.
    fn as_transformer(&self) -> Option<Box<dyn Transformer + '_>> {
        None
    }
}
