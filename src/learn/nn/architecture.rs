//! What is asked of an encoder, whichever it is.

use super::layers::{Clips, Stack};
use super::{Architecture, Scheme, Summary};
use crate::Error;
use auricle_audio::augment::Domain;
use std::fmt::Display;

/// Bands and frames of a clip whose size nobody says.
const USUAL: [usize; 2] = [64, 96];

impl Architecture {
    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        self.options().dim()
    }

    /// Channels that its input must have; plain layers take any, and say 1.
    pub fn channels(&self) -> usize {
        self.options().channels()
    }

    /// What it reads: waves or features; `None` for plain layers, which read either.
    pub fn domain(&self) -> Option<Domain> {
        self.options().domain()
    }

    /// Name of the one kernel that reads the input, where there is one that may be summed over its channels.
    pub(super) fn stem(&self) -> Option<&'static str> {
        self.options().stem()
    }

    /// How its weights are drawn.
    pub fn scheme(&self) -> Scheme {
        self.options().scheme()
    }

    /// The layers that it consists of, and the clips that they read.
    ///
    /// Built again and given the weights of the encoder, which have the same names, they compute the same numbers.
    ///
    /// # Errors
    /// Only if a layer does not take the encoder's sizes, which would be a bug.
    pub fn stack(&self) -> Result<Stack, Error> {
        self.options().stack()
    }

    /// The axes of a clip that [`Architecture::summary`] takes where sizes are not given: 64 bands and 96 frames, or those
    /// that the positions of a transformer are made for; `samples` of a wave.
    pub fn clip(&self, bands: Option<usize>, frames: Option<usize>, samples: usize) -> Vec<usize> {
        let size = |usual: [usize; 2]| [bands.unwrap_or(usual[0]), frames.unwrap_or(usual[1])];
        let maps = |channels, [bands, frames]: [usize; 2]| vec![channels, bands, frames];
        match self {
            Architecture::ResNet18Waves(options) => vec![options.channels, samples],
            Architecture::Mlp(options) => vec![options.inputs],
            Architecture::Layers(stack) => {
                let [bands, frames] = size(USUAL);
                stack.clip(bands, frames, samples)
            }
            Architecture::Ast(options) => {
                maps(options.channels, size([options.bands, options.frames]))
            }
            other => maps(other.channels(), size(USUAL)),
        }
    }

    /// Its layers for one clip: `[channels, samples]` for networks over waves, else `[channels, bands, frames]`; plain layers
    /// read it laid out in a row.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Misfit`] if the network cannot read such a clip.
    pub fn summary(&self, clip: &[usize]) -> Result<Summary, Error> {
        let stack = self.stack()?;
        let layers = match stack.clips() {
            Clips::Rows { .. } => stack.summary(&[clip.iter().product()])?.layers,
            _ => stack.summary(clip)?.layers,
        };
        Ok(Summary {
            input: clip.to_vec(),
            layers,
        })
    }
}

/// Writes the source that builds it.
impl Display for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self.options(), f)
    }
}
