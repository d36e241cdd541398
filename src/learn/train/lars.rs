//! Layer-wise adaptive rates: the step of every tensor in proportion to its own size.

use burn::optim::momentum::{Momentum, MomentumConfig, MomentumState};
use burn::optim::{Adam, AdamConfig, AdamState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// What is called LARS; the differences are in what is left out, clipped, and where the rate enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LarsVariant {
    /// You et al., "Large Batch Training of Convolutional Networks", 2017: tensors of one axis, which are biases and gains,
    /// are neither scaled nor decayed.
    #[default]
    Lars,
    /// Every tensor is scaled and decayed, but one of norm 0, or with a gradient of norm 0, in no step: solo-learn's
    /// default.
    NoExclude,
    /// The factor is at most what brings the rate to 1: LARC, as in solo-learn's recipes for small images.
    LarcClip,
    /// Decay before the norm, and the learning rate inside the momentum: SimCLR's original code.
    SimclrTf,
    /// A gradient scaled as in LARC, of all tensors, for Adam: CLAR's released code.
    AdamLarc,
}

impl LarsVariant {
    /// All of them, with their words.
    pub const ALL: [(LarsVariant, &'static str); 5] = [
        (LarsVariant::Lars, "lars"),
        (LarsVariant::NoExclude, "lars_noexclude"),
        (LarsVariant::LarcClip, "larc_clip"),
        (LarsVariant::SimclrTf, "simclr_tf"),
        (LarsVariant::AdamLarc, "bolts_adam_larc"),
    ];

    /// The trust coefficient that it is published with.
    pub fn trust(self) -> f64 {
        match self {
            LarsVariant::Lars | LarsVariant::NoExclude | LarsVariant::SimclrTf => 1e-3,
            LarsVariant::LarcClip | LarsVariant::AdamLarc => 0.02,
        }
    }
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
    /// `q (g + d p)` with `q = trust |p| / (|g| + d |p| + 1e-8)`, where `otherwise` stands for a norm of 0; nothing is read
    /// back from the device.
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
        momentum: f64,
        nesterov: bool,
        trust: f64,
        weight_decay: f64,
    ) -> Lars {
        let clip = variant == LarsVariant::LarcClip;
        let momentum = MomentumConfig {
            momentum,
            dampening: 0.0,
            nesterov,
        };
        Lars {
            variant,
            momentum: Momentum::new(&momentum),
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

/// Adam on gradients scaled as in LARC. Adam divides slow changes of scale out again, so that the rate alone decides how
/// far a weight moves.
#[derive(Clone)]
pub(super) struct AdamLarc {
    adam: Adam,
    scale: Scale,
}

impl AdamLarc {
    pub(super) fn new(trust: f64, weight_decay: f64) -> AdamLarc {
        AdamLarc {
            adam: AdamConfig::new()
                .with_epsilon(super::optimizer::EPSILON)
                .build(),
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
