//! A corpus that is to be made: whose sounds, how many, and how they are stored.

use crate::{Synth, Units};
use auricle_audio::dataset::{Encoding, Shard};
use std::path::PathBuf;

/// What a corpus is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A file for each sound, and a line of JSON for each in a list beside the folder.
    Files,
    /// Tar files with a sound and its JSON under one key, as WebDataset reads them.
    Tar,
    /// Parquet files with a column `audio` of bytes and path, as Hugging Face reads them, and one for each parameter.
    Parquet,
}

impl Storage {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Storage); 3] = [
        ("files", Storage::Files),
        ("tar", Storage::Tar),
        ("parquet", Storage::Parquet),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        let mut all = Storage::WORDS.iter();
        let found = all.find(|(_, storage)| *storage == self);
        found.map_or("files", |(word, _)| word)
    }
}

/// A corpus that is to be made.
#[derive(Clone)]
pub struct Corpus {
    /// Whose sounds.
    pub synth: Synth,
    /// Number of sounds.
    pub count: u64,
    /// Seed of the patches.
    pub seed: u64,
    /// In which units patches are drawn.
    pub units: Units,
    /// How a sound is encoded.
    pub encoding: Encoding,
    /// What the sounds are stored in.
    pub storage: Storage,
    /// Sounds of a part.
    pub part: u64,
    /// Which of the parts are made.
    pub shard: Shard,
    /// Whether parts that are there stay.
    pub resume: bool,
    /// The folder.
    pub out: PathBuf,
}
