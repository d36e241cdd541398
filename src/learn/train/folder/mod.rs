//! The folder of a run, beside its checkpoint: what a person or another program reads.

mod diverged;
mod events;
mod kept;
mod listing;

pub(super) use diverged::keep_batches;
pub(super) use kept::Kept;
pub use listing::{RunFolder, run_folders};
