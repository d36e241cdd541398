//! Optimizers, one a file.

mod adam;
mod adamw;
mod groups;
mod lars;
mod one_pass;
mod sgd;

use super::OptimizerDeclaration;

pub(super) use adam::ADAM;
pub(super) use groups::{GROUPS, Scaled};
pub use groups::{Group, Groups};
pub use lars::LarsVariant;

/// Every optimizer there is, in the order of the reference page.
pub static CATALOGUE: &[&OptimizerDeclaration] =
    &[&sgd::SGD, &adam::ADAM, &adamw::ADAMW, &lars::LARS];
