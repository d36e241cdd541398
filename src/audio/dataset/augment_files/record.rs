//! The record of a run: opened before anything is written, added to, and closed with the complete manifest.

use super::journal::{Journal, Line};
use super::leftovers::{prefix, sweep};
use super::manifest::{LIST_HEAD, failed_name};
use super::records::{At, Records};
use super::{Entry, Shard};
use crate::Error;
use crate::io::{WholeFile, unwritable};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What earlier runs recorded, and what this one does.
pub(super) struct Record {
    out: PathBuf,
    shard: Shard,
    pub(super) records: Records,
    pub(super) journal: Journal,
}

impl Record {
    /// Reads what earlier runs recorded, has it checked, and removes what killed runs left behind in the output folder and
    /// wherever outputs go.
    ///
    /// # Errors
    /// [`Error::File`] if a record cannot be read; whatever `check` reports.
    pub(super) fn open<S: AsRef<str>>(
        (out, shard): (&Path, Shard),
        journal: Journal,
        outputs: impl Iterator<Item = S>,
        check: impl FnOnce(&Records) -> Result<(), Error>,
    ) -> Result<Record, Error> {
        match Records::read(out, shard, &journal)
            .and_then(|records| check(&records).map(|()| records))
        {
            Ok(records) => {
                if journal.is_alone() {
                    sweep(out, outputs, shard);
                }
                Ok(Record {
                    out: out.to_owned(),
                    shard,
                    records,
                    journal,
                })
            }
            Err(error) => {
                journal.remove_if_empty();
                Err(error)
            }
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// As [`Journal::add`].
    pub(super) fn add(&self, entry: &Entry) -> Result<At, Error> {
        let line: Line = self.journal.add(&entry.line())?;
        Ok(self.records.at(line))
    }

    /// Begins an output.
    ///
    /// # Errors
    /// [`Error::File`] if its folder cannot be made or written to.
    pub(super) fn create(&self, path: &Path) -> Result<WholeFile, Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(path, &error))?;
        }
        WholeFile::create(path, &prefix(self.shard))
    }

    /// Writes the complete manifest, and beside it the list of inputs that could not be used, if there are any.
    ///
    /// # Errors
    /// [`Error::File`] if one cannot be written; the journal still has everything then.
    pub(super) fn close(
        self,
        lines: &[At],
        made: &HashSet<String>,
        unused: &[Unused],
    ) -> Result<(), Error> {
        let list = self.out.join(failed_name(self.shard));
        if unused.is_empty() {
            match std::fs::remove_file(&list) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unwritable(&list, &error));
                }
                _ => {}
            }
        } else {
            let mut file = WholeFile::create(&list, &prefix(self.shard))?;
            let head = std::iter::once(LIST_HEAD.to_owned());
            for line in head.chain(unused.iter().map(Unused::line)) {
                writeln!(file, "{line}").map_err(|error| unwritable(&list, &error))?;
            }
            file.seal()?.place()?;
        }
        self.records.assemble(&self.out, self.shard, lines, made)?;
        self.journal.remove()
    }
}

/// An input that could not be used.
#[derive(Clone, Debug)]
pub(super) struct Unused {
    pub(super) source: PathBuf,
    pub(super) passed_over: bool,
    pub(super) error: Error,
}

impl Unused {
    fn line(&self) -> String {
        let state = if self.passed_over {
            "passed over"
        } else {
            "failed"
        };
        let plain = |text: String| text.replace(['\t', '\n', '\r'], " ");
        format!(
            "{}\t{state}\t{}",
            plain(self.source.display().to_string()),
            plain(self.error.to_string())
        )
    }
}
