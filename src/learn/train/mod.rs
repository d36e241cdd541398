//! Training: one loop for every method, schedules, optimizers, checkpoints.

mod average;
mod checkpoint;
mod choosing;
mod described;
mod earlier;
mod events;
mod fit;
mod fitting;
mod folder;
mod head;
mod history;
mod identity;
mod inputs;
mod joined;
mod method;
pub mod methods;
mod monitor;
mod objective;
mod optimizer;
pub mod optimizers;
mod part;
mod plan;
mod run;
mod schedule;
pub mod schedules;
mod shared_plan;
#[cfg(test)]
mod tests;
mod training;
mod validation;

pub(crate) use average::{follow, still};
pub use described::{AnyMethod, DescribedMethod, MethodDeclaration, MethodFacts};
pub use events::{Event, FitOptions, RunProgress};
pub use folder::{RunFolder, run_folders};
pub use head::LinearHead;
pub use history::{EpochRecord, History, LOSS, spoken};
pub use inputs::Inputs;
pub use method::{Better, Method, Moment, Nothing, Term, Terms};
pub use optimizer::{OPTIMIZER, Optimizer, OptimizerDeclaration, Stepping};
pub use optimizers::LarsVariant;
pub use plan::Plan;
pub use run::{BEST, Chosen, Run};
pub use schedule::{Curve, SCHEDULE, Schedule, ScheduleDeclaration};
pub use training::{TRAINING, Training};
pub use validation::{VALIDATION, Validation};
