//! Expressions over samples, such as `tanh(drive * x)`: read once, run on whole blocks.
//!
//! [`Program::new`] reads a text into a tree of nodes that know their place in it, folds what is constant, computes once a
//! row what does not change along it, and makes a flat list of instructions on blocks of samples. Where the expression
//! looks at its own recent output, only what depends on that output is computed sample by sample.
//!
//! All arithmetic is in double precision and nothing is fused or reordered: a sample is the same number on every processor,
//! with any length of block.

mod fault;
mod feedback;
mod function;
mod math;
mod name;
mod parse;
mod program;
#[cfg(test)]
mod random;
mod run;
mod token;
mod tree;
mod vocabulary;

pub use function::functions;
pub use program::Program;
pub use run::{Row, Scratch};
pub use tree::MAX_PAST;
pub use vocabulary::{FEATURES, Variable, Vocabulary, WAVE};
