//! Schedules, one a file.

mod constant;
mod epoch_decay;
mod step_decay;
mod warmup_cosine;

use super::ScheduleDeclaration;

pub(super) use warmup_cosine::WARMUP_COSINE;

/// Every schedule there is, in the order of the reference page.
pub static CATALOGUE: &[&ScheduleDeclaration] = &[
    &constant::CONSTANT,
    &warmup_cosine::WARMUP_COSINE,
    &step_decay::STEP_DECAY,
    &epoch_decay::EPOCH_DECAY,
];
