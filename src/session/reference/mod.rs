//! The reference pages: the whole language as files to look at, made from the declarations.
//!
//! An index with a search, a page for every stage with what it does to a sound, seen and heard, and a page for every other
//! topic. Examples are run while the pages are written. Nothing in them reaches for the network.

mod index;
mod layout;
mod output;
mod pages;
mod parallel;
mod search;
mod settings;
mod sound;
mod stage;
mod topic;

#[cfg(test)]
mod tests;

pub use pages::write_reference;
