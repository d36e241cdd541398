//! Signal processing on slices of samples.

mod fft;
mod fft_pair;
mod griffin_lim;
mod istft;
mod reader;
mod resample;
mod stft;
mod vocoder;
mod window;

pub use fft::{Fft, FftScratch};
pub use fft_pair::{FftPair, PairScratch};
pub use griffin_lim::{GriffinLimOptions, griffin_lim};
pub use istft::{Istft, IstftScratch};
pub use reader::{Outside, Reader, vary_speed};
pub use resample::{resample, resample_planar};
pub use stft::{PadMode, Stft, StftOptions, n_frames};
pub use vocoder::{PhaseLocking, Vocoder, VocoderScratch};
pub use window::Window;
