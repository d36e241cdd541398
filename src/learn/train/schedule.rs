//! Learning rates over a training run, by description.
//!
//! A schedule is declared beside its curve, in a file of [`schedules`](super::schedules).

use crate::Error;
use auricle_audio::declare::{
    Declaration, DefaultValue, Described, Inside, Kind, Parameter, Settings, words,
};
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

/// What a learning rate moves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    /// Every step has its own rate.
    Step,
    /// All steps of an epoch have the rate of the first.
    Epoch,
}

impl Each {
    const WORDS: [(&'static str, Each); 2] = [("step", Each::Step), ("epoch", Each::Epoch)];

    /// What a declaration with [`EACH`] was given.
    pub(super) fn of(settings: &Settings<'_>) -> Each {
        settings.word("each", &Each::WORDS)
    }

    /// A step, the number of all and that of an epoch, counted in steps or in epochs.
    pub(super) fn count(
        self,
        step: usize,
        total: usize,
        steps_per_epoch: usize,
    ) -> (usize, usize, usize) {
        let an_epoch = steps_per_epoch.max(1);
        match self {
            Each::Step => (step, total, steps_per_epoch),
            Each::Epoch => (step / an_epoch, total.div_ceil(an_epoch), 1),
        }
    }
}

/// What the learning rate moves with.
pub(super) const EACH: Parameter = Parameter::option(
    "each",
    Kind::Word(&words(&Each::WORDS)),
    DefaultValue::Word("step"),
    "whether the rate moves with every \"step\", or with every \"epoch\" and stays within it",
);

/// How the learning rate moves.
pub trait Curve: Send + Sync {
    /// The factor of the optimizer's own rate at a step of `total`, from 0.
    fn factor(&self, step: usize, total: usize, steps_per_epoch: usize) -> f64;
}
