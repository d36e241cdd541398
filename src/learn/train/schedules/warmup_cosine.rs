//! A rise, then half a cosine.

use super::super::schedule::{Curve, EACH, Each, ScheduleDeclaration};
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Preset};
use std::f64::consts::PI;
use std::sync::Arc;

/// A linear rise over `w` steps, `(s + 1) / w`; then `(1 + cos(pi (s - w) / (T - w))) / 2` between peak and floor
/// (Loshchilov and Hutter, "SGDR", 2017, without restarts); or as other libraries count steps: see [`Variant`].
pub(in super::super) static WARMUP_COSINE: ScheduleDeclaration = ScheduleDeclaration {
    name: "warmup_cosine",
    about: "Describes a learning rate that rises linearly, then falls along half a cosine. Libraries \
        count steps in other ways: `bolts` is LinearWarmupCosineAnnealingLR of Lightning Bolts, \
        whose first step has a rate of 0; `lightly` is CosineWarmupScheduler of lightly, which \
        reaches its floor at the last step; `patch_mix` is the fall of Patch-Mix's code, an epoch \
        ahead.",
    citation: "Loshchilov & Hutter, 2017",
    parameters: &[
        Parameter::option(
            "warmup_epochs",
            Kind::Number {
                low: 0.0,
                high: f64::INFINITY,
            },
            DefaultValue::Number(5.0),
            "epochs of the rise; 0 for `patch_mix`",
        ),
        Parameter::option(
            "floor",
            Kind::Number {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.0),
            "share of the peak that is left at the end; 0.001 for `lightly` and `patch_mix`",
        ),
        Parameter::option(
            "variant",
            Kind::Preset(PRESETS),
            DefaultValue::Word("standard"),
            "whose way of counting",
        ),
        EACH,
    ],
    facts: (),
    example: "assert(warmup_cosine() == warmup_cosine(#{ warmup_epochs: 5 })); \
        print(warmup_cosine(#{ warmup_epochs: 10, variant: \"bolts\" }))",
    build: |settings| {
        Ok(Arc::new(WarmupCosine {
            warmup_epochs: settings.number("warmup_epochs"),
            floor: settings.number("floor"),
            variant: settings.word("variant", &Variant::WORDS),
            each: Each::of(settings),
        }))
    },
};

/// What the variants are published with.
const PRESETS: &[Preset] = &[
    preset("standard", &[]),
    preset("bolts", &[]),
    preset("lightly", &[("floor", DefaultValue::Number(1e-3))]),
    preset(
        "patch_mix",
        &[
            ("floor", DefaultValue::Number(1e-3)),
            ("warmup_epochs", DefaultValue::Number(0.0)),
            ("each", DefaultValue::Word("epoch")),
        ],
    ),
];

const fn preset(name: &'static str, sets: &'static [(&'static str, DefaultValue)]) -> Preset {
    Preset { name, sets }
}

/// How steps are counted, from `s = 0` to `T - 1`, of which `w` rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// `(s + 1) / w`, then `s - w` of `T - w`.
    Standard,
    /// `s / (w - 1)`, then `s - w` of `T - w`.
    Bolts,
    /// `(s + 1) / w`, then `s - w` of `T - w - 1`.
    Lightly,
    /// `(s + 1) / w`, then `s - w + 1` of `T - w`.
    PatchMix,
}

impl Variant {
    const WORDS: [(&'static str, Variant); 4] = [
        ("standard", Variant::Standard),
        ("bolts", Variant::Bolts),
        ("lightly", Variant::Lightly),
        ("patch_mix", Variant::PatchMix),
    ];

    /// The share of the peak at a step of the rise.
    fn risen(self, step: usize, warmup: usize) -> f64 {
        match self {
            Variant::Bolts => step as f64 / (warmup - 1).max(1) as f64,
            _ => (step + 1) as f64 / warmup as f64,
        }
    }

    /// The share of the fall that is done at a step behind the rise.
    fn fallen(self, step: usize, fall: usize) -> f64 {
        match self {
            Variant::Standard | Variant::Bolts => step as f64 / fall.max(1) as f64,
            Variant::Lightly if fall <= 1 => 1.0,
            Variant::Lightly => step as f64 / (fall - 1) as f64,
            Variant::PatchMix => (step + 1) as f64 / fall.max(1) as f64,
        }
    }
}

struct WarmupCosine {
    warmup_epochs: f64,
    floor: f64,
    variant: Variant,
    each: Each,
}

impl Curve for WarmupCosine {
    fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64 {
        let (step, total, an_epoch) = self.each.count(step, total, steps_per_epoch);
        let warmup = (self.warmup_epochs * an_epoch as f64).round() as usize;
        let warmup = warmup.min(total);
        if step < warmup {
            return self.variant.risen(step, warmup);
        }
        let done = self.variant.fallen(step - warmup, total - warmup);
        self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (PI * done).cos())
    }
}
