//! Batch normalization with the running estimates of PyTorch.

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

/// Normalizes every channel over the batch and all positions.
///
/// Ioffe and Szegedy, 2015. While training, values are normalized with the biased variance of the batch, and the running
/// estimate takes up the unbiased one, as in PyTorch; burn's own layer takes the biased one there, which makes weights
/// that are exchanged with PyTorch disagree in evaluation.
#[derive(Module, Debug)]
pub struct BatchNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
}

const EPSILON: f64 = 1e-5;
/// Share of the new batch in the running estimates.
const MOMENTUM: f64 = 0.1;

impl BatchNorm {
    /// A layer over `n_channels`, with scale 1, shift 0, running mean 0 and variance 1.
    pub fn new(n_channels: usize, device: &Device) -> BatchNorm {
        BatchNorm {
            gamma: Param::from_tensor(Tensor::ones([n_channels], device)),
            beta: Param::from_tensor(Tensor::zeros([n_channels], device)),
            running_mean: RunningState::new(Tensor::zeros([n_channels], device)),
            running_var: RunningState::new(Tensor::ones([n_channels], device)),
        }
    }

    /// Normalizes `[batch, channels, ...]`: with the batch's statistics on a device that differentiates, else with the
    /// running ones.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let device = x.device();
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        if !device.is_autodiff() {
            let (mean, var) = (self.running_mean.value(), self.running_var.value());
            return burn::tensor::module::batch_norm(x, gamma, beta, mean, var, EPSILON);
        }
        let dims = x.dims();
        let n = (dims.iter().product::<usize>() / dims[1]) as f64;
        let result = burn::tensor::module::batch_norm_train(x, gamma, beta, EPSILON);
        let mix = |old: Tensor<1>, new: Tensor<1>| old * (1.0 - MOMENTUM) + new.detach() * MOMENTUM;
        let unbiased = result.variance * (n / (n - 1.0).max(1.0));
        self.running_mean.update(mix(self.running_mean.value_sync(), result.mean).detach());
        self.running_var.update(mix(self.running_var.value_sync(), unbiased).detach());
        result.output
    }
}
