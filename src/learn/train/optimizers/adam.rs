//! Adam.

use super::super::optimizer::{
    BETA_1, BETA_2, CLIP_NORM, Decays, EPSILON, OptimizerDeclaration, Stepping, learning_rate,
    weight_decay,
};
use super::GROUPS;
use burn::optim::AdamConfig;
use burn::optim::decay::WeightDecayConfig;

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
        let plain = AdamConfig::new()
            .with_beta_1(settings.number("beta_1") as f32)
            .with_beta_2(settings.number("beta_2") as f32)
            .with_epsilon(EPSILON);
        Ok(Stepping::new(settings, Decays::Matrices, move |decay| {
            let decay = (decay > 0.0).then(|| WeightDecayConfig::new(decay as f32));
            plain.clone().with_weight_decay(decay).build()
        }))
    },
};
