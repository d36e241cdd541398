//! Fewer frames for the slow one of two networks.

use super::ws_conv::same_padding;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

/// The maximum of every few frames, the first axis of the maps, with SAME padding.
pub(super) fn slower(x: Tensor<4>, ratio: usize) -> Tensor<4> {
    let padding = same_padding(x.dims()[2], ratio, ratio);
    let options = MaxPoolOptions {
        padding: [padding, (0, 0)],
        ..MaxPoolOptions::new([ratio, 1])
    };
    max_pool2d(x, options)
}
