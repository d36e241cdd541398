//! The heads between an encoder and a loss.

use super::{BatchNorm, linear};
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

/// Two layers: linear, batch norm, ReLU, linear.
///
/// The projector of Patch-Mix's code (Bae et al., 2023). Its output is normalized in the loss, not here.
#[derive(Module, Debug)]
pub struct PatchMixProjector {
    linear1: Linear,
    bn: BatchNorm,
    linear2: Linear,
}

impl PatchMixProjector {
    /// A projector from `input` features over as many to `output`.
    pub fn new(input: usize, output: usize, device: &Device) -> PatchMixProjector {
        PatchMixProjector {
            linear1: linear(input, input, device),
            bn: BatchNorm::new(input, device),
            linear2: linear(input, output, device),
        }
    }

    /// Projects `[batch, input]` to `[batch, output]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.bn.forward_relu(self.linear1.forward(x));
        self.linear2.forward(x)
    }
}

/// The head of CLAR with labels (Al-Tahan and Mohsenzadeh, 2021, code): a projection, and logits read off it.
#[derive(Module, Debug)]
pub struct ClarHead {
    fc1: Linear,
    bn1: BatchNorm,
    fc2: Linear,
    bn2: BatchNorm,
    fc3: Linear,
}

impl ClarHead {
    /// A head from `input` features over `hidden` to `output`, and from there to `classes`.
    pub fn new(
        input: usize,
        hidden: usize,
        output: usize,
        classes: usize,
        device: &Device,
    ) -> ClarHead {
        ClarHead {
            fc1: linear(input, hidden, device),
            bn1: BatchNorm::new(hidden, device),
            fc2: linear(hidden, output, device),
            bn2: BatchNorm::new(output, device),
            fc3: LinearConfig::new(output, classes)
                .with_bias(false)
                .init(device),
        }
    }

    /// Projects `[batch, input]` to `[batch, output]`, not normalized, and to logits `[batch, classes]`. The logits are
    /// read off the projection as it is before any normalization.
    pub fn forward(&self, x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let x = self.bn1.forward_relu(self.fc1.forward(x));
        let projected = self.fc2.forward(x);
        let logits = self.fc3.forward(self.bn2.forward_relu(projected.clone()));
        (projected, logits)
    }
}
