//! Training: schedules, optimizers, the SimCLR run, checkpoints.

mod checkpoint;
mod history;
mod monitor;
mod optimizer;
mod run;
mod schedule;
mod simclr;

pub use history::{EpochRecord, History};
pub use optimizer::Optimizer;
pub use run::{Event, FitOptions, Run, RunProgress};
pub use schedule::Schedule;
pub use simclr::{Projection, SimClr};
