//! What goes into a network.

use crate::Error;
use crate::batch::Batch;
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

/// Features of a number of channels, and at least `smallest` bands and frames.
pub(super) fn features(input: Input, channels: usize, smallest: usize) -> Result<Tensor<4>, Error> {
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

pub(super) fn fits(dims: &[usize], channels: usize, smallest: usize) -> bool {
    dims[0] > 0 && dims[1] == channels && dims[2..].iter().all(|&n| n >= smallest)
}

/// An axis by its name, and its smallest size where that is not 1.
pub(super) fn size(axis: &str, smallest: usize) -> String {
    match smallest {
        1 => axis.to_owned(),
        n => format!("{axis} >= {n}"),
    }
}

pub(super) fn misfit(input: Input, want: String) -> Error {
    Error::Shape {
        what: "the input of the encoder",
        want,
        got: input.dims(),
    }
}
