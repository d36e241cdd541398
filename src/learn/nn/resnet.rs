//! ResNet-18.

use super::{BatchNorm, Conv2d, max_pool2d};
use crate::Error;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Options of a [`ResNet18`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNet18Options {
    /// Channels of the first stage; the later ones have twice as many each. 64 is the published
    /// network.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Whether the first convolution has a bias, as when it was replaced for another number of
    /// channels.
    pub stem_bias: bool,
    /// Outputs of a final linear layer; none if `None`.
    pub fc: Option<usize>,
}

impl Default for ResNet18Options {
    fn default() -> ResNet18Options {
        ResNet18Options {
            width: 64,
            channels: 1,
            stem_bias: false,
            fc: None,
        }
    }
}

/// ResNet-18 over spectrograms (He et al., 2016), with the tensor names of torchvision.
///
/// A 7x7 convolution of stride 2, a 3x3 maximum of stride 2, four stages of two basic blocks with
/// widths `w, 2w, 4w, 8w`, the first block of stages 2 to 4 of stride 2, then the mean over both
/// axes.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    fc: Option<Linear>,
}

#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    fn new(from: usize, to: usize, stride: usize, device: &Device) -> BasicBlock {
        let reshaped = stride != 1 || from != to;
        BasicBlock {
            conv1: Conv2d::new([from, to], 3, stride, false, device),
            bn1: BatchNorm::new(to, device),
            conv2: Conv2d::new([to, to], 3, 1, false, device),
            bn2: BatchNorm::new(to, device),
            downsample: reshaped.then(|| {
                (
                    Conv2d::new([from, to], 1, stride, false, device),
                    BatchNorm::new(to, device),
                )
            }),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some((conv, bn)) => bn.forward(conv.forward(x.clone())),
            None => x.clone(),
        };
        let y = self.bn1.forward_relu(self.conv1.forward(x));
        self.bn2.forward_add_relu(self.conv2.forward(y), shortcut)
    }
}

impl ResNet18 {
    /// The network, its weights not yet initialized: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width or the channels are 0 or beyond what makes sense.
    pub fn new(options: ResNet18Options, device: &Device) -> Result<ResNet18, Error> {
        let ResNet18Options {
            width,
            channels,
            stem_bias,
            fc,
        } = options;
        if !(1..=1024).contains(&width) {
            return Err(Error::range("width", "within 1..=1024", width));
        }
        if !(1..=1024).contains(&channels) {
            return Err(Error::range("channels", "within 1..=1024", channels));
        }
        let stage = |from: usize, to: usize, stride: usize| {
            vec![
                BasicBlock::new(from, to, stride, device),
                BasicBlock::new(to, to, 1, device),
            ]
        };
        Ok(ResNet18 {
            conv1: Conv2d::new([channels, width], 7, 2, stem_bias, device),
            bn1: BatchNorm::new(width, device),
            layer1: stage(width, width, 1),
            layer2: stage(width, 2 * width, 2),
            layer3: stage(2 * width, 4 * width, 2),
            layer4: stage(4 * width, 8 * width, 2),
            fc: fc.map(|outputs| LinearConfig::new(8 * width, outputs).init(device)),
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.conv1.channels()
    }

    /// The map behind the stem and the first stage, `[batch, width, bands / 4, frames / 4]`.
    pub fn first_stage(&self, x: Tensor<4>) -> Tensor<4> {
        let x = max_pool(self.bn1.forward_relu(self.conv1.forward(x)));
        self.layer1.iter().fold(x, |x, block| block.forward(x))
    }

    /// Embeds `[batch, channels, bands, frames]` as `[batch, 8 * width]`, or as the outputs of the
    /// final layer.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.first_stage(x);
        let blocks = self.layer2.iter().chain(&self.layer3).chain(&self.layer4);
        let x = blocks.fold(x, |x, block| block.forward(x));
        let x = x.mean_dim(3).mean_dim(2).flatten::<2>(1, 3);
        match &self.fc {
            Some(fc) => fc.forward(x),
            None => x,
        }
    }
}

/// The 3x3 maximum of stride 2 and padding 1.
fn max_pool(x: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions {
        stride: [2, 2],
        padding: [(1, 1), (1, 1)],
        ..MaxPoolOptions::new([3, 3])
    };
    max_pool2d(x, options)
}
