//! Everything that holds a tensor: batches, encoders, losses, training and evaluation, on burn.
//!
//! Rooms, each importing only from those to its left: `error device tensor batch < feed nn < loss eval synth
//! < train < live`. Nothing here knows scripts. burn panics on wrong shapes, so shapes that come from
//! outside are checked at the door.

pub mod batch;
mod device;
mod error;
pub mod eval;
pub mod feed;
pub mod live;
pub mod loss;
pub mod nn;
mod protobuf;
#[cfg(test)]
mod reference;
pub mod spectra;
pub mod synth;
pub mod tensor;
pub mod train;

pub use burn::tensor::{Device, Gradients, Tensor, TensorData};
pub use device::{device, devices, use_threads};
pub use error::Error;
