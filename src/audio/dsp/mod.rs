//! Signal processing on slices of samples.

mod air;
mod biquad;
mod butterworth;
mod cascade;
mod convolve;
mod fft;
mod fft_pair;
mod griffin_lim;
mod image_source;
mod istft;
mod loudness;
mod percentile;
mod reader;
mod resample;
mod stft;
mod vocoder;
mod window;
mod zero_phase_fir;

pub use air::Air;
pub use biquad::{Biquad, cycles};
pub use butterworth::Butterworth;
pub use cascade::{Cascade, Memory, Start};
pub use convolve::Convolver;
pub use fft::{Fft, FftScratch};
pub use fft_pair::{FftPair, PairScratch};
pub use griffin_lim::{GriffinLimOptions, griffin_lim};
pub use image_source::{SPEED_OF_SOUND, ShoeboxRoom};
pub use istft::{Istft, IstftScratch};
pub use loudness::loudness_lufs;
pub use percentile::percentile;
pub use reader::{Outside, Reader, vary_speed};
pub use resample::{resample, resample_planar};
pub use stft::{FrameExtent, FrameOptions, PadMode, Stft, StftOptions, n_frames};
pub use vocoder::{PhaseLocking, Vocoder, VocoderScratch};
pub use window::Window;
pub use zero_phase_fir::filter_zero_phase;
