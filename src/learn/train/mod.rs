//! Training: one loop for every method, schedules, optimizers, checkpoints.

mod checkpoint;
mod described;
mod history;
mod lars;
mod methods;
mod monitor;
mod objective;
mod optimizer;
mod plan;
mod run;
mod schedule;
#[cfg(test)]
mod tests;

pub use history::{EpochRecord, History, LOSS};
pub use lars::LarsVariant;
pub use methods::{
    BarlowTwins, Byol, Clar, MoCo, PatchMix, PatchMixObjective, Projection, SimClr, SimSiam,
    Supervised, VicReg,
};
pub use objective::{Method, Moment, Nothing, Term, Terms};
pub use optimizer::{Optimizer, Rule};
pub use plan::Plan;
pub use run::{Event, FitOptions, Run, RunProgress};
pub use schedule::Schedule;
