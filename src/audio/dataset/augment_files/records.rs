//! What earlier runs recorded of an output folder: the manifests of all parts, complete or not.

use super::journal::{Journal, Line};
use super::leftovers::prefix;
use super::manifest::{is_manifest, manifest_name};
use super::{Entry, Shard};
use crate::Error;
use crate::io::{WholeFile, unwritable};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// All lines of some manifests, found by the output that they describe. The lines themselves stay in their files.
pub(super) struct Records {
    files: Vec<RecordFile>,
    by_output: HashMap<String, Vec<Record>>,
}

struct RecordFile {
    path: PathBuf,
    file: Mutex<File>,
    /// Whether it belongs to the part that this run writes.
    is_own: bool,
    /// Whether it holds something and nothing of it is a line of a manifest.
    is_foreign: bool,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// [`Entry::made_from`].
    pub(super) made_from: u64,
    /// Length of the output, bytes.
    pub(super) n_bytes: u64,
    /// Hash of the output.
    pub(super) hash: u64,
    /// Where the line is.
    pub(super) at: At,
}

/// Where a line is: in which file, and where there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    file: u32,
    line: Line,
}

/// A line without what is only for readers.
#[derive(Deserialize)]
#[serde(default)]
struct Short {
    item: u64,
    view: u64,
    seed: u64,
    source: String,
    source_bytes: u64,
    source_xxh3: String,
    output: Option<String>,
    output_bytes: u64,
    output_xxh3: String,
    made_by: String,
}

impl Default for Short {
    fn default() -> Short {
        Short::of(Entry::default())
    }
}

impl Short {
    fn of(entry: Entry) -> Short {
        let Entry {
            item,
            view,
            seed,
            source,
            source_bytes,
            source_xxh3,
            ..
        } = entry;
        let Entry {
            output,
            output_bytes,
            output_xxh3,
            made_by,
            ..
        } = entry;
        Short {
            item,
            view,
            seed,
            source,
            source_bytes,
            source_xxh3,
            output,
            output_bytes,
            output_xxh3,
            made_by,
        }
    }

    fn made_from(self) -> u64 {
        let Short {
            item,
            view,
            seed,
            source,
            source_bytes,
            source_xxh3,
            made_by,
            ..
        } = self;
        Entry {
            item,
            view,
            seed,
            source,
            source_bytes,
            source_xxh3,
            made_by,
            ..Entry::default()
        }
        .made_from()
    }
}

impl Records {
    /// Reads the manifests of an output folder. `journal` is the growing one of this run's part.
    ///
    /// # Errors
    /// [`Error::File`] if the folder or a manifest cannot be read: what is not known must not be written over.
    pub(super) fn read(out: &Path, shard: Shard, journal: &Journal) -> Result<Records, Error> {
        let unreadable = |path: &Path, error: std::io::Error| {
            Error::file(path, format!("cannot be read: {error}"))
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(out).map_err(|error| unreadable(out, error))? {
            let entry = entry.map_err(|error| unreadable(out, error))?;
            if is_manifest(&entry.file_name().to_string_lossy()) && entry.path() != journal.path() {
                paths.push(entry.path());
            }
        }
        // The journal is the newest.
        paths.sort();
        paths.push(journal.path().to_owned());
        let own = [out.join(manifest_name(shard)), journal.path().to_owned()];
        let mut records = Records {
            files: Vec::new(),
            by_output: HashMap::new(),
        };
        for path in paths {
            let file = match File::open(&path) {
                Ok(file) => file,
                // Another part's run has just come to its end: the complete manifest is there instead of its journal.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(&path, error)),
            };
            let is_known = records
                .add_lines(&file)
                .map_err(|error| unreadable(&path, error))?;
            let is_foreign = !is_known && path != journal.path();
            records.files.push(RecordFile {
                is_own: own.contains(&path),
                is_foreign,
                path,
                file: Mutex::new(file),
            });
        }
        Ok(records)
    }

    /// Adds what a file says; whether it is empty or says something.
    fn add_lines(&mut self, file: &File) -> std::io::Result<bool> {
        let index = self.files.len() as u32;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut line, mut start, mut n_entries) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let n_read = reader.read_until(b'\n', &mut line)?;
            if n_read == 0 {
                return Ok(start == 0 || n_entries > 0);
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let short = serde_json::from_slice::<Short>(text)
                .ok()
                .filter(|short| !short.source.is_empty());
            n_entries += usize::from(short.is_some());
            if let Some(mut short) = short
                && let Some(output) = short.output.take()
            {
                let at = At {
                    file: index,
                    line: Line {
                        start,
                        n_bytes: text.len() as u32,
                    },
                };
                let hash = u64::from_str_radix(&short.output_xxh3, 16).unwrap_or(0);
                let record = Record {
                    n_bytes: short.output_bytes,
                    hash,
                    made_from: short.made_from(),
                    at,
                };
                self.by_output.entry(output).or_default().push(record);
            }
            start += n_read as u64;
        }
    }

    /// A manifest in the place of this run's that no run wrote.
    pub(super) fn foreign_manifest(&self) -> Option<&Path> {
        // A journal may hold no more than a torn line; it is only added to.
        let foreign = self
            .files
            .iter()
            .find(|file| file.is_own && file.is_foreign);
        foreign.map(|file| file.path.as_path())
    }

    /// Whether earlier runs recorded anything.
    pub(super) fn know_some(&self) -> bool {
        !self.by_output.is_empty()
    }

    /// Whether an earlier run recorded an output of this name.
    pub(super) fn knows(&self, output: &str) -> bool {
        self.by_output.contains_key(output)
    }

    /// What was recorded of an output that was made from the same, the newest first.
    pub(super) fn of(&self, output: &str, made_from: u64) -> impl Iterator<Item = &Record> {
        let records = self.by_output.get(output).into_iter().flatten().rev();
        records.filter(move |record| record.made_from == made_from)
    }

    /// A line of the journal that was added in this run.
    pub(super) fn at(&self, line: Line) -> At {
        At {
            file: self.files.len() as u32 - 1,
            line,
        }
    }

    /// The text of a line.
    ///
    /// # Errors
    /// [`Error::File`] if its file cannot be read.
    pub(super) fn line(&self, at: At) -> Result<String, Error> {
        let RecordFile { path, file, .. } = &self.files[at.file as usize];
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = vec![0; at.line.n_bytes as usize];
        let read = file
            .seek(SeekFrom::Start(at.line.start))
            .and_then(|_| file.read_exact(&mut text));
        read.map_err(|error| Error::file(path, format!("cannot be read: {error}")))?;
        String::from_utf8(text).map_err(|error| Error::file(path, error))
    }

    /// Writes the complete manifest of a part: its lines in their order, and behind them those of outputs that earlier
    /// runs made of other inputs and that are still there. `made` are the outputs of the part.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written; the journal still has all then.
    pub(super) fn assemble(
        &self,
        out: &Path,
        shard: Shard,
        lines: &[At],
        made: &HashSet<String>,
    ) -> Result<(), Error> {
        let path = out.join(manifest_name(shard));
        let mut file = WholeFile::create(&path, &prefix(shard))?;
        for at in lines.iter().copied().chain(self.others(out, made)) {
            writeln!(file, "{}", self.line(at)?).map_err(|error| unwritable(&path, &error))?;
        }
        file.seal()?.place()
    }

    /// The lines of this part's earlier runs that describe outputs which are still there and not among `made`.
    fn others(&self, out: &Path, made: &HashSet<String>) -> Vec<At> {
        let is_own = |record: &&Record| self.files[record.at.file as usize].is_own;
        let still_there = |(output, records): (&String, &Vec<Record>)| {
            let n_bytes = std::fs::metadata(out.join(output)).ok()?.len();
            records
                .iter()
                .rev()
                .filter(is_own)
                .find(|record| record.n_bytes == n_bytes)
                .map(|record| record.at)
        };
        let mut found: Vec<At> = self
            .by_output
            .iter()
            .filter(|(output, _)| !made.contains(*output))
            .filter_map(still_there)
            .collect();
        found.sort_by_key(|at| (at.file, at.line.start));
        found
    }
}
