//! Rendering: the numbers of a sound, its control signals, and its samples block by block.
//!
//! Everything is elementary arithmetic that every processor rounds alike, in loops over fixed lanes that the compiler
//! turns into the widest vector instructions there are; nothing is fused or reordered.

mod adjoint;
mod audio;
mod batch;
mod block;
mod control;
mod math;
mod noise;
mod oscillator;
mod plan;
mod sound;
mod state;

pub use batch::Playback;
pub(crate) use batch::Scratches;
pub(crate) use plan::Plan;
