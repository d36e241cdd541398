//! The folder of a run, beside its checkpoint: what a person or another program reads.

mod diverged;
mod events;
mod held;
mod kept;
mod listing;
mod seen;

pub(super) use diverged::keep_batches;
pub(super) use held::Held;
pub(super) use kept::Kept;
pub use listing::{RunFolder, run_folders};
pub(super) use seen::first_views;
