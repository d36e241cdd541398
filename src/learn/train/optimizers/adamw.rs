//! AdamW.

use super::super::optimizer::{
    BETA_1, BETA_2, CLIP_NORM, Decays, EPSILON, OptimizerDeclaration, Stepping, learning_rate,
    weight_decay,
};
use super::GROUPS;
use super::one_pass::Moments;
use crate::nn::is_on_host;
use burn::optim::{AdamWConfig, AdamWState, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
pub(super) static ADAMW: OptimizerDeclaration = OptimizerDeclaration {
    name: "adamw",
    about: "Describes Adam with decoupled weight decay.",
    citation: "Loshchilov & Hutter, 2019",
    parameters: &[
        learning_rate(1e-3),
        weight_decay(1e-2),
        CLIP_NORM,
        GROUPS,
        BETA_1,
        BETA_2,
    ],
    facts: (),
    example: "assert(adamw() != adamw(#{ weight_decay: 0 })); print(adamw())",
    build: |settings| {
        let moments = Moments {
            beta_1: settings.number("beta_1") as f32,
            beta_2: settings.number("beta_2") as f32,
            epsilon: EPSILON,
            decay: 0.0,
        };
        let plain = AdamWConfig::new()
            .with_beta_1(moments.beta_1)
            .with_beta_2(moments.beta_2)
            .with_epsilon(EPSILON);
        Ok(Stepping::new(settings, Decays::Matrices, move |decay| {
            AdamW {
                moments,
                decay: f64::from(decay as f32),
                elsewhere: plain.clone().with_weight_decay(decay as f32).build(),
            }
        }))
    },
};

/// AdamW, in one pass where the device has that.
#[derive(Clone)]
struct AdamW {
    moments: Moments,
    decay: f64,
    elsewhere: burn::optim::AdamW,
}

impl Optimizer for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        if !is_on_host(&weight) {
            return self.elsewhere.step(rate, weight, gradient, state);
        }
        let state = state.map(|state| state.momentum);
        let keep = 1.0 - rate * self.decay;
        let (weight, state) = self.moments.step(rate, keep, weight, gradient, state);
        (weight, Some(AdamWState::new(state)))
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        burn::optim::AdamW::to_device(state, device)
    }
}
