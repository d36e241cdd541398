//! Networks of any kind, and the transformers among them.

use super::Network;
use super::front::{PATCH, Transformer};
use super::input::{Input, features};
use crate::Error;
use burn::tensor::Tensor;

impl Network {
    /// The transformer that it is, and a batch that it reads, `[batch, channels, bands, frames]`: for those who work
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
