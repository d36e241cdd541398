//! Built-in encoders as the layers that they consist of.

use super::layers::{Embedded, Layers};
use super::{Encoder, Input, Network, import};
use crate::Error;
use burn::module::Module;
use burn::tensor::Device;

/// Embeds a batch as an encoder does, with running statistics, and gives what layers of some names
/// give on the way.
///
/// # Errors
/// [`Error::Run`] for a name that no layer has, and as [`Encoder::embed`].
pub fn with_maps(
    encoder: &Encoder,
    input: Input,
    names: &[String],
    device: &Device,
) -> Result<Embedded, Error> {
    as_layers(encoder, device)?.forward_with(input, names)
}

/// The layers that compute, out of training, what an encoder does.
///
/// # Errors
/// As [`Architecture::stack`](crate::nn::Architecture::stack).
pub(super) fn as_layers(encoder: &Encoder, device: &Device) -> Result<Layers, Error> {
    if let Network::Layers(network) = encoder.network() {
        return Ok(network.valid());
    }
    let stack = encoder.architecture().stack()?;
    let network = import(Layers::new(&stack, device)?, &encoder.weights())?;
    Ok(network.valid())
}
