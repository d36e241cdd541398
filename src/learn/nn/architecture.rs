//! Encoders by name and options, without weights.

use super::ResNet18Options;
use auricle_audio::augment::Domain;
use serde::{Deserialize, Serialize};

/// What an encoder is, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Architecture {
    /// ResNet-18 over spectrograms.
    ResNet18(ResNet18Options),
}

impl Architecture {
    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        match self {
            Architecture::ResNet18(options) => options.fc.unwrap_or(8 * options.width),
        }
    }

    /// Channels that its input must have.
    pub fn channels(&self) -> usize {
        match self {
            Architecture::ResNet18(options) => options.channels,
        }
    }

    /// What it reads: waves or features.
    pub fn domain(&self) -> Domain {
        match self {
            Architecture::ResNet18(_) => Domain::Features,
        }
    }
}

impl std::fmt::Display for Architecture {
    /// Writes the source that builds it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Architecture::ResNet18(ResNet18Options {
                width, channels, ..
            }) => {
                write!(f, "resnet18(#{{ width: {width}, channels: {channels} }})")
            }
        }
    }
}
