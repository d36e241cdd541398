//! Labelled collections of clips: where they lie, how they divide, how they are read.

mod augment_files;
mod cache;
mod clips;
mod describe;
mod esc50;
mod folder;
mod folds;
mod icbhi;
mod icbhi_files;
mod manifest;
mod manifest_row;
mod missing;
mod naming;
mod nsynth;
mod part;
mod sampling;
mod speech_commands;
mod split;
mod spoken_digits;
mod strata;
mod urbansound8k;

pub use augment_files::{
    AugmentFiles, Encoding, Ended, Entry, Event, Plan, Replay, Shard, Summary, failed_name,
    manifest_name, size,
};
pub use cache::Cache;
pub use clips::{Clip, Column, Dataset, Form, Source, Span};
pub use describe::Description;
pub use esc50::esc50;
pub use folder::{FolderNames, GROUP, folder};
pub use folds::FoldOptions;
pub use icbhi::{IcbhiClasses, icbhi};
pub use manifest::{Manifest, manifest};
pub use missing::{Missing, WhenMissing};
pub use naming::{NameFunction, NamePattern, Naming};
pub use nsynth::{NsynthLabel, nsynth};
pub use part::Part;
pub use sampling::{Sampling, Taken};
pub use speech_commands::{Words, speech_commands};
pub use split::{Divided, Split, SplitRule};
pub use spoken_digits::spoken_digits;
pub use urbansound8k::urbansound8k;
