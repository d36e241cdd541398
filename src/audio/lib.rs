//! Waveforms on the CPU: files, signal processing, features, augmentation recipes, datasets.
//!
//! Rooms, each importing only from those to its left: `error rng param waveform < io dsp < features synth < augment <
//! dataset plot`. Nothing here knows tensors or scripts.

pub mod augment;
pub mod dataset;
pub mod declare;
pub mod dsp;
mod error;
pub mod expression;
pub mod features;
pub mod io;
mod param;
pub mod plot;
mod rng;
pub mod synth;
mod waveform;

pub use error::Error;
pub use param::Distribution;
pub use rng::{Key, Place, Rng};
pub use waveform::Waveform;
