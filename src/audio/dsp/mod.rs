//! Signal processing on slices of samples.

mod air;
mod biquad;
mod butterworth;
mod cascade;
mod fft;
mod loudness;
mod percentile;
mod resample;
mod stft;
mod window;
mod zero_phase_fir;

pub use air::Air;
pub use biquad::{Biquad, cycles};
pub use butterworth::Butterworth;
pub use cascade::{Cascade, Memory, Start};
pub use fft::{Fft, FftScratch};
pub use loudness::loudness_lufs;
pub use percentile::percentile;
pub use resample::resample;
pub use stft::{PadMode, Stft, StftOptions, n_frames};
pub use window::Window;
pub use zero_phase_fir::filter_zero_phase;
