//! What supplies a model with batches, and the threads that make them ahead.
//!
//! The loop, its methods and `data.batches` read a [`Supply`] and know nothing else of the data. Clips are
//! the first one; a supply that makes its sounds itself is another.

mod clips;
mod loader;
mod moments;
mod pairs;
mod shards;
mod stack;
mod supply;
#[cfg(test)]
pub(crate) mod tones;
mod workers;

pub use clips::measure;
pub use loader::{Feed, Loader};
pub use moments::Moments;
pub use pairs::Pairs;
pub use stack::{prepared, stack};
pub use supply::{Cut, Maker, Preparation, Supply};
pub use workers::{Stop, Workers};
