//! Optimizers by description.

use super::lars::{AdamLarc, Lars, LarsVariant};
use crate::Error;
use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// An optimizer, without its state. Weight decay works on matrices and kernels only, never on biases and gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// How a step is made of gradients.
    pub rule: Rule,
    /// Peak learning rate, which the schedule multiplies.
    pub learning_rate: f64,
    /// Penalty on matrices and kernels: added to the gradient, but for AdamW the share of the weights that a unit of
    /// learning rate removes.
    pub weight_decay: f64,
    /// Largest norm of all gradients together; longer ones are shortened to it.
    pub clip_norm: Option<f64>,
}

/// How a step is made of gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the momentum is looked ahead by one step (Nesterov).
        nesterov: bool,
    },
    /// Adam (Kingma and Ba, 2015).
    Adam {
        /// Decay of the first moment.
        beta_1: f64,
        /// Decay of the second moment.
        beta_2: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    AdamW {
        /// Decay of the first moment.
        beta_1: f64,
        /// Decay of the second moment.
        beta_2: f64,
    },
    /// LARS (You et al., 2017), or what goes by its name.
    Lars {
        /// Which of its forms.
        variant: LarsVariant,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the momentum is looked ahead by one step.
        nesterov: bool,
        /// Length of a step over the length of the tensor, at a learning rate of 1.
        trust: f64,
    },
}

/// Added to the root of the second moment, as in PyTorch.
pub(super) const EPSILON: f32 = 1e-8;

/// Our choice for small batches on a CPU: Adam at 1e-3.
impl Default for Optimizer {
    fn default() -> Optimizer {
        Optimizer {
            rule: Rule::Adam {
                beta_1: 0.9,
                beta_2: 0.999,
            },
            learning_rate: 1e-3,
            weight_decay: 1e-6,
            clip_norm: None,
        }
    }
}

impl Optimizer {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for those that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(Error::range(name, "above 0", value))
            }
        };
        positive("learning_rate", self.learning_rate)?;
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(Error::range(
                "weight_decay",
                "at least 0",
                self.weight_decay,
            ));
        }
        if let Some(norm) = self.clip_norm {
            positive("clip_norm", norm)?;
        }
        let shares = match &self.rule {
            Rule::Sgd { momentum, .. } => vec![("momentum", *momentum)],
            Rule::Adam { beta_1, beta_2 } | Rule::AdamW { beta_1, beta_2 } => {
                vec![("beta_1", *beta_1), ("beta_2", *beta_2)]
            }
            Rule::Lars {
                momentum, trust, ..
            } => {
                positive("trust", *trust)?;
                vec![("momentum", *momentum)]
            }
        };
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
        let decay = self.weight_decay as f32;
        match &self.rule {
            Rule::Sgd { momentum, nesterov } => {
                let make = |decay: Option<WeightDecayConfig>| {
                    let momentum = MomentumConfig {
                        momentum: *momentum,
                        dampening: 0.0,
                        nesterov: *nesterov,
                    };
                    SgdConfig::new()
                        .with_momentum(Some(momentum))
                        .with_weight_decay(decay)
                };
                let decayed = make(Some(WeightDecayConfig::new(decay)));
                make(None)
                    .init()
                    .with_group(matrices, decayed.build(), None)
            }
            Rule::Adam { beta_1, beta_2 } => {
                let plain = AdamConfig::new()
                    .with_beta_1(*beta_1 as f32)
                    .with_beta_2(*beta_2 as f32)
                    .with_epsilon(EPSILON);
                let decayed = plain
                    .clone()
                    .with_weight_decay(Some(WeightDecayConfig::new(decay)));
                plain.init().with_group(matrices, decayed.build(), None)
            }
            Rule::AdamW { beta_1, beta_2 } => {
                let make = |decay: f32| {
                    let adam = AdamWConfig::new()
                        .with_beta_1(*beta_1 as f32)
                        .with_beta_2(*beta_2 as f32);
                    adam.with_epsilon(EPSILON).with_weight_decay(decay)
                };
                make(0.0)
                    .init()
                    .with_group(matrices, make(decay).build(), None)
            }
            // What decays is told by its axes in the rule itself.
            Rule::Lars {
                variant: LarsVariant::AdamLarc,
                trust,
                ..
            } => AdamLarc::new(*trust, self.weight_decay).into(),
            Rule::Lars {
                variant,
                momentum,
                nesterov,
                trust,
            } => Lars::new(*variant, *momentum, *nesterov, *trust, self.weight_decay).into(),
        }
    }

    /// The gradients that a step is made of: shortened to [`Optimizer::clip_norm`] if all together are longer.
    pub fn clip<M: Module>(&self, module: &M, gradients: GradientsParams) -> GradientsParams {
        let Some(most) = self.clip_norm else {
            return gradients;
        };
        let mut total = Squares {
            gradients: &gradients,
            sum: None,
        };
        module.visit(&mut total);
        let Some(sum) = total.sum else {
            return gradients;
        };
        // As PyTorch's `clip_grad_norm_`; nothing is read back from the device.
        let factor = sum.sqrt().add_scalar(1e-6).recip();
        let mut shorten = Shorten {
            gradients,
            factor: factor.mul_scalar(most).clamp_max(1.0),
        };
        module.visit(&mut shorten);
        shorten.gradients
    }
}

/// Sums the squares of all gradients.
struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

/// Multiplies all gradients.
struct Shorten {
    gradients: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Shorten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let shortened = gradient * self.factor.clone().unsqueeze();
            self.gradients.register::<D>(param.id, shortened);
        }
    }
}

impl std::fmt::Display for Optimizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let betas = |beta_1: f64, beta_2: f64| format!(", beta_1: {beta_1}, beta_2: {beta_2}");
        let ahead = |nesterov: bool| if nesterov { ", nesterov: true" } else { "" };
        let (name, own, after) = match &self.rule {
            Rule::Sgd { momentum, nesterov } => {
                ("sgd", format!(", momentum: {momentum}"), ahead(*nesterov))
            }
            Rule::Adam { beta_1, beta_2 } => ("adam", betas(*beta_1, *beta_2), ""),
            Rule::AdamW { beta_1, beta_2 } => ("adamw", betas(*beta_1, *beta_2), ""),
            Rule::Lars {
                variant,
                momentum,
                nesterov,
                trust,
            } => {
                let words = LarsVariant::ALL.into_iter();
                let word = words
                    .filter(|(other, _)| other == variant)
                    .map(|(_, word)| word);
                let word = word.collect::<String>();
                let own = format!(", momentum: {momentum}, trust: {trust}, variant: {word:?}");
                ("lars", own, ahead(*nesterov))
            }
        };
        let (rate, decay) = (self.learning_rate, self.weight_decay);
        write!(
            f,
            "{name}(#{{ learning_rate: {rate}{own}, weight_decay: {decay}{after}"
        )?;
        if let Some(norm) = self.clip_norm {
            write!(f, ", clip_norm: {norm}")?;
        }
        f.write_str(" })")
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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::{Device, TensorData};

    /// A layer, and the gradients of `3 w . x` at `x = (1, 1)`: 3 in all of two weights and a bias.
    fn layer() -> (Linear, GradientsParams) {
        let device = Device::flex().autodiff();
        let layer: Linear = LinearConfig::new(2, 1).init(&device);
        let x = Tensor::<2>::from_data(TensorData::new(vec![1.0_f32, 1.0], [1, 2]), &device);
        let loss = layer.forward(x).sum().mul_scalar(3.0);
        let gradients = GradientsParams::from_grads(loss.backward(), &layer);
        (layer, gradients)
    }

    fn moved(optimizer: &Optimizer) -> (f64, f64) {
        let (layer, gradients) = layer();
        let gradients = optimizer.clip(&layer, gradients);
        let number = |t: Tensor<1>| t.into_data().iter::<f64>().next().unwrap();
        let read = |layer: &Linear| {
            let bias = layer.bias.as_ref().unwrap().val();
            (number(layer.weight.val().sum()), number(bias.sum()))
        };
        let before = read(&layer);
        let rate = optimizer.learning_rate;
        let after = read(&optimizer.build(&layer).step(rate, layer, gradients));
        (after.0 - before.0, after.1 - before.1)
    }

    #[test]
    fn all_gradients_together_are_clipped_to_a_norm() {
        let sgd = |clip_norm| Optimizer {
            rule: Rule::Sgd {
                momentum: 0.0,
                nesterov: false,
            },
            learning_rate: 1.0,
            weight_decay: 0.0,
            clip_norm,
        };
        // The gradients are (3, 3) and 3: their norm is the root of 27.
        let short = 3.0 / 27.0_f64.sqrt();
        for (clip, want) in [(None, 3.0), (Some(100.0), 3.0), (Some(1.0), short)] {
            let (weight, bias) = moved(&sgd(clip));
            assert!((weight + 2.0 * want).abs() < 1e-5, "{clip:?}: {weight}");
            assert!((bias + want).abs() < 1e-5, "{clip:?}: {bias}");
        }
    }

    #[test]
    fn optimizers_print_as_they_are_written() {
        let lars = Optimizer {
            rule: Rule::Lars {
                variant: LarsVariant::LarcClip,
                momentum: 0.9,
                nesterov: true,
                trust: 0.02,
            },
            learning_rate: 4.8,
            weight_decay: 1e-4,
            clip_norm: Some(1.0),
        };
        let want = "lars(#{ learning_rate: 4.8, momentum: 0.9, trust: 0.02, variant: \"larc_clip\", \
            weight_decay: 0.0001, nesterov: true, clip_norm: 1 })";
        assert_eq!(lars.to_string(), want);
        // The text is in the name of a run's folder: it must stay what it was.
        assert_eq!(
            Optimizer::default().to_string(),
            "adam(#{ learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, weight_decay: 0.000001 })"
        );
    }
}
