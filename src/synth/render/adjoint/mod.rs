//! Gradients of sounds: what a small change of every raw parameter changes of a number that is computed from the samples.
//!
//! A sound is rendered once more in double precision, by the engine's own loops, with every signal kept ([`tape`]). Then its
//! operations are gone through from the last to the first ([`backward`]), each with a derivative written by hand: the phase of
//! an oscillator is a sum of frequencies, whose derivative is a sum from the other end, and a control signal between its
//! samples is a line, whose derivative is shared among the two. Nothing is recorded sample by sample (Griewank and Walther,
//! "Evaluating Derivatives", 2008, chapter 3, for whole operations in place of elementary ones).

mod audio;
mod backward;
mod control;
mod filter;
mod oscillator;
mod reverse;
mod scalars;
mod tape;
#[cfg(test)]
mod tests;

pub(crate) use backward::gradient_of_raw;
