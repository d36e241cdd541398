//! Maxima over windows.

use super::cpu;
use burn::tensor::Tensor;
use burn::tensor::ops::MaxPoolOptions;

/// The maxima of windows of `[batch, channels, h, w]`. The 3x3 one of stride 2 and padding 1, which
/// stands behind the stem of a ResNet, has an implementation of its own on the CPU.
pub(super) fn max_pool2d(x: Tensor<4>, options: MaxPoolOptions<2>) -> Tensor<4> {
    let stem = MaxPoolOptions {
        stride: [2, 2],
        padding: [(1, 1), (1, 1)],
        ..MaxPoolOptions::new([3, 3])
    };
    if options == stem && cpu::on_cpu(&x) {
        return cpu::max_pool(x);
    }
    burn::tensor::module::max_pool2d(x, options)
}
