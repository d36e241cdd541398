//! Optimizers by description.
//!
//! An optimizer is declared beside its rule, in a file of [`optimizers`](super::optimizers). What all of them have, a
//! learning rate, weight decay and clipping, is declared here once. Weight decay works on matrices and kernels only, never
//! on biases and gains.

use super::optimizers::{Group, Groups, Scaled};
use crate::Error;
use crate::nn::{Weight, is_within, unknown_part, weights_of};
use auricle_audio::declare::{
    ABOVE_ZERO, BELOW_ONE, Declaration, DefaultValue, Described, Inside, Kind, Parameter, Settings,
};
use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An optimizer, without its state. It prints as its source, compares by value, and can stand inside a method.
pub type Optimizer = Described<Stepping, Error>;

/// The declaration of an optimizer.
pub type OptimizerDeclaration = Declaration<Stepping, Error>;

/// What a parameter accepts that is an optimizer.
pub const OPTIMIZER: Kind = Kind::Nested(&Inside {
    what: "an optimizer",
    check: |param, nested| match nested.get::<Optimizer>() {
        Some(_) => Ok(()),
        None => Err(auricle_audio::Error::range(
            param,
            "an optimizer",
            nested.source(),
        )),
    },
});

/// burn's optimizer: the decay of what is in no set, and the sets.
type Rule = dyn Fn(f64, Vec<Set>) -> ModuleOptimizer + Send + Sync;

/// Weights that have a decay and a rate in common.
struct Set {
    ids: Vec<ParamId>,
    weight_decay: f64,
    /// What the learning rate is multiplied by.
    factor: f64,
}

/// Which weights decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decays {
    /// Those of two axes or more: matrices and kernels.
    Matrices,
    /// The optimizer's own rule tells them.
    ByRule,
}

/// What an optimizer does.
#[derive(Clone)]
pub struct Stepping {
    /// Peak learning rate, which the schedule multiplies.
    pub learning_rate: f64,
    /// Largest norm of all gradients together; longer ones are shortened to it.
    clip_norm: Option<f64>,
    weight_decay: f64,
    decays: Decays,
    groups: Groups,
    rule: Arc<Rule>,
}

/// Groups that are no part of a module, each with the error that says so.
pub(super) type Absent = Vec<(String, Error)>;

impl Stepping {
    /// What was given for all optimizers, with burn's optimizer of a weight decay.
    pub(super) fn new<O: burn::optim::Optimizer>(
        settings: &Settings<'_>,
        decays: Decays,
        make: impl Fn(f64) -> O + Send + Sync + 'static,
    ) -> Stepping {
        let rule = move |weight_decay: f64, sets: Vec<Set>| {
            let all: ModuleOptimizer = make(weight_decay).into();
            sets.into_iter().fold(all, |all, set| {
                let own = Scaled {
                    optimizer: make(set.weight_decay),
                    factor: set.factor,
                };
                all.with_group(ParamGroup::from_ids(set.ids), own, None)
            })
        };
        Stepping {
            learning_rate: settings.number("learning_rate"),
            clip_norm: settings.number_if("clip_norm"),
            weight_decay: settings.number("weight_decay"),
            decays,
            groups: settings.inside("groups").cloned().unwrap_or_default(),
            rule: Arc::new(rule),
        }
    }

    /// burn's optimizer for a module: in sets, what has a rate or a decay of its own.
    ///
    /// Groups are looked for by the names of parts of the module, and inside its part `inside`.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Unknown`] for a group that is no part of the module,
    /// [`Error::Range`] if two groups are the same part.
    pub fn build<M: Module>(
        &self,
        module: &M,
        inside: Option<&str>,
    ) -> Result<ModuleOptimizer, Error> {
        let (optimizer, absent) = self.build_for_part(module, inside)?;
        match absent.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(optimizer),
        }
    }

    /// As [`Stepping::build`] for one of several modules that are trained together: with the groups that are no part of
    /// this one, each with the error that says so.
    pub(super) fn build_for_part<M: Module>(
        &self,
        module: &M,
        inside: Option<&str>,
    ) -> Result<(ModuleOptimizer, Absent), Error> {
        let weights = weights_of(module);
        let (groups, absent) = self.resolved(&weights, inside)?;
        // By the place of the group, none for what is in no group; and by whether it decays.
        let mut sets: BTreeMap<(Option<usize>, bool), Vec<ParamId>> = BTreeMap::new();
        for weight in &weights {
            let fits = groups.iter().enumerate();
            let fits = fits.filter(|(_, (part, _))| is_within(part, &weight.name));
            let group = fits.max_by_key(|(_, (part, _))| part.len());
            let group = group.map(|(index, _)| index);
            let decays = self.decays == Decays::ByRule || weight.rank > 1;
            sets.entry((group, decays)).or_default().push(weight.id);
        }
        let of_rest = match self.decays {
            Decays::Matrices => 0.0,
            Decays::ByRule => self.weight_decay,
        };
        sets.remove(&(None, self.decays == Decays::ByRule));
        let sets = sets.into_iter().map(|((group, decays), ids)| {
            let own = group.map(|index| groups[index].1).unwrap_or_default();
            let weight_decay = own.weight_decay.unwrap_or(self.weight_decay);
            let rate = own.learning_rate.unwrap_or(self.learning_rate);
            Set {
                ids,
                weight_decay: if decays { weight_decay } else { 0.0 },
                factor: rate / self.learning_rate,
            }
        });
        Ok(((self.rule)(of_rest, sets.collect()), absent))
    }

    /// The groups by the whole names of their parts, and those that are none.
    fn resolved(
        &self,
        weights: &[Weight],
        inside: Option<&str>,
    ) -> Result<(Vec<(String, Group)>, Absent), Error> {
        let mut found: Vec<(String, Group)> = Vec::new();
        let mut absent = Vec::new();
        for (part, group) in self.groups.parts() {
            let is_part = |part: &str| weights.iter().any(|weight| is_within(part, &weight.name));
            let within = inside.map(|inside| format!("{inside}.{part}"));
            let whole = std::iter::once(part.to_owned()).chain(within);
            let Some(whole) = whole.into_iter().find(|whole| is_part(whole)) else {
                let names = weights.iter().map(|weight| weight.name.as_str());
                let inner = names.clone().filter_map(|name| {
                    let inner = name.strip_prefix(inside?)?;
                    inner.strip_prefix('.')
                });
                // The place of a single model says nothing.
                let is_place = inside.is_some_and(|inside| inside.parse::<usize>().is_ok());
                let whole = names.filter(|_| !is_place);
                let error = unknown_part("model", part, whole.chain(inner));
                absent.push((part.to_owned(), error));
                continue;
            };
            if found.iter().any(|(other, _)| *other == whole) {
                let want = "different parts";
                return Err(Error::range("groups", want, format!("`{whole}` twice")));
            }
            found.push((whole, group));
        }
        Ok((found, absent))
    }

    /// The gradients that a step is made of: shortened to the parameter `clip_norm` if all together
    /// are longer.
    pub fn clip<M: Module>(&self, module: &M, gradients: GradientsParams) -> GradientsParams {
        match self.squares(module, &gradients) {
            Some(squares) => self.shorten(module, gradients, squares),
            None => gradients,
        }
    }

    /// The sum of the squares of a module's gradients, `[1]`, where they are to be shortened at all.
    pub(super) fn squares<M: Module>(
        &self,
        module: &M,
        gradients: &GradientsParams,
    ) -> Option<Tensor<1>> {
        self.clip_norm?;
        let mut total = Squares {
            gradients,
            sum: None,
        };
        module.visit(&mut total);
        total.sum
    }

    /// A module's gradients, shortened to `clip_norm` if those of all modules together, whose squares have the sum
    /// `squares`, are longer.
    pub(super) fn shorten<M: Module>(
        &self,
        module: &M,
        gradients: GradientsParams,
        squares: Tensor<1>,
    ) -> GradientsParams {
        let Some(most) = self.clip_norm else {
            return gradients;
        };
        // As PyTorch's `clip_grad_norm_`; nothing is read back from the device.
        let factor = squares.sqrt().add_scalar(1e-6).recip();
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

/// The peak learning rate.
pub(super) const fn learning_rate(default: f64) -> Parameter {
    let about = "peak learning rate, which the schedule multiplies";
    Parameter::option(
        "learning_rate",
        Kind::Number {
            low: ABOVE_ZERO,
            high: f64::INFINITY,
        },
        DefaultValue::Number(default),
        about,
    )
    .always_printed()
}

/// The penalty on matrices and kernels: added to the gradient, but for AdamW the share of the weights that a unit of
/// learning rate removes.
pub(super) const fn weight_decay(default: f64) -> Parameter {
    Parameter::option(
        "weight_decay",
        Kind::Number {
            low: 0.0,
            high: f64::INFINITY,
        },
        DefaultValue::Number(default),
        "penalty on matrices and kernels; biases and gains do not decay",
    )
}

/// The largest norm of gradients.
pub(super) const CLIP_NORM: Parameter = Parameter::option(
    "clip_norm",
    Kind::Number {
        low: ABOVE_ZERO,
        high: f64::INFINITY,
    },
    DefaultValue::Absent,
    "largest norm of all gradients together; longer ones are shortened to it",
);

/// What a share that is kept can be.
const SHARE: Kind = Kind::Number {
    low: 0.0,
    high: BELOW_ONE,
};
/// The share of the last step that is kept.
pub(super) const MOMENTUM: Parameter = Parameter::option(
    "momentum",
    SHARE,
    DefaultValue::Number(0.9),
    "share of the last step that is kept",
);
/// Nesterov's look ahead.
pub(super) const NESTEROV: Parameter = Parameter::option(
    "nesterov",
    Kind::Flag,
    DefaultValue::Flag(false),
    "whether the momentum is looked ahead by one step",
);
/// The decay of Adam's first moment.
pub(super) const BETA_1: Parameter = Parameter::option(
    "beta_1",
    SHARE,
    DefaultValue::Number(0.9),
    "decay of the mean gradient",
);
/// The decay of Adam's second moment.
pub(super) const BETA_2: Parameter = Parameter::option(
    "beta_2",
    SHARE,
    DefaultValue::Number(0.999),
    "decay of the mean squared gradient",
);

/// Added to the root of the second moment, as in PyTorch.
pub(super) const EPSILON: f32 = 1e-8;

/// The momentum that was given.
pub(super) fn momentum(settings: &Settings<'_>) -> MomentumConfig {
    MomentumConfig {
        momentum: settings.number("momentum"),
        dampening: 0.0,
        nesterov: settings.flag("nesterov"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::LarsVariant;
    use super::super::optimizers::CATALOGUE;
    use super::*;
    use auricle_audio::declare::Value;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::{Device, TensorData};

    fn described(name: &str, given: &[(&str, Value)]) -> Optimizer {
        let declaration = OptimizerDeclaration::find(CATALOGUE, "optimizer", name).unwrap();
        let given = given.iter().cloned();
        let given = given.map(|(name, value)| (name.to_owned(), value));
        declaration.with(given).unwrap()
    }

    fn number(number: f64) -> Value {
        Value::Drawn(number.into())
    }

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
        let after = read(
            &optimizer
                .build(&layer, None)
                .unwrap()
                .step(rate, layer, gradients),
        );
        (after.0 - before.0, after.1 - before.1)
    }

    #[test]
    fn all_gradients_together_are_clipped_to_a_norm() {
        let sgd = |clip_norm: Option<f64>| {
            let mut given = vec![
                ("momentum", number(0.0)),
                ("learning_rate", number(1.0)),
                ("weight_decay", number(0.0)),
            ];
            given.extend(clip_norm.map(|norm| ("clip_norm", number(norm))));
            described("sgd", &given)
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
    fn every_optimizer_moves_against_the_gradient_and_goes_to_json_and_back() {
        for declaration in CATALOGUE {
            let optimizer = declaration
                .with([("learning_rate".into(), number(0.5))])
                .unwrap();
            let (weight, bias) = moved(&optimizer);
            assert!(weight < 0.0 && bias < 0.0, "{optimizer}: {weight}, {bias}");
            let json = optimizer.to_json();
            let again = Optimizer::from_json(CATALOGUE, "optimizer", &json, |_, _| Ok(None));
            assert_eq!(again.unwrap(), optimizer);
        }
    }

    #[test]
    fn what_lars_remembers_survives_being_written() {
        for (word, _) in LarsVariant::WORDS {
            let lars = described(
                "lars",
                &[
                    ("variant", Value::Word(word.into())),
                    ("learning_rate", number(0.5)),
                    ("weight_decay", number(1e-4)),
                ],
            );
            let (start, _) = layer();
            let (weight, bias) = (start.weight.id, start.bias.as_ref().unwrap().id);
            let gradients = || {
                let mut gradients = GradientsParams::new();
                gradients.register::<2>(weight, Tensor::full([2, 1], 3.0, &Device::flex()));
                gradients.register::<1>(bias, Tensor::full([1], 3.0, &Device::flex()));
                gradients
            };
            let mut built = lars.build(&start, None).unwrap();
            let once = built.step(0.5, start.clone(), gradients());
            let bytes = built.into_bytes().unwrap();
            let mut again = lars.build(&start, None).unwrap().from_bytes(bytes).unwrap();
            let read = |layer: Linear| layer.weight.val().into_data();
            let went_on = read(built.step(0.5, once.clone(), gradients()));
            let came_back = read(again.step(0.5, once, gradients()));
            assert_eq!(went_on, came_back, "{word}");
        }
    }

    #[test]
    fn optimizers_print_as_they_are_written() {
        let lars = described(
            "lars",
            &[
                ("variant", Value::Word("larc_clip".into())),
                ("nesterov", Value::Flag(true)),
                ("clip_norm", number(1.0)),
                ("learning_rate", number(4.8)),
                // What the variant is published with need not be said.
                ("trust", number(0.02)),
            ],
        );
        let want = "lars(#{ learning_rate: 4.8, clip_norm: 1, nesterov: true, \
            variant: \"larc_clip\" })";
        assert_eq!(lars.to_string(), want);
        let adam = described("adam", &[]);
        assert_eq!(adam.to_string(), "adam(#{ learning_rate: 0.001 })");
    }
}
