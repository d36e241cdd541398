//! ResNet-18.

use super::basic_block::BasicBlock;
use super::described::MOST_CHANNELS;
use super::input::{Input, features};
use super::ops::max_pool2d;
use super::options::EncoderNetwork;
use super::resnet_options::ResNet18Options;
use super::{BatchNorm, Conv2d, within};
use crate::Error;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

/// ResNet-18 over spectrograms (He et al., 2016), with the tensor names of torchvision.
///
/// A 7x7 convolution of stride 2, a 3x3 maximum of stride 2, four stages of two basic blocks with
/// widths `w, 2w, 4w, 8w`, the first block of stages 2 to 4 of stride 2, then the mean over both
/// axes.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock<Conv2d>>,
    layer2: Vec<BasicBlock<Conv2d>>,
    layer3: Vec<BasicBlock<Conv2d>>,
    layer4: Vec<BasicBlock<Conv2d>>,
    fc: Option<Linear>,
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
        within("width", width, 1..=MOST_CHANNELS)?;
        within("channels", channels, 1..=MOST_CHANNELS)?;
        let [layer1, layer2, layer3, layer4] = BasicBlock::stages(width, 3, device);
        Ok(ResNet18 {
            conv1: Conv2d::new([channels, width], 7, 2, stem_bias, device),
            bn1: BatchNorm::new(width, device),
            layer1,
            layer2,
            layer3,
            layer4,
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

impl EncoderNetwork for ResNet18 {
    type Options = ResNet18Options;

    fn build(options: &ResNet18Options, device: &Device) -> Result<ResNet18, Error> {
        ResNet18::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward(features(input, self.channels(), 1)?))
    }
}
