//! Stochastic gradient descent.

use super::super::optimizer::{
    CLIP_NORM, MOMENTUM, NESTEROV, OptimizerDeclaration, Stepping, learning_rate, momentum,
    weight_decay,
};
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
        MOMENTUM,
        NESTEROV,
    ],
    facts: (),
    example: "assert(sgd(#{ nesterov: true }) != sgd()); \
        print(sgd(#{ learning_rate: 0.3, clip_norm: 1 }))",
    build: |settings| {
        let momentum = momentum(settings);
        let decay = settings.number("weight_decay") as f32;
        Stepping::new(settings, move |matrices| {
            let make = |decay: Option<WeightDecayConfig>| {
                SgdConfig::new()
                    .with_momentum(Some(momentum.clone()))
                    .with_weight_decay(decay)
            };
            let decayed = make(Some(WeightDecayConfig::new(decay)));
            make(None)
                .init()
                .with_group(matrices, decayed.build(), None)
        })
    },
};
