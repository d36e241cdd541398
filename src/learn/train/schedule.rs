//! Learning rates over a training run, by description.
//!
//! A schedule is declared beside its curve, in a file of [`schedules`](super::schedules).

use crate::Error;
use auricle_audio::declare::{Declaration, Described, Inside, Kind};
use std::sync::Arc;

/// A schedule. It prints as its source, compares by value, and can stand inside a method.
pub type Schedule = Described<Arc<dyn Curve>, Error>;

/// The declaration of a schedule.
pub type ScheduleDeclaration = Declaration<Arc<dyn Curve>, Error>;

/// What a parameter accepts that is a schedule.
pub const SCHEDULE: Kind = Kind::Nested(&Inside {
    what: "a schedule",
    check: |param, nested| match nested.get::<Schedule>() {
        Some(_) => Ok(()),
        None => Err(auricle_audio::Error::range(
            param,
            "a schedule",
            nested.source(),
        )),
    },
});

/// How the learning rate moves.
pub trait Curve: Send + Sync {
    /// The factor of the optimizer's own rate at a step of `total`, from 0; never 0 at the first.
    fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64;
}
