//! Learning rates over a training run.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How the learning rate moves; all factors of the optimizer's own rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Always the same.
    Constant,
    /// A linear rise over some epochs, then half a cosine down to a share of the peak.
    WarmupCosine {
        /// Epochs of the rise.
        warmup_epochs: f64,
        /// Share of the peak at the end.
        floor: f64,
    },
    /// A drop by a factor at some shares of the run.
    StepDecay {
        /// Where the drops are, as shares of the run.
        milestones: Vec<f64>,
        /// What each drop multiplies by.
        factor: f64,
    },
}

impl Schedule {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for those that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Schedule::WarmupCosine { warmup_epochs, .. }
                if !(*warmup_epochs >= 0.0 && warmup_epochs.is_finite()) =>
            {
                Err(Error::range("warmup_epochs", "at least 0", warmup_epochs))
            }
            Schedule::WarmupCosine { floor, .. } if !(0.0..=1.0).contains(floor) => {
                Err(Error::range("floor", "within 0..1", floor))
            }
            Schedule::StepDecay { milestones, .. }
                if !milestones.iter().all(|m| (0.0..=1.0).contains(m)) =>
            {
                Err(Error::range(
                    "milestones",
                    "shares of the run within 0..1",
                    format!("{milestones:?}"),
                ))
            }
            Schedule::StepDecay { factor, .. } if !(*factor > 0.0 && *factor <= 1.0) => {
                Err(Error::range("factor", "above 0 and at most 1", factor))
            }
            _ => Ok(()),
        }
    }

    /// The factor at a step of `total`, from 0; never 0 at the first.
    ///
    /// Warm-up over `w` steps: `(s + 1) / w`; then `(1 + cos(pi (s - w) / (T - w))) / 2` between peak and floor.
    pub fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::WarmupCosine {
                warmup_epochs,
                floor,
            } => {
                let warmup = ((warmup_epochs * steps_per_epoch as f64).round() as usize).min(total);
                if step < warmup {
                    return (step + 1) as f64 / warmup as f64;
                }
                let done = (step - warmup) as f64 / (total - warmup).max(1) as f64;
                floor + (1.0 - floor) * 0.5 * (1.0 + (PI * done).cos())
            }
            Schedule::StepDecay { milestones, factor } => {
                let passed = milestones
                    .iter()
                    .filter(|&&m| step as f64 >= (m * total as f64).round())
                    .count();
                factor.powi(passed as i32)
            }
        }
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Schedule::Constant => f.write_str("constant()"),
            Schedule::WarmupCosine {
                warmup_epochs,
                floor,
            } => {
                write!(
                    f,
                    "warmup_cosine(#{{ warmup_epochs: {warmup_epochs}, floor: {floor} }})"
                )
            }
            Schedule::StepDecay { milestones, factor } => {
                write!(
                    f,
                    "step_decay(#{{ milestones: {milestones:?}, factor: {factor} }})"
                )
            }
        }
    }
}
