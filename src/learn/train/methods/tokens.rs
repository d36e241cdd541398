//! The transformer whose tokens a method works on.

use crate::Error;
use crate::nn::{Input, Network, Reading, Transformer};

fn no_transformer(method: &str) -> Error {
    Error::Run {
        message: format!("{method} works on the tokens of a transformer, the encoder has none"),
        hint: "train `ast(...)`, or layers that begin with `patch_tokens(...)`".into(),
    }
}

/// The transformer of an encoder, for a method of a title.
///
/// # Errors
/// [`Error::Run`] if it is none.
pub(super) fn transformer<'a>(
    encoder: &'a Network,
    method: &str,
) -> Result<Box<dyn Transformer + 'a>, Error> {
    encoder.transformer().ok_or_else(|| no_transformer(method))
}

/// The same with a batch that it reads, `[batch, channels, bands, frames]`.
///
/// # Errors
/// As [`transformer`], and [`Network::forward`].
pub(super) fn transformer_and_input<'a>(
    encoder: &'a Network,
    input: Input,
    method: &str,
) -> Result<Reading<'a>, Error> {
    let found = encoder.transformer_and_input(input)?;
    found.ok_or_else(|| no_transformer(method))
}
