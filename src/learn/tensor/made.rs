//! Tensors for tests.

use super::value::{NdTensor, Values};
use burn::tensor::Device;

pub(super) fn floats(values: &[f32], shape: &[usize]) -> NdTensor {
    NdTensor::new(Values::Float(values.to_vec()), shape, &Device::flex()).unwrap()
}

pub(super) fn ints(values: &[i64], shape: &[usize]) -> NdTensor {
    NdTensor::new(Values::Int(values.to_vec()), shape, &Device::flex()).unwrap()
}
