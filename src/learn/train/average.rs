//! Moving averages of weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use std::collections::HashMap;

/// A copy of a module that no gradient flows into. Its parameters keep their identities.
pub(crate) fn still<M: Module>(module: &M) -> M {
    module.clone().set_require_grad(false)
}

/// Moves every weight of a copy towards that of the module it was copied from: `m copy + (1 - m) original`.
///
/// Running statistics are left alone: the copy has batches of its own.
pub(crate) fn follow<M: Module>(copy: M, original: &M, momentum: f64) -> M {
    let mut weights = Weights::default();
    original.visit(&mut weights);
    copy.map(&mut Follow { weights, momentum })
}

/// Weights by identity, as vectors.
#[derive(Default)]
struct Weights(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        if value.is_require_grad() {
            let n = value.shape().num_elements();
            self.0.insert(param.id, value.detach().reshape([n]));
        }
    }
}

struct Follow {
    weights: Weights,
    momentum: f64,
}

impl ModuleMapper for Follow {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(original) = self.weights.0.get(&param.id).cloned() else {
            return param;
        };
        let momentum = self.momentum;
        param.map(|copy| {
            let original = original.reshape(copy.dims());
            let moved = copy.mul_scalar(momentum) + original.mul_scalar(1.0 - momentum);
            moved.detach().set_require_grad(false)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::nn::export;
    use burn::nn::LinearConfig;

    #[test]
    fn a_copy_moves_by_the_share_that_is_left() {
        let device = device("cpu").unwrap().autodiff();
        let first: burn::nn::Linear = LinearConfig::new(3, 2).init(&device);
        let copy = still(&first);
        let values = export(&first)["weight"].values.clone();
        let other = first.map(&mut Doubled);
        let moved = follow(copy, &other, 0.75);
        // 0.75 w + 0.25 (2 w)
        for (got, first) in export(&moved)["weight"].values.iter().zip(&values) {
            assert!((got - 1.25 * first).abs() < 1e-6, "{got} {first}");
        }
        assert!(!moved.weight.val().is_require_grad());
    }

    struct Doubled;

    impl ModuleMapper for Doubled {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|w| w.detach().mul_scalar(2.0).require_grad())
        }
    }
}
