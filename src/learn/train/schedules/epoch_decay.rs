//! Drops at every epoch, or at every few, from one on.

use super::super::schedule::{Curve, ScheduleDeclaration};
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// A drop by a factor at an epoch and at every one behind it, or at every few.
pub(super) static EPOCH_DECAY: ScheduleDeclaration = ScheduleDeclaration {
    name: "epoch_decay",
    about: "Describes a learning rate that drops by a factor from epoch to epoch, as PyTorch's \
        ExponentialLR; with `every_epochs`, as its StepLR. AST was trained with 0.85 from epoch 5 \
        on, and on AudioSet with 0.5 from epoch 2 on.",
    citation: "Gong et al., 2021, for AST",
    parameters: &[
        Parameter::positional(
            "factor",
            Kind::Number {
                low: ABOVE_ZERO,
                high: 1.0,
            },
            DefaultValue::Number(0.85),
            "what each drop multiplies by",
        ),
        Parameter::option(
            "first_epoch",
            EPOCHS,
            DefaultValue::Number(1.0),
            "epochs before the first drop",
        ),
        Parameter::option(
            "every_epochs",
            EPOCHS,
            DefaultValue::Number(1.0),
            "epochs from drop to drop",
        ),
    ],
    facts: (),
    example: "assert(epoch_decay() == epoch_decay(0.85)); \
        print(epoch_decay(0.5, #{ first_epoch: 2 }))",
    build: |settings| {
        Ok(Arc::new(EpochDecay {
            factor: settings.number("factor"),
            first_epoch: settings.count("first_epoch"),
            every_epochs: settings.count("every_epochs"),
        }))
    },
};

const EPOCHS: Kind = Kind::Count {
    low: 1.0,
    high: f64::INFINITY,
};

struct EpochDecay {
    factor: f64,
    first_epoch: usize,
    every_epochs: usize,
}

impl Curve for EpochDecay {
    fn factor(&self, step: usize, _: usize, steps_per_epoch: usize) -> f64 {
        let epoch = step / steps_per_epoch.max(1);
        let drops = match epoch.checked_sub(self.first_epoch) {
            Some(since) => since / self.every_epochs + 1,
            None => 0,
        };
        self.factor.powi(drops as i32)
    }
}
