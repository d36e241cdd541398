//! Training: one loop for every method, schedules, optimizers, checkpoints.

mod average;
mod checkpoint;
mod described;
mod history;
pub mod methods;
mod monitor;
mod objective;
mod optimizer;
pub mod optimizers;
mod plan;
mod run;
mod schedule;
pub mod schedules;
#[cfg(test)]
mod tests;
mod training;

pub(crate) use average::{follow, still};
pub use described::{AnyMethod, DescribedMethod, MethodDeclaration, MethodFacts};
pub use history::{EpochRecord, History, LOSS};
pub use objective::{Method, Moment, Nothing, Term, Terms};
pub use optimizer::{OPTIMIZER, Optimizer, OptimizerDeclaration, Stepping};
pub use optimizers::LarsVariant;
pub use plan::Plan;
pub use run::{Event, FitOptions, Run, RunProgress};
pub use schedule::{Curve, SCHEDULE, Schedule, ScheduleDeclaration};
pub use training::{TRAINING, Training};
