//! Layer-wise adaptive rates: the step of every tensor in proportion to its own size.

use super::super::optimizer::{
    CLIP_NORM, Decays, EPSILON as ADAMS_EPSILON, MOMENTUM, NESTEROV, OptimizerDeclaration,
    Stepping, learning_rate, momentum, weight_decay,
};
use super::GROUPS;
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter, Preset};
use burn::optim::momentum::{Momentum, MomentumConfig, MomentumState};
use burn::optim::{Adam, AdamConfig, AdamState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

/// LARS (You et al., 2017), or what goes by its name. What decays is told by its axes in the rule itself.
pub(super) static LARS: OptimizerDeclaration = OptimizerDeclaration {
    name: "lars",
    about: "Describes LARS, for large batches: the step of every tensor in proportion to its own \
        size. Biases and gains are neither scaled nor decayed, but by `lars_noexclude`. \
        `larc_clip` keeps the rate of a tensor at 1 at most; `simclr_tf` has the learning rate \
        inside the momentum; `bolts_adam_larc` is Adam on scaled gradients, as CLAR was trained, \
        where momentum and Nesterov do nothing.",
    citation: "You et al., 2017",
    parameters: &[
        learning_rate(0.3),
        weight_decay(1e-6),
        CLIP_NORM,
        GROUPS,
        MOMENTUM,
        NESTEROV,
        Parameter::option(
            "trust",
            Kind::Number {
                low: ABOVE_ZERO,
                high: f64::INFINITY,
            },
            DefaultValue::Number(1e-3),
            "length of a step over the length of the tensor, at a learning rate of 1; 0.02 for \
                `larc_clip` and `bolts_adam_larc`, which are published with it",
        ),
        Parameter::option(
            "variant",
            Kind::Preset(PRESETS),
            DefaultValue::Word("lars"),
            "which of the rules that go by this name",
        ),
    ],
    facts: (),
    example: "assert(lars(#{ learning_rate: 4.8 }) == lars(#{ learning_rate: 4.8, trust: 0.001 }))",
    build: |settings| {
        let variant = settings.word("variant", &LarsVariant::WORDS);
        let trust = settings.number("trust");
        if variant == LarsVariant::AdamLarc {
            return Ok(Stepping::new(settings, Decays::ByRule, move |decay| {
                let adam = AdamConfig::new().with_epsilon(ADAMS_EPSILON).build();
                AdamLarc::new(adam, trust, decay)
            }));
        }
        let momentum = momentum(settings);
        Ok(Stepping::new(settings, Decays::ByRule, move |decay| {
            Lars::new(variant, &momentum, trust, decay)
        }))
    },
};

/// The trust coefficients that the variants are published with.
const PRESETS: &[Preset] = &[
    preset("lars", &[]),
    preset("lars_noexclude", &[]),
    preset("larc_clip", LARC_TRUST),
    preset("simclr_tf", &[]),
    preset("bolts_adam_larc", LARC_TRUST),
];

/// The trust coefficient of LARC.
const LARC_TRUST: &[(&str, DefaultValue)] = &[("trust", DefaultValue::Number(0.02))];

const fn preset(name: &'static str, sets: &'static [(&'static str, DefaultValue)]) -> Preset {
    Preset { name, sets }
}

/// What is called LARS; the differences are in what is left out, clipped, and where the rate
/// enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LarsVariant {
    /// You et al., "Large Batch Training of Convolutional Networks", 2017: tensors of one axis,
    /// which are biases and gains, are neither scaled nor decayed.
    Lars,
    /// Every tensor is scaled and decayed, but one of norm 0, or with a gradient of norm 0, in no
    /// step: solo-learn's default.
    NoExclude,
    /// The factor is at most what brings the rate to 1: LARC, as in solo-learn's recipes for small
    /// images.
    LarcClip,
    /// Decay before the norm, and the learning rate inside the momentum: SimCLR's original code.
    SimclrTf,
    /// A gradient scaled as in LARC, of all tensors, for Adam: CLAR's released code.
    AdamLarc,
}

impl LarsVariant {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, LarsVariant); 5] = [
        ("lars", LarsVariant::Lars),
        ("lars_noexclude", LarsVariant::NoExclude),
        ("larc_clip", LarsVariant::LarcClip),
        ("simclr_tf", LarsVariant::SimclrTf),
        ("bolts_adam_larc", LarsVariant::AdamLarc),
    ];
}

/// Added to the norm in a denominator.
const EPSILON: f64 = 1e-8;

/// What a gradient is multiplied by, and where.
#[derive(Clone)]
struct Scale {
    trust: f64,
    weight_decay: f64,
    clip: bool,
}

impl Scale {
    /// `q (g + d p)` with `q = trust |p| / (|g| + d |p| + 1e-8)`, where `otherwise` stands for a
    /// norm of 0; nothing is read back from the device.
    fn apply<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: &Tensor<D>,
        gradient: Tensor<D>,
        otherwise: Tensor<D>,
    ) -> Tensor<D> {
        let (size, slope) = (norm(tensor), norm(&gradient));
        let fits = size
            .clone()
            .greater_scalar(0.0)
            .bool_and(slope.clone().greater_scalar(0.0));
        let below = slope + size.clone().mul_scalar(self.weight_decay);
        let factor = size.mul_scalar(self.trust) / below.add_scalar(EPSILON);
        let factor = if self.clip {
            factor.div_scalar(rate).clamp_max(1.0)
        } else {
            factor
        };
        let decayed = gradient + tensor.clone().mul_scalar(self.weight_decay);
        let scaled = decayed * factor.unsqueeze();
        let fits = fits.unsqueeze::<D>().expand(scaled.dims());
        otherwise.mask_where(fits, scaled)
    }
}

fn norm<const D: usize>(tensor: &Tensor<D>) -> Tensor<1> {
    tensor.clone().square().sum().sqrt()
}

/// LARS with momentum, for burn; every [`LarsVariant`] but the one for Adam.
#[derive(Clone)]
pub(super) struct Lars {
    variant: LarsVariant,
    momentum: Momentum,
    scale: Scale,
}

impl Lars {
    pub(super) fn new(
        variant: LarsVariant,
        momentum: &MomentumConfig,
        trust: f64,
        weight_decay: f64,
    ) -> Lars {
        let clip = variant == LarsVariant::LarcClip;
        Lars {
            variant,
            momentum: Momentum::new(momentum),
            scale: Scale {
                trust,
                weight_decay,
                clip,
            },
        }
    }

    /// What goes into the momentum.
    fn scaled<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: &Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D> {
        if self.variant == LarsVariant::NoExclude {
            return self.scale.apply(rate, tensor, gradient.clone(), gradient);
        }
        if D == 1 {
            return gradient;
        }
        let decayed = gradient.clone() + tensor.clone().mul_scalar(self.scale.weight_decay);
        if self.variant == LarsVariant::SimclrTf {
            let plain = Scale {
                weight_decay: 0.0,
                ..self.scale.clone()
            };
            return plain.apply(rate, tensor, decayed.clone(), decayed);
        }
        self.scale.apply(rate, tensor, gradient, decayed)
    }
}

impl Optimizer for Lars {
    type State<const D: usize> = MomentumState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<MomentumState<D>>,
    ) -> (Tensor<D>, Option<MomentumState<D>>) {
        // Inside the momentum, a rate that falls does not shorten the steps that are remembered.
        let inside = self.variant == LarsVariant::SimclrTf;
        let (within, without) = if inside { (rate, 1.0) } else { (1.0, rate) };
        let gradient = self.scaled(rate, &tensor, gradient).mul_scalar(within);
        let (step, state) = self.momentum.transform(gradient, state);
        (tensor - step.mul_scalar(without), Some(state))
    }

    fn to_device<const D: usize>(state: MomentumState<D>, device: &Device) -> MomentumState<D> {
        state.to_device(device)
    }
}

/// Adam on gradients scaled as in LARC. Adam divides slow changes of scale out again, so that the
/// rate alone decides how far a weight moves.
#[derive(Clone)]
pub(super) struct AdamLarc {
    adam: Adam,
    scale: Scale,
}

impl AdamLarc {
    pub(super) fn new(adam: Adam, trust: f64, weight_decay: f64) -> AdamLarc {
        AdamLarc {
            adam,
            scale: Scale {
                trust,
                weight_decay,
                clip: true,
            },
        }
    }
}

impl Optimizer for AdamLarc {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        // Gains and biases do not decay, but are scaled.
        let scale = Scale {
            weight_decay: if D == 1 { 0.0 } else { self.scale.weight_decay },
            ..self.scale.clone()
        };
        let decayed = gradient.clone() + tensor.clone().mul_scalar(scale.weight_decay);
        let gradient = scale.apply(rate, &tensor, gradient, decayed);
        self.adam.step(rate, tensor, gradient, state)
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        Adam::to_device(state, device)
    }
}
