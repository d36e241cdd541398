//! ResNet-18 over raw waves.

use super::basic_block::{BasicBlock, Convolution};
use super::described::{MOST_CHANNELS, MOST_OUTPUTS};
use super::input::{Input, fits, misfit, size};
use super::options::EncoderNetwork;
use super::resnet_options::{Geometry, KERNEL, ResNet18WavesOptions};
use super::{BatchNorm, Conv1d, linear, within};
use crate::Error;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::module::max_pool1d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

/// ResNet-18 over raw waves (Al-Tahan and Mohsenzadeh, "CLAR", 2021), with the names of the
/// two-dimensional one.
///
/// Strides stay 2, so that time shrinks by 32: at 16 kHz a second leaves 500 positions, and it
/// costs many more multiplications than the two-dimensional network over a spectrogram of the same
/// second.
#[derive(Module, Debug)]
pub struct ResNet18Waves {
    conv1: Conv1d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock<Conv1d>>,
    layer2: Vec<BasicBlock<Conv1d>>,
    layer3: Vec<BasicBlock<Conv1d>>,
    layer4: Vec<BasicBlock<Conv1d>>,
    fc: Option<Linear>,
    #[module(skip)]
    geometry: Geometry,
}

impl ResNet18Waves {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width, the channels or the outputs are 0 or beyond what makes sense.
    pub fn new(options: ResNet18WavesOptions, device: &Device) -> Result<ResNet18Waves, Error> {
        let width = within("width", options.width, 1..=MOST_CHANNELS)?;
        let channels = within("channels", options.channels, 1..=MOST_CHANNELS)?;
        let fc = options
            .fc
            .map(|fc| within("fc", fc, 1..=MOST_OUTPUTS))
            .transpose()?;
        let [layer1, layer2, layer3, layer4] = BasicBlock::stages(width, KERNEL, device);
        Ok(ResNet18Waves {
            conv1: Conv1d::centred(
                [channels, width],
                options.geometry.stem(),
                2,
                options.stem_bias,
                device,
            ),
            bn1: BatchNorm::new(width, device),
            layer1,
            layer2,
            layer3,
            layer4,
            fc: fc.map(|outputs| linear(8 * width, outputs, device)),
            geometry: options.geometry,
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        self.conv1.channels()
    }

    /// Samples that a wave must have.
    pub fn min_samples(&self) -> usize {
        self.geometry.min_samples()
    }

    /// The map behind the stem and the first stage, `[batch, width, samples / 4]`.
    pub fn first_stage(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.bn1.forward_relu(self.conv1.forward(x));
        let options = MaxPoolOptions {
            stride: [2],
            padding: [(self.geometry.pool_padding(), self.geometry.pool_padding())],
            ..MaxPoolOptions::new([KERNEL])
        };
        let x = max_pool1d(x, options);
        self.layer1.iter().fold(x, |x, block| block.forward(x))
    }

    /// Embeds `[batch, channels, samples]` as `[batch, 8 * width]`, or as the outputs of the final
    /// layer.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let x = self.first_stage(x);
        let blocks = self.layer2.iter().chain(&self.layer3).chain(&self.layer4);
        let x = blocks.fold(x, |x, block| block.forward(x));
        let x = x.mean_dim(2).flatten::<2>(1, 2);
        match &self.fc {
            Some(fc) => fc.forward(x),
            None => x,
        }
    }
}

impl EncoderNetwork for ResNet18Waves {
    type Options = ResNet18WavesOptions;

    fn build(options: &ResNet18WavesOptions, device: &Device) -> Result<ResNet18Waves, Error> {
        ResNet18Waves::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        let (channels, smallest) = (self.channels(), self.min_samples());
        match input {
            Input::Waves(x) if fits(&x.dims(), channels, smallest) => Ok(self.forward(x)),
            other => {
                let samples = size("samples", smallest);
                Err(misfit(other, format!("[batch, {channels}, {samples}]")))
            }
        }
    }
}
