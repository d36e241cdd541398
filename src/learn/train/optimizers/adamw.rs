//! AdamW.

use super::super::optimizer::{
    BETA_1, BETA_2, CLIP_NORM, Decays, EPSILON, OptimizerDeclaration, Stepping, learning_rate,
    weight_decay,
};
use super::GROUPS;
use burn::optim::AdamWConfig;

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
        let plain = AdamWConfig::new()
            .with_beta_1(settings.number("beta_1") as f32)
            .with_beta_2(settings.number("beta_2") as f32)
            .with_epsilon(EPSILON);
        Ok(Stepping::new(settings, Decays::Matrices, move |decay| {
            plain.clone().with_weight_decay(decay as f32).build()
        }))
    },
};
