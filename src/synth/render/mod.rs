//! Rendering: the numbers of a sound, its control signals, and its samples block by block.
//!
//! Everything is elementary arithmetic that every processor rounds alike, in loops over fixed lanes that the compiler
//! turns into the widest vector instructions there are; nothing is fused or reordered.

mod adjoint;
mod audio;
mod block;
mod control;
mod math;
mod noise;
mod oscillator;
mod plan;
mod playable;
mod sound;
mod state;

pub(crate) use adjoint::gradient_of_raw;
pub(crate) use plan::Plan;
pub(crate) use playable::Playable;
pub(crate) use sound::Scratches;
