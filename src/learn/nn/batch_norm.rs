//! Batch normalization with the running estimates of PyTorch.

use super::onnx::{Attribute, Graph};
use super::ops::{add_and_cut, batch_norm};
use burn::module::{Flag, Module, Param, RunningState};
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
    /// Down where the layer is frozen: it then normalizes with its running statistics, which stay.
    training: Param<Flag>,
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
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::zeros([n_channels], device)),
            running_var: RunningState::new(Tensor::ones([n_channels], device)),
        }
    }

    /// Normalizes `[batch, channels, ...]`: with the batch's statistics on a device that differentiates, unless the layer
    /// is frozen; else with the running ones.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.apply(x, None, false)
    }

    /// Normalizes, then applies a ReLU.
    pub fn forward_relu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.apply(x, None, true)
    }

    /// Normalizes, adds a shortcut, then applies a ReLU.
    pub fn forward_add_relu<const D: usize>(&self, x: Tensor<D>, shortcut: Tensor<D>) -> Tensor<D> {
        self.apply(x, Some(shortcut), true)
    }

    /// Writes it into a graph, with its running statistics.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let parts = [
            graph.weight("weight", self.gamma.val()),
            graph.weight("bias", self.beta.val()),
            graph.weight("running_mean", self.running_mean.value()),
            graph.weight("running_var", self.running_var.value()),
        ];
        let [gamma, beta, mean, variance] = parts.each_ref().map(String::as_str);
        let epsilon = [("epsilon", Attribute::Float(EPSILON))];
        graph.op(
            "BatchNormalization",
            &[x, gamma, beta, mean, variance],
            &epsilon,
        )
    }

    fn apply<const D: usize>(
        &self,
        x: Tensor<D>,
        shortcut: Option<Tensor<D>>,
        with_relu: bool,
    ) -> Tensor<D> {
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        let training = x.device().is_autodiff() && self.training.is_enabled();
        if training {
            let dims = x.dims();
            let made = batch_norm(x, [gamma, beta], EPSILON, shortcut, with_relu);
            self.keep(dims, made.mean, made.variance);
            return made.output;
        }
        let (mean, var) = (self.running_mean.value(), self.running_var.value());
        let out = burn::tensor::module::batch_norm(x, gamma, beta, mean, var, EPSILON);
        add_and_cut(out, shortcut, with_relu)
    }

    /// Takes the statistics of a batch of `dims` into the running ones.
    fn keep<const D: usize>(&self, dims: [usize; D], mean: Tensor<1>, variance: Tensor<1>) {
        let n = (dims.iter().product::<usize>() / dims[1]) as f64;
        let mix = |old: Tensor<1>, new: Tensor<1>| {
            (old * (1.0 - MOMENTUM) + new.detach() * MOMENTUM).detach()
        };
        let unbiased = variance * (n / (n - 1.0).max(1.0));
        self.running_mean
            .update(mix(self.running_mean.value_sync(), mean));
        self.running_var
            .update(mix(self.running_var.value_sync(), unbiased));
        // burn keeps updates of different threads apart, to average them. The next batch may come
        // on another thread, and follows this one all the same.
        self.running_mean.value_sync();
        self.running_var.value_sync();
    }
}
