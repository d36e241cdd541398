//! Augmenting files: a recipe over many recordings, on several threads or machines, with a record of every draw.
//!
//! What is drawn for a file depends on the seed, its place in the sorted list of inputs and the view, never on threads or
//! on which part of the list a process works on. The parts of a list done by several processes are therefore, file for
//! file and line for line of their manifests, what one process would have made.
//!
//! What is recorded is never lost. A line is added to the journal before the output that it describes gets its name; the
//! journal is only ever added to; and the complete manifest, which is assembled from it and from what was there before, is
//! in its place before the journal goes.

mod encoding;
mod hash;
mod item;
mod job;
mod journal;
mod leftovers;
mod manifest;
mod memory;
mod places;
mod plan;
mod record;
mod records;
mod replay;
mod run;
#[cfg(all(test, unix))]
mod sequences;
mod sources;

pub use encoding::Encoding;
pub use job::AugmentFiles;
pub use manifest::{Entry, failed_name, manifest_name};
pub use memory::size;
pub use plan::{Plan, Shard};
pub use replay::Replay;
pub use run::{Ended, Event, Summary};
