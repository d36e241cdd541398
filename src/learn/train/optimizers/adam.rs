//! Adam.

use super::super::optimizer::{
    BETA_1, BETA_2, CLIP_NORM, EPSILON, OptimizerDeclaration, Stepping, learning_rate, weight_decay,
};
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
        let decay = WeightDecayConfig::new(settings.number("weight_decay") as f32);
        Stepping::new(settings, move |matrices| {
            let decayed = plain.clone().with_weight_decay(Some(decay.clone()));
            plain.init().with_group(matrices, decayed.build(), None)
        })
    },
};
