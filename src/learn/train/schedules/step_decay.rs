//! Drops at some points of the run.

use super::super::schedule::{Curve, EACH, Each, ScheduleDeclaration};
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// A drop by a factor at some shares of the run.
pub(super) static STEP_DECAY: ScheduleDeclaration = ScheduleDeclaration {
    name: "step_decay",
    about: "Describes a learning rate that drops by a factor at some points of the run.",
    citation: "",
    parameters: &[
        Parameter::option(
            "milestones",
            Kind::Numbers {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Numbers(&[0.6, 0.8]),
            "where it drops, as shares of the run",
        ),
        Parameter::option(
            "factor",
            Kind::Number {
                low: ABOVE_ZERO,
                high: 1.0,
            },
            DefaultValue::Number(0.1),
            "what each drop multiplies by",
        ),
        EACH,
    ],
    facts: (),
    example: "assert(step_decay() == step_decay(#{ milestones: [0.6, 0.8] })); \
        print(step_decay(#{ milestones: [0.5], factor: 0.2 }))",
    build: |settings| {
        Ok(Arc::new(StepDecay {
            milestones: settings.numbers("milestones").to_vec(),
            factor: settings.number("factor"),
            each: Each::of(settings),
        }))
    },
};

struct StepDecay {
    milestones: Vec<f64>,
    factor: f64,
    each: Each,
}

impl Curve for StepDecay {
    fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64 {
        let (step, total, _) = self.each.count(step, total, steps_per_epoch);
        let is_passed = |milestone: f64| step as f64 >= (milestone * total as f64).round();
        let passed = self.milestones.iter().filter(|&&m| is_passed(m)).count();
        self.factor.powi(passed as i32)
    }
}
