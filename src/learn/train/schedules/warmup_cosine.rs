//! A rise, then half a cosine.

use super::super::schedule::{Curve, ScheduleDeclaration};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use std::f64::consts::PI;
use std::sync::Arc;

/// A linear rise over `w` steps, `(s + 1) / w`; then `(1 + cos(pi (s - w) / (T - w))) / 2` between peak and floor
/// (Loshchilov and Hutter, "SGDR", 2017, without restarts).
pub(in super::super) static WARMUP_COSINE: ScheduleDeclaration = ScheduleDeclaration {
    name: "warmup_cosine",
    about: "Describes a learning rate that rises linearly, then falls along half a cosine.",
    citation: "",
    parameters: &[
        Parameter::option(
            "warmup_epochs",
            Kind::Number {
                low: 0.0,
                high: f64::INFINITY,
            },
            DefaultValue::Number(5.0),
            "epochs of the rise",
        ),
        Parameter::option(
            "floor",
            Kind::Number {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.0),
            "share of the peak that is left at the end",
        ),
    ],
    facts: (),
    example: "assert(warmup_cosine() == warmup_cosine(#{ warmup_epochs: 5 })); \
        print(warmup_cosine(#{ warmup_epochs: 10 }))",
    build: |settings| {
        Ok(Arc::new(WarmupCosine {
            warmup_epochs: settings.number("warmup_epochs"),
            floor: settings.number("floor"),
        }))
    },
};

struct WarmupCosine {
    warmup_epochs: f64,
    floor: f64,
}

impl Curve for WarmupCosine {
    fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64 {
        let warmup = (self.warmup_epochs * steps_per_epoch as f64).round() as usize;
        let warmup = warmup.min(total);
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        let done = (step - warmup) as f64 / (total - warmup).max(1) as f64;
        self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (PI * done).cos())
    }
}
