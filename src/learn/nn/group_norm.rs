//! Group normalization.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Normalizes every clip over groups of its channels and all positions, then scales and shifts
/// every channel.
///
/// Wu and He, "Group normalization", 2018, with PyTorch's names.
#[derive(Module, Debug)]
pub struct GroupNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    epsilon: f64,
}

impl GroupNorm {
    /// A layer over `n_channels`, a multiple of `groups`, with scale 1 and shift 0.
    pub fn new(n_channels: usize, groups: usize, epsilon: f64, device: &Device) -> GroupNorm {
        GroupNorm {
            weight: Param::from_tensor(Tensor::ones([n_channels], device)),
            bias: Param::from_tensor(Tensor::zeros([n_channels], device)),
            groups,
            epsilon,
        }
    }

    /// Normalizes `[batch, channels, ...]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let dims = x.dims();
        let (batch, n_channels) = (dims[0], dims[1]);
        let n = dims.iter().product::<usize>() / batch.max(1);
        let x = x.reshape([batch, self.groups, n / self.groups]);
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normed = centred / (variance + self.epsilon).sqrt();
        let normed = normed.reshape([batch, n_channels, n / n_channels]);
        let of_channel = |values: &Param<Tensor<1>>| values.val().unsqueeze_dims::<3>(&[0, 2]);
        (normed * of_channel(&self.weight) + of_channel(&self.bias)).reshape(dims)
    }
}
