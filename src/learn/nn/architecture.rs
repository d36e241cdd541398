//! What every encoder says of itself, in its own file.

use super::described::{EncoderDeclaration, Values};
use super::layers::{Clips, Stack};
use super::{Architecture, Input, Scheme, Summary, Transformer};
use crate::Error;
use auricle_audio::augment::Domain;
use burn::tensor::{Device, Tensor};
use std::fmt::Display;

/// What an encoder is, without its weights.
pub(super) trait EncoderOptions: Display {
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

/// Writes the source that builds what a declaration describes.
pub(super) fn write_described(
    f: &mut std::fmt::Formatter<'_>,
    declaration: &'static EncoderDeclaration,
    values: Values,
) -> std::fmt::Result {
    let values = values.into_iter();
    let described = declaration.with(values.map(|(name, value)| (name.to_owned(), value)));
    described
        .expect("the options of an encoder are those that are declared")
        .fmt(f)
}

impl Architecture {
    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        self.options().dim()
    }

    /// Channels that its input must have; plain layers take any, and say 1.
    pub fn channels(&self) -> usize {
        self.options().channels()
    }

    /// What it reads: waves or features; `None` for plain layers, which read either.
    pub fn domain(&self) -> Option<Domain> {
        self.options().domain()
    }

    /// Name of the one kernel that reads the input, where there is one that may be summed over its channels.
    pub(super) fn stem(&self) -> Option<&'static str> {
        self.options().stem()
    }

    /// How its weights are drawn.
    pub fn scheme(&self) -> Scheme {
        self.options().scheme()
    }

    /// The layers that it consists of, and the clips that they read.
    ///
    /// Built again and given the weights of the encoder, which have the same names, they compute the same numbers.
    ///
    /// # Errors
    /// Only if a layer does not take the encoder's sizes, which would be a bug.
    pub fn stack(&self) -> Result<Stack, Error> {
        self.options().stack()
    }

    /// Its layers for one clip: `[channels, samples]` for networks over waves, else `[channels, bands, frames]`; plain layers
    /// read it laid out in a row.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Misfit`] if the network cannot read such a clip.
    pub fn summary(&self, clip: &[usize]) -> Result<Summary, Error> {
        let stack = self.stack()?;
        let layers = match stack.clips() {
            Clips::Rows { .. } => stack.summary(&[clip.iter().product()])?.layers,
            _ => stack.summary(clip)?.layers,
        };
        Ok(Summary {
            input: clip.to_vec(),
            layers,
        })
    }
}

/// Writes the source that builds it.
impl Display for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.options().fmt(f)
    }
}
