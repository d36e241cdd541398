//! Labelled collections of clips: where they lie, how they divide, how they are read.

mod augment_files;
mod cache;
mod clip;
mod clips;
mod describe;
mod duplicates;
mod epoch_order;
mod esc50;
mod fingerprint;
mod folder;
mod folds;
mod form;
mod icbhi;
mod icbhi_files;
mod manifest;
mod manifest_row;
mod missing;
mod naming;
mod nsynth;
mod pack;
mod part;
mod sampling;
mod shards;
mod speech_commands;
mod split;
mod spoken_digits;
mod strata;
mod urbansound8k;
mod whole_groups;

pub use augment_files::{
    AugmentFiles, Encoding, Ended, Entry, Event, Plan, Replay, Shard, Summary, failed_name,
    manifest_name, size,
};
pub use cache::Cache;
pub use clip::{Clip, Column, Source, Span};
pub use clips::Dataset;
pub use describe::Description;
pub use duplicates::Duplicate;
pub use epoch_order::Taken;
pub use esc50::esc50;
pub use fingerprint::{Alike, Fingerprint, alike};
pub use folder::{FolderNames, GROUP, folder};
pub use folds::FoldOptions;
pub use form::Form;
pub use icbhi::{IcbhiClasses, icbhi};
pub use manifest::{Manifest, manifest};
pub use missing::{Missing, WhenMissing};
pub use naming::{NameFunction, NamePattern, Naming};
pub use nsynth::{NsynthLabel, nsynth};
pub use pack::{
    ColumnKind, ColumnValues, Pack, PackFormat, PackedUp, ParquetColumn, ParquetShard, TarShard,
    Vectors, write_vectors,
};
pub use part::Part;
pub use sampling::Sampling;
pub use shards::{Broken, Packed, Reader, ShardOptions, Shards, Share};
pub use speech_commands::{Words, speech_commands};
pub use split::{Divided, Split, SplitRule};
pub use spoken_digits::spoken_digits;
pub use urbansound8k::urbansound8k;
