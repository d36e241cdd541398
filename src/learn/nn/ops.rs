//! Which implementation of an operation a tensor's device has: the room [`cpu`] for single precision on burn's CPU back end, burn's
//! own operations for everything else. Nothing outside of this file asks which back end it is.

use super::cpu;
use super::onnx::GELU_SCALE;
use burn::tensor::activation::{gelu as burns_gelu, relu, softmax};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, Device, Tensor, module};

/// Whether the values of a tensor lie where the host reads and writes them as `f32`. There, operations of our own are made of
/// plain loops: those of [`cpu`], an optimizer's step in one pass, a synthesizer that renders.
pub(crate) fn is_on_host<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device().inner() == Device::flex()
}

/// Convolves `[batch, from, h, w]` with `[to, from / groups, rows, columns]`.
pub(super) fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
) -> Tensor<4> {
    if !is_on_host(&x) {
        return module::conv2d(x, weight, bias, options);
    }
    let y = cpu::conv2d(x, weight, options);
    match bias {
        Some(bias) => y + bias.unsqueeze_dims::<4>(&[0, 2, 3]),
        None => y,
    }
}

/// The maxima of windows of `[batch, channels, h, w]`. The 3x3 one of stride 2 and padding 1, which stands behind the stem of a
/// ResNet, is one of our own on the host.
pub(super) fn max_pool2d(x: Tensor<4>, options: MaxPoolOptions<2>) -> Tensor<4> {
    let stem = MaxPoolOptions {
        stride: [2, 2],
        padding: [(1, 1), (1, 1)],
        ..MaxPoolOptions::new([3, 3])
    };
    if options == stem && is_on_host(&x) {
        return cpu::max_pool(x);
    }
    module::max_pool2d(x, options)
}

/// What a normalization by the statistics of a batch gives.
pub(super) struct Normalized<const D: usize> {
    pub(super) output: Tensor<D>,
    pub(super) mean: Tensor<1>,
    /// Over the number of values, not one less.
    pub(super) variance: Tensor<1>,
}

/// Normalizes `[batch, channels, ...]` by its own statistics; a shortcut is added and negative values become 0 where that is
/// asked for.
pub(super) fn batch_norm<const D: usize>(
    x: Tensor<D>,
    [gamma, beta]: [Tensor<1>; 2],
    epsilon: f64,
    shortcut: Option<Tensor<D>>,
    with_relu: bool,
) -> Normalized<D> {
    if is_on_host(&x) {
        let (output, mean, variance) =
            cpu::batch_norm(x, gamma, beta, epsilon, shortcut, with_relu);
        return Normalized {
            output,
            mean,
            variance,
        };
    }
    let made = module::batch_norm_train(x, gamma, beta, epsilon);
    Normalized {
        output: add_and_cut(made.output, shortcut, with_relu),
        mean: made.mean,
        variance: made.variance,
    }
}

/// Adds a shortcut, then makes negative values 0.
pub(super) fn add_and_cut<const D: usize>(
    x: Tensor<D>,
    shortcut: Option<Tensor<D>>,
    with_relu: bool,
) -> Tensor<D> {
    let sum = match shortcut {
        Some(shortcut) => x + shortcut,
        None => x,
    };
    if with_relu { relu(sum) } else { sum }
}

/// The Gaussian error linear unit.
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match is_on_host(&x) {
        true => cpu::gelu(x, cpu::Gelu::Exact),
        false => burns_gelu(x),
    }
}

/// The same by its approximation with a hyperbolic tangent.
pub(super) fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match is_on_host(&x) {
        true => cpu::gelu(x, cpu::Gelu::Tanh),
        false => gelu_tanh_by_parts(x),
    }
}

/// The same by burn's operations.
pub(super) fn gelu_tanh_by_parts<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let inner = x.clone() * (x.clone() * x.clone() * (0.044715 * GELU_SCALE) + GELU_SCALE);
    x * (inner.tanh() * 0.5 + 0.5)
}

/// Attention among the tokens of `[batch, n, 3 dim]`, queries, keys and values; gives `[batch, n, dim]`.
pub(super) fn attention(tokens: Tensor<3>, heads: usize) -> Tensor<3> {
    match is_on_host(&tokens) {
        true => cpu::attention(tokens, heads),
        false => attention_by_parts(tokens, heads),
    }
}

/// The same by burn's operations.
pub(super) fn attention_by_parts(tokens: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, n, all] = tokens.dims();
    let dim = all / 3;
    let of_head = dim / heads;
    let part = |index: usize| {
        let part = tokens.clone().narrow(2, index * dim, dim);
        part.reshape([batch, n, heads, of_head]).swap_dims(1, 2)
    };
    let scores = (part(0) * (of_head as f64).powf(-0.5)).matmul(part(1).swap_dims(2, 3));
    let mixed = softmax(scores, 3).matmul(part(2));
    mixed.swap_dims(1, 2).reshape([batch, n, dim])
}
