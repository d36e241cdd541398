//! What the networks share when they are built.

use crate::Error;
use burn::module::Initializer;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use std::ops::RangeInclusive;

/// A linear layer with a bias, its weights not yet drawn.
pub(crate) fn linear(from: usize, to: usize, device: &Device) -> Linear {
    LinearConfig::new(from, to)
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// A number if it lies in a range.
///
/// # Errors
/// [`Error::Range`] else.
pub(super) fn within(
    param: &'static str,
    value: usize,
    range: RangeInclusive<usize>,
) -> Result<usize, Error> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(Error::range(param, format!("within {range:?}"), value))
    }
}
