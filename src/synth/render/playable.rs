//! A program that is ready to be played.

use super::Plan;
use crate::program::Program;
use crate::segments::Segments;

/// A program with the rates and the length of its sounds, and what follows from these for all of them: all that rendering
/// knows of a synthesizer.
pub(crate) struct Playable {
    pub(crate) program: Program,
    /// Audio samples per second.
    pub(crate) sample_rate: u32,
    /// Control samples per second.
    pub(crate) control_rate: u32,
    /// Audio samples of a sound.
    pub(crate) n_samples: usize,
    /// Control samples of a sound.
    pub(crate) n_control: usize,
    pub(crate) segments: Segments,
    pub(crate) plan: Plan,
}
