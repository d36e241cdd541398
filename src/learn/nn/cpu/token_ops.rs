//! What works on tokens, as operations of burn's CPU back end that can be differentiated.

use super::extension::{Cpu, contiguous, values};
use super::{gaussian_unit, self_attention};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};
pub(crate) use gaussian_unit::Gelu;

/// The operations.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait TokenOps: Backend {
    /// Attention of `[batch, n, 3 dim]`, queries, keys and values, to `[batch, n, dim]`.
    fn layer_attention(tokens: FloatTensor<Self>, heads: usize) -> FloatTensor<Self>;

    /// A Gaussian error linear unit of every value.
    fn layer_gelu(x: FloatTensor<Self>, gelu: Gelu) -> FloatTensor<Self>;
}

fn sizes(tokens: &Cpu, heads: usize) -> self_attention::Sizes {
    let [batch, n, all] = tokens.shape().dims();
    self_attention::Sizes {
        batch,
        n,
        heads,
        head: all / 3 / heads,
    }
}

/// The output, and what the gradient needs of it.
fn attend(tokens: &Cpu, heads: usize) -> (Cpu, Vec<f32>) {
    let s = sizes(tokens, heads);
    let (out, sums) = self_attention::forward(s, values(tokens));
    let out = TensorData::new(out, [s.batch, s.n, s.dim()]);
    (Cpu::from_data(out), sums)
}

impl TokenOps for Flex {
    fn layer_attention(tokens: Cpu, heads: usize) -> Cpu {
        attend(&contiguous(tokens), heads).0
    }

    fn layer_gelu(x: Cpu, gelu: Gelu) -> Cpu {
        let x = contiguous(x);
        let y = gaussian_unit::forward(gelu, values(&x));
        Cpu::from_data(TensorData::new(y, x.shape()))
    }
}

impl<C: CheckpointStrategy> TokenOps for Autodiff<Flex, C> {
    fn layer_attention(tokens: FloatTensor<Self>, heads: usize) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Attention;
        impl Backward<Flex, 1> for Attention {
            type State = (Cpu, Cpu, Vec<f32>, usize);

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let gradient = contiguous(grads.consume::<Flex>(&ops.node));
                let [parent] = ops.parents;
                let (tokens, out, sums, heads) = ops.state;
                let Some(node) = parent else { return };
                let dx = self_attention::backward(
                    sizes(&tokens, heads),
                    values(&tokens),
                    values(&out),
                    &sums,
                    values(&gradient),
                );
                let dx = TensorData::new(dx, tokens.shape());
                grads.register::<Flex>(node.id, Cpu::from_data(dx));
            }
        }
        let node = tokens.node();
        let tokens = contiguous(tokens.into_primitive());
        let (out, sums) = attend(&tokens, heads);
        match Attention.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((tokens, out.clone(), sums, heads), out),
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }

    fn layer_gelu(x: FloatTensor<Self>, gelu: Gelu) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Unit;
        impl Backward<Flex, 1> for Unit {
            type State = (Cpu, Gelu);

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let gradient = contiguous(grads.consume::<Flex>(&ops.node));
                let [parent] = ops.parents;
                let (x, gelu) = ops.state;
                let Some(node) = parent else { return };
                let dx = gaussian_unit::backward(gelu, values(&x), values(&gradient));
                let dx = TensorData::new(dx, x.shape());
                grads.register::<Flex>(node.id, Cpu::from_data(dx));
            }
        }
        let node = x.node();
        let x = contiguous(x.into_primitive());
        let out = Flex::layer_gelu(x.clone(), gelu);
        match Unit.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, gelu), out),
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }
}

/// Attention of `[batch, n, 3 dim]`, queries, keys and values, to `[batch, n, dim]`.
pub(crate) fn attention(tokens: Tensor<3>, heads: usize) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::layer_attention(tokens.into_dispatch(), heads))
}

/// A Gaussian error linear unit of every value.
pub(crate) fn gelu<const D: usize>(x: Tensor<D>, gelu: Gelu) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::layer_gelu(x.into_dispatch(), gelu))
}

#[cfg(test)]
mod tests {
    use super::super::extension::tests::{close, noise};
    use super::*;
    use crate::nn::ops::attention_by_parts;
    use burn::tensor::Device;

    #[test]
    fn attention_and_its_gradient_agree_with_burn() {
        let device = Device::flex().autodiff();
        for ([batch, n, dim], heads) in [
            ([2, 5, 12], 3),
            ([1, 1, 4], 1),
            ([3, 150, 32], 2),
            ([1, 64, 8], 4),
            ([1, 129, 24], 1),
        ] {
            let x = (noise([batch, n, 3 * dim], 1, &device) * 2.0).detach();
            let x = x.require_grad();
            let ours = attention(x.clone(), heads);
            let theirs = attention_by_parts(x.clone(), heads);
            let weights = noise([batch, n, dim], 2, &device);
            let (a, b) = (
                (ours.clone() * weights.clone()).sum().backward(),
                (theirs.clone() * weights).sum().backward(),
            );
            close("output", ours, theirs);
            close("tokens", x.grad(&a).unwrap(), x.grad(&b).unwrap());
        }
    }

    #[test]
    fn units_and_their_gradients_agree_with_burn() {
        let device = Device::flex().autodiff();
        let x = (noise([3, 7001], 1, &device) * 3.0).detach().require_grad();
        for (form, theirs) in [
            (Gelu::Exact, burn::tensor::activation::gelu(x.clone())),
            (Gelu::Tanh, crate::nn::ops::gelu_tanh_by_parts(x.clone())),
        ] {
            let ours = gelu(x.clone(), form);
            let weights = noise([3, 7001], 2, &device);
            let (a, b) = (
                (ours.clone() * weights.clone()).sum().backward(),
                (theirs.clone() * weights).sum().backward(),
            );
            close("output", ours, theirs);
            close("x", x.grad(&a).unwrap(), x.grad(&b).unwrap());
        }
    }
}
