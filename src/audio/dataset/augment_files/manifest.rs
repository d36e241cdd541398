//! The record of what was made: a line of JSON for every view of every input.

use super::Shard;
use crate::Error;
use crate::augment::Trace;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Place of the input in the sorted list of inputs, from 0.
    pub item: u64,
    /// Which view, from 0.
    pub view: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// The input.
    pub source: String,
    /// Length of the input file, bytes: an input that has become another one is seen by it. 0 if there is no such file.
    #[serde(default)]
    pub source_bytes: u64,
    /// The output's path inside the output folder; nothing if it could not be made.
    pub output: Option<String>,
    /// Fingerprint of the recipe and the format of the file.
    pub recipe: String,
    /// Every value that was drawn; with the recipe and the input it repeats the output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace: Option<Trace>,
    /// Why there is no output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// The name of the manifest of a part of the inputs. Sorted by name, the parts are in their order.
pub fn manifest_name(shard: Shard) -> String {
    if shard.count == 1 {
        return "manifest.jsonl".into();
    }
    let width = shard.count.to_string().len();
    format!("manifest.{:0width$}-of-{}.jsonl", shard.index, shard.count)
}

/// A manifest that is being written. It grows beside its final name, which it gets when it is complete.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Writer {
    pub(super) fn create(out: &Path, shard: Shard) -> Result<Writer, Error> {
        let path = out.join(manifest_name(shard));
        let file = std::fs::create_dir_all(out).and_then(|()| File::create(partial(&path)));
        let file = file.map_err(|error| unwritable(&path, &error))?;
        Ok(Writer { path, file: BufWriter::new(file) })
    }

    /// Adds the lines of one item. They reach the system at once: after an interruption they are the memory of it.
    pub(super) fn add(&mut self, lines: &[String]) -> Result<(), Error> {
        let written = lines.iter().try_for_each(|line| writeln!(self.file, "{line}")).and_then(|()| self.file.flush());
        written.map_err(|error| unwritable(&self.path, &error))
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let Writer { path, file } = self;
        let file = file.into_inner().map_err(|error| unwritable(&path, error.error()))?;
        let renamed = file.sync_all().and_then(|()| std::fs::rename(partial(&path), &path));
        let _ = std::fs::remove_file(earlier(&path));
        renamed.map_err(|error| unwritable(&path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, format!("cannot be written: {error}"))
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension("jsonl.partial")
}

fn earlier(path: &Path) -> PathBuf {
    path.with_extension("jsonl.earlier")
}

/// The lines that earlier runs left, read along with the items: only those of one item are in memory.
pub(super) struct Earlier {
    readers: Vec<Lines>,
}

struct Lines {
    lines: std::io::Lines<BufReader<File>>,
    next: Option<(Entry, String)>,
}

impl Earlier {
    /// Opens the complete manifest and the one of an interrupted run, where they exist.
    pub(super) fn open(out: &Path, shard: Shard) -> Earlier {
        let path = out.join(manifest_name(shard));
        // The new run writes under the name of the interrupted one.
        let _ = std::fs::rename(partial(&path), earlier(&path));
        let readers = [path.clone(), earlier(&path)].into_iter().filter_map(|path| {
            let mut lines = Lines { lines: BufReader::new(File::open(path).ok()?).lines(), next: None };
            lines.advance();
            Some(lines)
        });
        Earlier { readers: readers.collect() }
    }

    /// Nothing to go by.
    pub(super) fn none() -> Earlier {
        Earlier { readers: Vec::new() }
    }

    /// The lines of an item, parsed and as they are. Items must be asked for in order.
    pub(super) fn take(&mut self, item: u64) -> Vec<(Entry, String)> {
        let mut found = Vec::new();
        for reader in &mut self.readers {
            while let Some((entry, line)) = reader.next.take_if(|(entry, _)| entry.item <= item) {
                if entry.item == item {
                    found.push((entry, line));
                }
                reader.advance();
            }
        }
        found
    }
}

impl Lines {
    /// Goes to the next line that can be read. The last one of an interrupted run may be cut short.
    fn advance(&mut self) {
        self.next = self.lines.by_ref().map_while(Result::ok).find_map(|line| {
            let entry = serde_json::from_str(&line).ok()?;
            Some((entry, line))
        });
    }
}
