//! Where the clips of a shard lie, and what is known of them without decoding them.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

/// What a shard is read by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct By {
    /// Where the class stands: the ending of a member, a field of its JSON, or a column.
    pub(super) label: Option<String>,
    /// Where the sound stands: the ending of a member, or a column.
    pub(super) audio: Option<String>,
}

/// The clips of a shard. Lists are of one length, a place for each clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    /// What a clip is called: its key, or its path.
    pub(super) names: Vec<String>,
    /// Where it begins: a byte of a tar file, a row of Parquet.
    pub(super) at: Vec<u64>,
    /// Its length in bytes; in Parquet the mean of its row group.
    pub(super) sizes: Vec<u64>,
    /// Where its JSON begins and its length, in a tar file that has some.
    pub(super) about: Vec<(u64, u64)>,
    /// Its class among `classes`; [`NONE`] for none.
    pub(super) labels: Vec<u32>,
    /// The classes that occur.
    pub(super) classes: Vec<String>,
    /// All classes in order, where the shard says so.
    pub(super) all_classes: Option<Vec<String>>,
    /// The first of what is no clip that can be read, and why.
    pub(super) lost: Vec<(String, String)>,
    /// How much of it there is.
    pub(super) n_lost: u64,
}

/// The label of a clip that has none.
pub(super) const NONE: u32 = u32::MAX;

/// Classes of a shard at most, and what is named at most of what is lost.
const MOST_CLASSES: usize = 1 << 16;
const NAMED: usize = 8;

impl Index {
    /// Number of clips.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Adds a clip.
    ///
    /// # Errors
    /// [`Error::File`] for more classes than there can be.
    pub(super) fn add(
        &mut self,
        shard: &Path,
        name: String,
        at: u64,
        size: u64,
        label: Option<String>,
    ) -> Result<(), Error> {
        let label = match label {
            None => NONE,
            Some(label) => match self.classes.iter().rposition(|known| *known == label) {
                Some(known) => known as u32,
                None if self.classes.len() == MOST_CLASSES => {
                    let hint =
                        "name with `label` what the class is; a text of each clip's own is none";
                    let reason = format!("its labels are of more than {MOST_CLASSES} classes");
                    return Err(Error::file_with_hint(shard, reason, hint));
                }
                None => {
                    self.classes.push(label);
                    self.classes.len() as u32 - 1
                }
            },
        };
        self.names.push(name);
        self.at.push(at);
        self.sizes.push(size);
        self.labels.push(label);
        Ok(())
    }

    /// Counts what is no clip that can be read.
    pub(super) fn lose(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        self.n_lost += 1;
        if self.lost.len() < NAMED {
            self.lost.push((what.into(), reason.into()));
        }
    }

    /// A number for the clips, and one for their labels: those of another shard, or of this one after a change, differ.
    pub(super) fn digests(&self) -> [u64; 2] {
        let (mut clips, mut labels) = (Xxh3::new(), Xxh3::new());
        for (row, name) in self.names.iter().enumerate() {
            clips.update(name.as_bytes());
            clips.update(&self.at[row].to_le_bytes());
            clips.update(&self.sizes[row].to_le_bytes());
            let label = self.classes.get(self.labels[row] as usize);
            labels.update(label.map_or("", String::as_str).as_bytes());
            labels.update(&[0]);
        }
        [clips.digest(), labels.digest()]
    }

    /// Whether its lists fit together, as those of a file that was cut short do not.
    pub(super) fn is_whole(&self) -> bool {
        let n = self.len();
        let known = |label: &u32| *label == NONE || (*label as usize) < self.classes.len();
        self.names.len() == n
            && self.sizes.len() == n
            && self.labels.len() == n
            && (self.about.is_empty() || self.about.len() == n)
            && self.labels.iter().all(known)
    }
}
