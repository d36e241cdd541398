//! Two-dimensional convolution.

use super::cpu;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// A convolution with a square kernel and padding that keeps the size at stride 1, with PyTorch's
/// names.
#[derive(Module, Debug)]
pub struct Conv2d {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
}

impl Conv2d {
    /// A layer from `channels[0]` to `channels[1]`, its weights not yet drawn: see
    /// [`super::initialize`].
    pub fn new(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Conv2d {
        let [from, to] = channels;
        Conv2d {
            weight: Param::from_tensor(Tensor::zeros([to, from, kernel, kernel], device)),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([to], device))),
            stride,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1]
    }

    /// Convolves `[batch, from, h, w]` to `[batch, to, ceil(h / stride), ceil(w / stride)]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let padding = weight.dims()[2] / 2;
        if !cpu::on_cpu(&x) {
            let bias = self.bias.as_ref().map(Param::val);
            let options = ConvOptions::new([self.stride; 2], [padding; 2], [1; 2], 1);
            return burn::tensor::module::conv2d(x, weight, bias, options);
        }
        let y = cpu::conv2d(x, weight, self.stride, padding);
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze_dims::<4>(&[0, 2, 3]),
            None => y,
        }
    }
}
