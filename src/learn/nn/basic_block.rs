//! The block of a ResNet-18, over maps or over waves.

use super::{BatchNorm, Conv1d, Conv2d};
use burn::module::Module;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// A convolution of tensors of `D` axes, `[batch, channels, ...]`.
pub(super) trait Convolution<const D: usize>: Module {
    /// One with the same kernel along all axes, from `channels[0]` to `channels[1]`, and padding
    /// that keeps the size at stride 1; its weights are not yet drawn.
    fn centred(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Self;

    /// Convolves.
    fn convolve(&self, x: Tensor<D>) -> Tensor<D>;
}

impl Convolution<4> for Conv2d {
    fn centred(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Conv2d {
        Conv2d::new(channels, kernel, stride, bias, device)
    }

    fn convolve(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward(x)
    }
}

impl Convolution<3> for Conv1d {
    fn centred(
        [from, to]: [usize; 2],
        kernel: usize,
        stride: usize,
        bias: bool,
        device: &Device,
    ) -> Conv1d {
        let options = ConvOptions::new([stride], [kernel / 2], [1], 1);
        Conv1d::with([to, from, kernel], bias, options, device)
    }

    fn convolve(&self, x: Tensor<3>) -> Tensor<3> {
        self.forward(x)
    }
}

/// Two convolutions behind each other, and a shortcut beside them (He et al., 2016), with the names
/// of torchvision.
#[derive(Module, Debug)]
pub(super) struct BasicBlock<C: Module> {
    conv1: C,
    bn1: BatchNorm,
    conv2: C,
    bn2: BatchNorm,
    downsample: Option<(C, BatchNorm)>,
}

impl<C: Module> BasicBlock<C> {
    fn new<const D: usize>(
        [from, to]: [usize; 2],
        kernel: usize,
        stride: usize,
        device: &Device,
    ) -> BasicBlock<C>
    where
        C: Convolution<D>,
    {
        let reshaped = stride != 1 || from != to;
        BasicBlock {
            conv1: C::centred([from, to], kernel, stride, false, device),
            bn1: BatchNorm::new(to, device),
            conv2: C::centred([to, to], kernel, 1, false, device),
            bn2: BatchNorm::new(to, device),
            downsample: reshaped.then(|| {
                (
                    C::centred([from, to], 1, stride, false, device),
                    BatchNorm::new(to, device),
                )
            }),
        }
    }

    /// The four stages of two blocks: widths `w, 2w, 4w, 8w`, the first block of the last three of
    /// stride 2.
    pub(super) fn stages<const D: usize>(
        width: usize,
        kernel: usize,
        device: &Device,
    ) -> [Vec<BasicBlock<C>>; 4]
    where
        C: Convolution<D>,
    {
        [(1, 1, 1), (1, 2, 2), (2, 4, 2), (4, 8, 2)].map(|(from, to, stride)| {
            let (from, to) = (from * width, to * width);
            vec![
                BasicBlock::new([from, to], kernel, stride, device),
                BasicBlock::new([to, to], kernel, 1, device),
            ]
        })
    }

    /// Maps `[batch, from, ...]` to `[batch, to, ...]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D>
    where
        C: Convolution<D>,
    {
        let shortcut = match &self.downsample {
            Some((conv, bn)) => bn.forward(conv.convolve(x.clone())),
            None => x.clone(),
        };
        let y = self.bn1.forward_relu(self.conv1.convolve(x));
        self.bn2.forward_add_relu(self.conv2.convolve(y), shortcut)
    }
}
