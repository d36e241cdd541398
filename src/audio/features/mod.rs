//! Time-frequency features of a sound.

mod log_mel;
mod mel_scale;
mod statistics;
mod tensor;

pub use log_mel::{Compression, LogMel, MelOptions, MelScratch, Reference};
pub use mel_scale::{MelNorm, MelScale, filter_bank};
pub use statistics::band_statistics;
pub use tensor::Features;
