//! Training by steps of one's own: models that live in a script, and what a loop over them needs.
//!
//! A run owns its loop. Here the loop is the caller's: [`Batches`] says what it goes over and
//! [`Stream`] makes that ahead, a [`Trainer`] turns gradients into steps of the models that it
//! trains, and a [`Journal`] keeps the figures of the steps as a history.

mod batches;
mod journal;
#[cfg(test)]
mod tests;
mod trainer;

pub use batches::{Batches, Place, Stream};
pub use journal::{Journal, Shape};
pub use trainer::Trainer;
