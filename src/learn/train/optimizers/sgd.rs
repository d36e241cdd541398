//! Stochastic gradient descent.

use super::super::optimizer::{
    CLIP_NORM, Decays, MOMENTUM, NESTEROV, OptimizerDeclaration, Stepping, learning_rate, momentum,
    weight_decay,
};
use super::GROUPS;
use burn::optim::SgdConfig;
use burn::optim::decay::WeightDecayConfig;

/// Stochastic gradient descent with momentum.
pub(super) static SGD: OptimizerDeclaration = OptimizerDeclaration {
    name: "sgd",
    about: "Describes stochastic gradient descent with momentum.",
    citation: "",
    parameters: &[
        learning_rate(0.1),
        weight_decay(1e-6),
        CLIP_NORM,
        GROUPS,
        MOMENTUM,
        NESTEROV,
    ],
    facts: (),
    example: "assert(sgd(#{ nesterov: true }) != sgd()); \
        print(sgd(#{ learning_rate: 0.3, clip_norm: 1 }))",
    build: |settings| {
        let momentum = momentum(settings);
        Ok(Stepping::new(settings, Decays::Matrices, move |decay| {
            SgdConfig::new()
                .with_momentum(Some(momentum.clone()))
                .with_weight_decay((decay > 0.0).then(|| WeightDecayConfig::new(decay as f32)))
                .build()
        }))
    },
};
