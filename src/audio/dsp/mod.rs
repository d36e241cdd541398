//! Signal processing on slices of samples.

mod convolve;
mod fft;
mod image_source;
mod resample;
mod stft;
mod window;

pub use convolve::Convolver;
pub use fft::{Fft, FftScratch};
pub use image_source::{SPEED_OF_SOUND, ShoeboxRoom};
pub use resample::resample;
pub use stft::{PadMode, Stft, StftOptions, n_frames};
pub use window::Window;
