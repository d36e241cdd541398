//! Training: schedules, optimizers, the SimCLR run, checkpoints.

mod checkpoint;
mod history;
mod lars;
mod monitor;
mod optimizer;
mod run;
mod schedule;
mod simclr;

pub use history::{EpochRecord, History};
pub use lars::LarsVariant;
pub use optimizer::{Optimizer, Rule};
pub use run::{Event, FitOptions, Run, RunProgress};
pub use schedule::Schedule;
pub use simclr::{Projection, SimClr};
