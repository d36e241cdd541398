//! What an optimizer does to every weight, in one pass instead of a dozen.

use super::extension::{Cpu, contiguous, values};
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension,
};
use burn::tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

/// A number made of three. The order of the arithmetic is that of burn's operations, so that the last bit is the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OfThree {
    /// Of a moment, the gradient and the weight: `beta m + (1 - beta) (g + decay w)`.
    Moment { beta: f32, decay: f32 },
    /// Of a moment, the gradient and the weight: `beta m + (1 - beta) (g + decay w)^2`.
    SquareMoment { beta: f32, decay: f32 },
    /// Of the weight and both moments: `keep w - rate (scale m) / (sqrt(v) + epsilon)`.
    Move {
        keep: f32,
        rate: f32,
        scale: f32,
        epsilon: f32,
    },
}

/// Values of a task.
const PART: usize = 1 << 14;

impl OfThree {
    fn of(self, out: &mut [f32], [a, b, c]: [&[f32]; 3]) {
        match self {
            OfThree::Moment { beta, decay } => each(out, [a, b, c], |m, g, w| {
                m * beta + (w * decay + g) * (1.0 - beta)
            }),
            OfThree::SquareMoment { beta, decay } => each(out, [a, b, c], |v, g, w| {
                let g = w * decay + g;
                v * beta + g * g * (1.0 - beta)
            }),
            OfThree::Move {
                keep,
                rate,
                scale,
                epsilon,
            } => each(out, [a, b, c], |w, m, v| {
                w * keep - m * scale / (v.sqrt() + epsilon) * rate
            }),
        }
    }
}

fn each(out: &mut [f32], [a, b, c]: [&[f32]; 3], of: impl Fn(f32, f32, f32) -> f32 + Sync) {
    let arch = Arch::new();
    out.par_chunks_mut(PART)
        .zip(a.par_chunks(PART))
        .zip(b.par_chunks(PART).zip(c.par_chunks(PART)))
        .for_each(|((out, a), (b, c))| {
            arch.dispatch(|| {
                for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                    *out = of(*a, *b, *c);
                }
            });
        });
}

/// The operations.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait EachOps: Backend {
    /// A number of three of one shape; not differentiated.
    fn each_of_three(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        rule: OfThree,
    ) -> FloatTensor<Self>;
}

impl EachOps for Flex {
    fn each_of_three(a: Cpu, b: Cpu, c: Cpu, rule: OfThree) -> Cpu {
        let [a, b, c] = [a, b, c].map(contiguous);
        let mut out = vec![0.0; values(&a).len()];
        rule.of(&mut out, [values(&a), values(&b), values(&c)]);
        Cpu::from_data(TensorData::new(out, a.shape()))
    }
}

impl<C: CheckpointStrategy> EachOps for Autodiff<Flex, C> {
    fn each_of_three(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        rule: OfThree,
    ) -> FloatTensor<Self> {
        let [a, b, c] = [a, b, c].map(|tensor| tensor.into_primitive());
        Self::from_inner(Flex::each_of_three(a, b, c, rule))
    }
}

/// A number of three tensors of one shape; not differentiated.
pub(crate) fn of_three<const D: usize>(
    a: Tensor<D>,
    b: Tensor<D>,
    c: Tensor<D>,
    rule: OfThree,
) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::each_of_three(
        a.into_dispatch(),
        b.into_dispatch(),
        c.into_dispatch(),
        rule,
    ))
}
