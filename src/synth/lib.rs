//! Modular synthesizers as expressions: graphs of modules, patches of their free parameters, and their sound in batches.
//!
//! [`Signal`]s are values that functions and operators join into a graph; a [`Synth`] compiles one into a flat
//! [`Program`], [`Patches`] hold its free parameters, and rendering plays them, each sound on its own: the same bytes
//! whatever the batch, the number of threads and the processor. Rooms, each importing only from those to its left:
//! `mapping rate < error program segments < slope assembly render < emitter < module < signal < connection source < modules <
//! compile < synth < patch < sampling torchsynth playback < gradient < corpus coverage outline < drawing < sensitivity <
//! search`.

#[cfg(test)]
mod architecture;
mod assembly;
mod compile;
mod connection;
pub mod corpus;
pub mod coverage;
mod drawing;
mod emitter;
mod error;
mod free_parameter;
mod gradient;
#[cfg(test)]
mod invariance;
mod mapping;
mod module;
pub mod modules;
mod outline;
mod patch;
mod patch_file;
mod patch_iter;
mod playback;
mod program;
mod rate;
#[cfg(test)]
mod reference;
mod render;
mod sampling;
mod search;
mod segments;
mod sensitivity;
mod signal;
mod slope;
mod source;
mod synth;
mod torchsynth;

pub use error::Error;
pub use free_parameter::FreeParameter;
pub use mapping::{Count, Knob, Mapping};
pub use module::{Facts, Module, Output, Port, Wiring};
pub use outline::{Arrow, Outline, OutlineBox};
pub use patch::{Patches, Perturbation, Units};
pub use patch_iter::PatchIter;
pub use playback::Playback;
pub use program::{
    AudioOp, AudioSlot, Burst, ControlOp, ControlSlot, Gain, Note, Pass, Phase, PhaseSlot, Program,
    Scalar, Selection, Source, Step, Weights,
};
pub use rate::Rate;
pub use search::{Distance, Found, SearchOptions};
pub use sensitivity::{Sensitivity, SensitivityOptions};
pub use signal::{Instance, Options, Signal, Signals};
pub use slope::Slope;
pub use synth::{Synth, SynthOptions};
