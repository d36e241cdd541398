//! Optimizers by description.

use crate::Error;
use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// An optimizer, without its state. Weight decay works on matrices and kernels only, never on biases and gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// Peak learning rate.
        learning_rate: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Penalty added to the gradient.
        weight_decay: f64,
    },
    /// Adam (Kingma and Ba, 2015), weight decay added to the gradient.
    Adam {
        /// Peak learning rate.
        learning_rate: f64,
        /// Decay of the first moment.
        beta_1: f64,
        /// Decay of the second moment.
        beta_2: f64,
        /// Penalty added to the gradient.
        weight_decay: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    AdamW {
        /// Peak learning rate.
        learning_rate: f64,
        /// Decay of the first moment.
        beta_1: f64,
        /// Decay of the second moment.
        beta_2: f64,
        /// Share of the weights that a unit of learning rate removes.
        weight_decay: f64,
    },
}

/// Added to the root of the second moment, as in PyTorch.
const EPSILON: f32 = 1e-8;

impl Optimizer {
    /// Its learning rate, which the schedule multiplies.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Optimizer::Sgd { learning_rate, .. }
            | Optimizer::Adam { learning_rate, .. }
            | Optimizer::AdamW { learning_rate, .. } => *learning_rate,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for those that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        let rate = self.learning_rate();
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(Error::range("learning_rate", "above 0", rate));
        }
        let (decay, shares): (f64, Vec<(&'static str, f64)>) = match self {
            Optimizer::Sgd {
                momentum,
                weight_decay,
                ..
            } => (*weight_decay, vec![("momentum", *momentum)]),
            Optimizer::Adam {
                beta_1,
                beta_2,
                weight_decay,
                ..
            }
            | Optimizer::AdamW {
                beta_1,
                beta_2,
                weight_decay,
                ..
            } => (
                *weight_decay,
                vec![("beta_1", *beta_1), ("beta_2", *beta_2)],
            ),
        };
        if !(decay >= 0.0 && decay.is_finite()) {
            return Err(Error::range("weight_decay", "at least 0", decay));
        }
        match shares
            .into_iter()
            .find(|(_, share)| !(0.0..1.0).contains(share))
        {
            Some((name, share)) => Err(Error::range(name, "at least 0 and below 1", share)),
            None => Ok(()),
        }
    }

    /// burn's optimizer for a module: one group without decay, and one with it for everything of two axes or more.
    pub fn build<M: Module>(&self, module: &M) -> ModuleOptimizer {
        let matrices = ParamGroup::from_ids(matrices(module));
        match self {
            Optimizer::Sgd {
                momentum,
                weight_decay,
                ..
            } => {
                let make = |decay: Option<WeightDecayConfig>| {
                    let momentum = MomentumConfig {
                        momentum: *momentum,
                        dampening: 0.0,
                        nesterov: false,
                    };
                    SgdConfig::new()
                        .with_momentum(Some(momentum))
                        .with_weight_decay(decay)
                };
                let decay = Some(WeightDecayConfig::new(*weight_decay as f32));
                make(None)
                    .init()
                    .with_group(matrices, make(decay).build(), None)
            }
            Optimizer::Adam {
                beta_1,
                beta_2,
                weight_decay,
                ..
            } => {
                let plain = AdamConfig::new()
                    .with_beta_1(*beta_1 as f32)
                    .with_beta_2(*beta_2 as f32)
                    .with_epsilon(EPSILON);
                let decayed = plain
                    .clone()
                    .with_weight_decay(Some(WeightDecayConfig::new(*weight_decay as f32)));
                plain.init().with_group(matrices, decayed.build(), None)
            }
            Optimizer::AdamW {
                beta_1,
                beta_2,
                weight_decay,
                ..
            } => {
                let make = |decay: f64| {
                    let adam = AdamWConfig::new()
                        .with_beta_1(*beta_1 as f32)
                        .with_beta_2(*beta_2 as f32);
                    adam.with_epsilon(EPSILON).with_weight_decay(decay as f32)
                };
                make(0.0)
                    .init()
                    .with_group(matrices, make(*weight_decay).build(), None)
            }
        }
    }
}

impl std::fmt::Display for Optimizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Optimizer::Sgd {
                learning_rate,
                momentum,
                weight_decay,
            } => {
                write!(
                    f,
                    "sgd(#{{ learning_rate: {learning_rate}, momentum: {momentum}, weight_decay: {weight_decay} }})"
                )
            }
            Optimizer::Adam {
                learning_rate,
                beta_1,
                beta_2,
                weight_decay,
            } => {
                let betas = format!("beta_1: {beta_1}, beta_2: {beta_2}");
                write!(
                    f,
                    "adam(#{{ learning_rate: {learning_rate}, {betas}, weight_decay: {weight_decay} }})"
                )
            }
            Optimizer::AdamW {
                learning_rate,
                beta_1,
                beta_2,
                weight_decay,
            } => {
                let betas = format!("beta_1: {beta_1}, beta_2: {beta_2}");
                write!(
                    f,
                    "adamw(#{{ learning_rate: {learning_rate}, {betas}, weight_decay: {weight_decay} }})"
                )
            }
        }
    }
}

/// The parameters that decay: those of two axes or more.
fn matrices<M: Module>(module: &M) -> Vec<ParamId> {
    #[derive(Default)]
    struct Matrices(Vec<ParamId>);
    impl ModuleVisitor for Matrices {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if D > 1 {
                self.0.push(param.id);
            }
        }
    }
    let mut found = Matrices::default();
    module.visit(&mut found);
    found.0
}
