//! Signal processing on slices of samples.

mod fft;
mod resample;
mod stft;
mod window;

pub use fft::{Fft, FftScratch};
pub use resample::resample;
pub use stft::{FrameExtent, FrameOptions, PadMode, Stft, StftOptions, n_frames};
pub use window::Window;
