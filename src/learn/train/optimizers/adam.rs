//! Adam.

use super::super::optimizer::{
    BETA_1, BETA_2, CLIP_NORM, Decays, EPSILON, OptimizerDeclaration, Stepping, learning_rate,
    weight_decay,
};
use super::GROUPS;
use super::one_pass::Moments;
use crate::nn::is_on_host;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamConfig, AdamState, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam (Kingma and Ba, 2015).
pub(in super::super) static ADAM: OptimizerDeclaration = OptimizerDeclaration {
    name: "adam",
    about: "Describes Adam, with weight decay added to the gradient.",
    citation: "Kingma & Ba, 2015",
    parameters: &[
        learning_rate(1e-3),
        weight_decay(1e-6),
        CLIP_NORM,
        GROUPS,
        BETA_1,
        BETA_2,
    ],
    facts: (),
    example: "assert(adam() == adam(#{ learning_rate: 0.001 })); print(adam())",
    build: |settings| {
        let (beta_1, beta_2) = (settings.number("beta_1"), settings.number("beta_2"));
        Ok(Stepping::new(settings, Decays::Matrices, move |decay| {
            let moments = Moments {
                beta_1: beta_1 as f32,
                beta_2: beta_2 as f32,
                epsilon: EPSILON,
                decay: decay as f32,
            };
            let decay = (decay > 0.0).then(|| WeightDecayConfig::new(decay as f32));
            let elsewhere = AdamConfig::new()
                .with_beta_1(moments.beta_1)
                .with_beta_2(moments.beta_2)
                .with_epsilon(EPSILON)
                .with_weight_decay(decay)
                .build();
            Adam { moments, elsewhere }
        }))
    },
};

/// Adam, in one pass where the device has that.
#[derive(Clone)]
struct Adam {
    moments: Moments,
    elsewhere: burn::optim::Adam,
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        if !is_on_host(&weight) {
            return self.elsewhere.step(rate, weight, gradient, state);
        }
        let state = state.map(|state| state.momentum);
        let (weight, state) = self.moments.step(rate, 1.0, weight, gradient, state);
        (weight, Some(AdamState::new(state)))
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        burn::optim::Adam::to_device(state, device)
    }
}
