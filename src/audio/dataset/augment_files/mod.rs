//! Augmenting files: a recipe over many recordings, on several threads or machines, with a record of every draw.
//!
//! What is drawn for a file depends on the seed, its place in the sorted list of inputs and the view, never on threads or
//! on which part of the list a process works on. The parts of a list done by several processes are therefore, file for
//! file and line for line of their manifests, what one process would have made.

mod manifest;
mod plan;
mod run;

pub use manifest::{Entry, manifest_name};
pub use plan::{Plan, Shard};
pub use run::{AugmentFiles, Encoding, Event, Summary};
