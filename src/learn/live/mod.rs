//! Training by steps of one's own: models that live in a script, and what a loop over them needs.
//!
//! A run owns its loop. Here the loop is the caller's: [`Batches`] says what it goes over and
//! [`Stream`] makes that ahead, a [`Trainer`] turns gradients into steps of the models that it
//! trains, an [`Average`] follows a model, and a [`Journal`] keeps the figures of the steps as a
//! history.

mod average;
mod batches;
mod journal;
mod part;
#[cfg(test)]
mod part_tests;
#[cfg(test)]
mod tests;
mod trainer;

pub use average::Average;
pub use batches::{Batches, Place, Stream};
pub use journal::{Journal, Shape};
pub use part::Part;
pub use trainer::Trainer;
