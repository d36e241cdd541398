//! The head between an encoder and a contrastive loss.

use super::BatchNorm;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

/// Three layers: linear, batch norm, ReLU, twice, then a linear layer without bias.
///
/// The projector of CLAR's code (Al-Tahan and Mohsenzadeh, 2021), after SimCLR (Chen et al., 2020). Its output is
/// normalized in the loss, not here.
#[derive(Module, Debug)]
pub struct Projector {
    fc1: Linear,
    bn1: BatchNorm,
    fc2: Linear,
    bn2: BatchNorm,
    fc3: Linear,
}

impl Projector {
    /// A projector from `input` features over two hidden layers to `output`.
    pub fn new(input: usize, hidden: usize, output: usize, device: &Device) -> Projector {
        Projector {
            fc1: LinearConfig::new(input, hidden).init(device),
            bn1: BatchNorm::new(hidden, device),
            fc2: LinearConfig::new(hidden, hidden).init(device),
            bn2: BatchNorm::new(hidden, device),
            fc3: LinearConfig::new(hidden, output)
                .with_bias(false)
                .init(device),
        }
    }

    /// Projects `[batch, input]` to `[batch, output]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.bn1.forward_relu(self.fc1.forward(x));
        let x = self.bn2.forward_relu(self.fc2.forward(x));
        self.fc3.forward(x)
    }
}
