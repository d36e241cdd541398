//! Moving averages of the weights of a model in a loop of one's own.

use crate::Error;
use crate::nn::Encoder;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use std::collections::VecDeque;

/// Moves every weight of a model towards that of another of the same architecture: `s own + (1 - s) other`. Running
/// statistics are taken over as they are.
///
/// # Errors
/// [`Error::Run`] if they are of different architectures, are the same, or the one that moves is under training itself;
/// [`Error::Range`] unless the share is within 0..1.
pub fn follow(model: &Encoder, other: &Encoder, share: f64) -> Result<(), Error> {
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::range("share", "within 0..1", share));
    }
    let (own, theirs) = (model.architecture(), other.architecture());
    if own != theirs {
        return Err(Error::Run {
            message: format!("{own} cannot follow {theirs}: they have other weights"),
            hint: "let a copy follow its model: `let slow = m.copy()`".into(),
        });
    }
    if model.shares_weights(other) || model.is_training() {
        return Err(Error::Run {
            message: "a model that is under training cannot follow another".into(),
            hint: "let a copy follow it: `let slow = m.copy()`, and after every step `slow.follow(m, 0.99)`".into(),
        });
    }
    let mut weights = Weights::default();
    other.network().valid().visit(&mut weights);
    let mut following = Following {
        weights: weights.0,
        share,
        name: Vec::new(),
    };
    let network = model.network().valid();
    model.set_network(network.map(&mut following));
    Ok(())
}

/// All weights in the order of the module, as vectors.
#[derive(Default)]
struct Weights(VecDeque<Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let n = value.shape().num_elements();
        self.0.push_back(value.reshape([n]));
    }
}

struct Following {
    weights: VecDeque<Tensor<1>>,
    share: f64,
    name: Vec<String>,
}

impl ModuleMapper for Following {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.name.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.name.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let is_statistic = self
            .name
            .last()
            .is_some_and(|name| name.starts_with("running_"));
        let (next, share) = (self.weights.pop_front(), self.share);
        param.map(|own| match next {
            Some(other) if is_statistic => other.reshape(own.dims()),
            Some(other) => {
                let other = other.reshape(own.dims());
                own.mul_scalar(share) + other.mul_scalar(1.0 - share)
            }
            None => own,
        })
    }
}
