//! One shard, opened: what is kept of it all the time, and how its clips are read.

use super::Broken;
use super::index::{By, Index, NONE};
use super::indexing::index_of;
use super::places::Layout;
use crate::Error;
use crate::dataset::Cache;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What is kept of a shard all the time.
pub(super) struct ShardFile {
    pub(super) path: PathBuf,
    pub(super) layout: Layout,
    pub(super) n_bytes: u64,
    changed: Option<SystemTime>,
    pub(super) n: u64,
    /// Which class each of the shard's own is.
    pub(super) classes: Vec<u32>,
    /// Clips of each of them.
    pub(super) counts: Vec<u64>,
    pub(super) digests: [u64; 2],
}

impl ShardFile {
    /// Opens a shard; its index is not kept, for there may be many.
    pub(super) fn read(
        path: &Path,
        by: &By,
        cache: Option<&Cache>,
    ) -> Result<(ShardFile, Own), Error> {
        let metadata = path.metadata().map_err(|error| gone(path, &error))?;
        // Its name was looked at when it was found.
        let layout = Layout::of(path).unwrap_or(Layout::Tar);
        let index = index_of(path, layout, by, cache)?;
        let mut counts = vec![0; index.classes.len()];
        let labels = index.labels.iter().filter(|label| **label != NONE);
        labels.for_each(|&label| counts[label as usize] += 1);
        let file = ShardFile {
            path: path.to_owned(),
            layout,
            n_bytes: metadata.len(),
            changed: metadata.modified().ok(),
            n: index.len() as u64,
            classes: Vec::new(),
            counts,
            digests: index.digests(),
        };
        let mut lost = Broken::default();
        lost.add_lost(path, &index.lost, index.n_lost);
        let own = Own {
            occurring: index.classes,
            declared: index.all_classes,
            lost,
        };
        Ok((file, own))
    }

    /// Finds the shard's classes among all.
    pub(super) fn place(
        &mut self,
        own: &[String],
        classes: &[String],
        given: bool,
    ) -> Result<(), Error> {
        let place = |label: &String| {
            let known = classes.iter().position(|class| class == label);
            let number = || {
                let number = label.parse().ok();
                number.filter(|&n: &usize| given && n < classes.len())
            };
            let unknown = || Error::Unknown {
                owner: format!("`{}`, by its labels,", self.path.display()),
                kind: "class",
                got: label.clone(),
                known: classes.to_vec(),
            };
            let found = known.or_else(number).ok_or_else(unknown);
            found.map(|class| class as u32)
        };
        self.classes = own.iter().map(place).collect::<Result<_, Error>>()?;
        Ok(())
    }

    /// Checks that the file is the one that was opened.
    pub(super) fn check(&self) -> Result<(), Error> {
        let metadata = self.path.metadata();
        let metadata = metadata.map_err(|error| gone(&self.path, &error))?;
        match metadata.len() == self.n_bytes && metadata.modified().ok() == self.changed {
            true => Ok(()),
            false => {
                let hint = "open the shards again";
                let reason = "the shard has changed since it was opened";
                Err(Error::file_with_hint(&self.path, reason, hint))
            }
        }
    }

    /// Reads the sounds of some rows; nothing where there is none.
    pub(super) fn sounds(
        &self,
        index: &Index,
        by: &By,
        rows: Range<usize>,
    ) -> Result<Vec<Option<Arc<[u8]>>>, Error> {
        match self.layout {
            Layout::Tar => super::tar::read(&self.path, index, rows),
            Layout::Parquet => super::parquet::read(&self.path, by, rows),
        }
    }

    pub(super) fn columns(
        &self,
        index: &Index,
        by: &By,
        row: usize,
    ) -> Result<Vec<(String, String)>, Error> {
        match self.layout {
            Layout::Tar => super::tar::columns(&self.path, index, row),
            Layout::Parquet => super::parquet::columns(&self.path, by, row),
        }
    }
}

fn gone(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::file(path, "the shard is not there"),
        _ => Error::file(path, error),
    }
}

/// What a shard says of its own classes, and what it has lost.
pub(super) struct Own {
    pub(super) occurring: Vec<String>,
    /// All in order, where the shard says them.
    pub(super) declared: Option<Vec<String>>,
    pub(super) lost: Broken,
}

/// The classes in order: those that were given, those that all shards declare, or those that occur.
pub(super) fn classes(given: &[String], shards: &[Own]) -> Vec<String> {
    if !given.is_empty() {
        return given.to_vec();
    }
    let occurring: BTreeSet<&String> = shards.iter().flat_map(|own| &own.occurring).collect();
    let declared = shards.first().and_then(|own| own.declared.as_ref());
    if let Some(names) = declared
        && shards.iter().all(|own| own.declared.as_ref() == declared)
        && occurring.iter().all(|label| names.contains(label))
    {
        return names.clone();
    }
    let mut classes: Vec<String> = occurring.into_iter().cloned().collect();
    // Classes that are numbers stand in their order, not in that of their digits.
    let number = |name: &String| name.parse::<f64>().ok().filter(|n| n.is_finite());
    if classes.iter().all(|name| number(name).is_some()) {
        classes
            .sort_by(|a, b| f64::total_cmp(&number(a).unwrap_or(0.0), &number(b).unwrap_or(0.0)));
    }
    classes
}
