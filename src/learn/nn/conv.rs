//! Convolutions in one and two dimensions.

use super::cpu;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// A convolution of maps, with PyTorch's names.
#[derive(Module, Debug)]
pub struct Conv2d {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    options: ConvOptions<2>,
}

impl Conv2d {
    /// A layer with a square kernel from `channels[0]` to `channels[1]`, with padding that keeps
    /// the size at stride 1, its weights not yet drawn: see [`super::initialize`].
    pub fn new(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Conv2d {
        let [from, to] = channels;
        let options = ConvOptions::new([stride; 2], [kernel / 2; 2], [1; 2], 1);
        Conv2d::with([to, from, kernel, kernel], bias, options, device)
    }

    /// A layer with weights `[to, from / groups, rows, columns]`, not yet drawn.
    pub fn with(
        weight: [usize; 4],
        bias: bool,
        options: ConvOptions<2>,
        device: &Device,
    ) -> Conv2d {
        Conv2d {
            weight: Param::from_tensor(Tensor::zeros(weight, device)),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([weight[0]], device))),
            options,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1] * self.options.groups
    }

    /// Stride and padding, if they and the kernel are the same along both axes and there are
    /// neither groups nor gaps: what the CPU's own implementation computes.
    fn plain(&self) -> Option<(usize, usize)> {
        let ConvOptions {
            stride: [stride, other_stride],
            padding: [(padding, _), _],
            ..
        } = self.options;
        let [_, _, rows, columns] = self.weight.dims();
        let is_plain = rows == columns
            && stride == other_stride
            && self.options.padding == [(padding, padding); 2]
            && self.options.dilation == [1; 2]
            && self.options.groups == 1;
        is_plain.then_some((stride, padding))
    }

    /// Convolves `[batch, from, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        if let Some((stride, padding)) = self.plain()
            && cpu::on_cpu(&x)
        {
            let y = cpu::conv2d(x, weight, stride, padding);
            return match &self.bias {
                Some(bias) => y + bias.val().unsqueeze_dims::<4>(&[0, 2, 3]),
                None => y,
            };
        }
        let bias = self.bias.as_ref().map(Param::val);
        burn::tensor::module::conv2d(x, weight, bias, self.options.clone())
    }
}

/// A convolution in one dimension, with PyTorch's names.
#[derive(Module, Debug)]
pub struct Conv1d {
    weight: Param<Tensor<3>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    options: ConvOptions<1>,
}

impl Conv1d {
    /// A layer with weights `[to, from / groups, kernel]`, not yet drawn.
    pub fn with(
        weight: [usize; 3],
        bias: bool,
        options: ConvOptions<1>,
        device: &Device,
    ) -> Conv1d {
        Conv1d {
            weight: Param::from_tensor(Tensor::zeros(weight, device)),
            bias: bias.then(|| Param::from_tensor(Tensor::zeros([weight[0]], device))),
            options,
        }
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.weight.dims()[1] * self.options.groups
    }

    /// Convolves `[batch, from, samples]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let bias = self.bias.as_ref().map(Param::val);
        burn::tensor::module::conv1d(x, self.weight.val(), bias, self.options.clone())
    }
}
