//! Layers of an expression as an encoder like any other.

use super::front::Transformer;
use super::input::Input;
use super::layers::{Layers, Stack};
use super::options::{EncoderNetwork, EncoderOptions};
use crate::Error;
use auricle_audio::augment::Domain;
use burn::tensor::{Device, Tensor};

impl EncoderOptions for Stack {
    fn dim(&self) -> usize {
        Stack::dim(self)
    }

    fn channels(&self) -> usize {
        Stack::channels(self)
    }

    fn domain(&self) -> Option<Domain> {
        Stack::domain(self)
    }

    fn stack(&self) -> Result<Stack, Error> {
        Ok(self.clone())
    }
}

impl EncoderNetwork for Layers {
    type Options = Stack;

    fn build(stack: &Stack, device: &Device) -> Result<Layers, Error> {
        Layers::new(stack, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        self.forward(input)
    }

    fn as_transformer(&self) -> Option<Box<dyn Transformer + '_>> {
        Some(Box::new(self.transformer()?))
    }
}
