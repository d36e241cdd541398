//! Signal processing on slices of samples.

mod biquad;
mod butterworth;
mod cascade;
mod fft;
mod percentile;
mod resample;
mod stft;
mod window;

pub use biquad::{Biquad, cycles};
pub use butterworth::Butterworth;
pub use cascade::{Cascade, Memory, Start};
pub use fft::{Fft, FftScratch};
pub use percentile::percentile;
pub use resample::resample;
pub use stft::{PadMode, Stft, StftOptions, n_frames};
pub use window::Window;
