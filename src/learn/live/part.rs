//! What an optimizer trains in a loop of one's own: models, and tensors by themselves.

use crate::nn::{Encoder, Network};
use crate::tensor::NdTensor;
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor};
use std::fmt;

/// A model, or a tensor that [`NdTensor::require_grad`] gave. Whoever holds it sees every step.
#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and what they hold is on the heap"
)]
#[derive(Clone, Debug)]
pub enum Part {
    /// A model.
    Model(Encoder),
    /// A parameter.
    Tensor(NdTensor),
}

impl Part {
    /// Number of weights.
    pub fn n_parameters(&self) -> usize {
        match self {
            Part::Model(model) => model.n_parameters(),
            Part::Tensor(tensor) => tensor.len(),
        }
    }

    /// Whether both are the same, not merely equal.
    pub fn is_same(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Model(a), Part::Model(b)) => a.shares_weights(b),
            (Part::Tensor(a), Part::Tensor(b)) => a.is_same_parameter(b),
            _ => false,
        }
    }

    /// It as a module, as it is now.
    pub(super) fn module(&self) -> Trained {
        match self {
            Part::Model(model) => Trained::Network(model.network()),
            Part::Tensor(tensor) => Trained::Tensor(Leaf::of(tensor)),
        }
    }

    /// Takes over what a step has made of its module.
    pub(super) fn set(&self, module: Trained) {
        match (self, module) {
            (Part::Model(model), Trained::Network(network)) => model.set_network(network),
            (Part::Tensor(tensor), Trained::Tensor(leaf)) => leaf.give(tensor),
            _ => unreachable!("a module is that of its part"),
        }
    }

    /// Its own among the gradients of a loss, where its module finds none.
    pub(super) fn add_gradient(
        &self,
        module: &Trained,
        gradients: &Gradients,
        all: &mut GradientsParams,
    ) {
        let (Part::Tensor(tensor), Trained::Tensor(leaf)) = (self, module) else {
            return;
        };
        if let Some(gradient) = tensor.gradient(gradients) {
            leaf.register(&gradient, all);
        }
    }
}

/// What it is, as source or in words.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Model(model) => model.architecture().fmt(f),
            Part::Tensor(tensor) => write!(f, "a tensor {:?}", tensor.shape()),
        }
    }
}

/// A [`Part`] as a module; which kind it is leaves no trace in names.
#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and what they hold is on the heap"
)]
#[derive(Module, Debug)]
pub(super) enum Trained {
    Network(Network),
    Tensor(Leaf),
}

/// A tensor with as many axes as it has, for optimizers that tell biases from matrices.
#[derive(Module, Debug)]
pub(super) enum Leaf {
    One(Param<Tensor<1>>),
    Two(Param<Tensor<2>>),
    Three(Param<Tensor<3>>),
    Four(Param<Tensor<4>>),
    More(Param<Tensor<{ crate::tensor::MAX_RANK }>>),
}

/// The same for whichever number of axes.
macro_rules! each {
    ($leaf:expr, $param:ident => $body:expr) => {
        match $leaf {
            Leaf::One($param) => $body,
            Leaf::Two($param) => $body,
            Leaf::Three($param) => $body,
            Leaf::Four($param) => $body,
            Leaf::More($param) => $body,
        }
    };
}

impl Leaf {
    fn of(tensor: &NdTensor) -> Leaf {
        fn param<const D: usize>(tensor: &NdTensor) -> Param<Tensor<D>> {
            Param::from_tensor(tensor.last_axes::<D>().autodiff())
        }
        match tensor.rank() {
            0 | 1 => Leaf::One(param(tensor)),
            2 => Leaf::Two(param(tensor)),
            3 => Leaf::Three(param(tensor)),
            4 => Leaf::Four(param(tensor)),
            _ => Leaf::More(param(tensor)),
        }
    }

    fn give(self, tensor: &NdTensor) {
        each!(self, param => tensor.set_parameter(param.val()));
    }

    fn register(&self, gradient: &NdTensor, all: &mut GradientsParams) {
        fn of<const D: usize>(
            param: &Param<Tensor<D>>,
            gradient: &NdTensor,
            all: &mut GradientsParams,
        ) {
            all.register::<D>(param.id, gradient.last_axes());
        }
        each!(self, param => of(param, gradient, all));
    }
}
