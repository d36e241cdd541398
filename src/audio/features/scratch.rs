//! Buffers that front-ends work in.

use super::Features;
use crate::dsp::{FftScratch, LANES};

/// Buffers of a front-end, kept by the caller so that no clip allocates.
#[derive(Default)]
pub struct MelScratch {
    pub(super) fft: FftScratch,
    /// Powers of frames side by side.
    pub(super) powers: Vec<[f32; LANES]>,
    /// A channel that was changed before it is cut into frames.
    pub(super) wave: Vec<f32>,
    /// Mel bands on their way to cepstra.
    pub(super) mels: Features,
    /// Logarithms of the energies of frames.
    pub(super) energies: Vec<f32>,
}
