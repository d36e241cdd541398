//! Labelled collections of clips: where they lie, how they divide, how they are read.

mod augment_files;
mod cache;
mod clips;
mod describe;
mod esc50;
mod folder;
mod naming;
mod split;
mod spoken_digits;

pub use augment_files::{
    AugmentFiles, Encoding, Ended, Entry, Event, Plan, Replay, Shard, Summary, failed_name,
    manifest_name, size,
};
pub use cache::Cache;
pub use clips::{Clip, Dataset, Form, Source};
pub use describe::Description;
pub use esc50::esc50;
pub use folder::{FolderNames, GROUP, folder};
pub use naming::{NameFunction, NamePattern, Naming};
pub use split::{Divided, Part, Split, SplitRule};
pub use spoken_digits::spoken_digits;
