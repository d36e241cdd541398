//! The record while it grows: lines are only ever added, so no end of a run, however sudden, takes an earlier one away.
//!
//! A line is added before the output that it describes gets its name. Whatever lies at an output's place is therefore
//! known, and a line without its output is told by the hash that it holds. The last line may be torn: the next run ends it
//! before it adds its own, and readers pass over what is no line.

use super::Shard;
use super::manifest::partial;
use crate::Error;
use crate::io::unwritable;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// After how many lines it is waited until they are on the disk itself, where they survive the machine.
const SYNC_EVERY: u32 = 64;
/// How often, and for how long, a lock is asked for: another run looks for a moment whether this one is alive.
const LOCK_TRIES: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// The growing record of one part of the inputs. While it is open no other run writes the same part.
pub(super) struct Journal {
    path: PathBuf,
    /// Whether the system can tell that no other run is alive.
    locked: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    n_bytes: u64,
    /// Lines that may not be on the disk yet.
    n_waiting: u32,
}

/// Where a line lies in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start: u64,
    pub(super) n_bytes: u32,
}

impl Journal {
    /// Opens the record of an interrupted run to go on with it, or begins one. The output folder must exist.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written, or another run writes it.
    pub(super) fn open(out: &Path, shard: Shard) -> Result<Journal, Error> {
        let path = partial(out, shard);
        let fault = |error: std::io::Error| unwritable(&path, &error);
        let (mut file, locked) = loop {
            let file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(&path)
                .map_err(fault)?;
            let locked = lock(&file, &path)?;
            // The run that held it may have come to its end in between and have removed it.
            if is_at(&file, &path) {
                break (file, locked);
            }
        };
        let mut n_bytes = file.metadata().map_err(fault)?.len();
        if n_bytes > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(n_bytes - 1))
                .and_then(|_| file.read_exact(&mut last))
                .map_err(fault)?;
            if last != *b"\n" {
                file.write_all(b"\n").map_err(fault)?;
                n_bytes += 1;
            }
        }
        let inner = Mutex::new(Inner {
            file,
            n_bytes,
            n_waiting: 0,
        });
        Ok(Journal {
            path,
            locked,
            inner,
        })
    }

    /// Whether it is certain that no other run writes this part.
    pub(super) fn is_alone(&self) -> bool {
        self.locked
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line. It reaches the system at once.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written, or somebody removed the record or its folder.
    pub(super) fn add(&self, line: &str) -> Result<Line, Error> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_at(&inner.file, &self.path) {
            return Err(Error::file(
                &self.path,
                "somebody removed it while it was written",
            ));
        }
        let start = inner.n_bytes;
        if let Err(error) = inner.file.write_all(format!("{line}\n").as_bytes()) {
            // On a full disk a part of the line may have found room.
            let _ = inner.file.set_len(start);
            return Err(unwritable(&self.path, &error));
        }
        inner.n_bytes += line.len() as u64 + 1;
        inner.n_waiting += 1;
        if inner.n_waiting >= SYNC_EVERY {
            inner
                .file
                .sync_data()
                .map_err(|error| unwritable(&self.path, &error))?;
            inner.n_waiting = 0;
        }
        Ok(Line {
            start,
            n_bytes: line.len() as u32,
        })
    }

    /// Removes it: what it says is in the manifest.
    pub(super) fn remove(self) -> Result<(), Error> {
        std::fs::remove_file(&self.path).map_err(|error| unwritable(&self.path, &error))
    }

    /// Removes it if it says nothing.
    pub(super) fn remove_if_empty(self) {
        if self
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .n_bytes
            == 0
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Takes the lock of a journal; whether the file system has locks. It is given back when the file is closed, by a kill too.
fn lock(file: &File, path: &Path) -> Result<bool, Error> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            // Elsewhere a lock keeps even its owner from reading the file once more.
            Ok(()) if cfg!(unix) => return Ok(true),
            Ok(()) => return Ok(file.unlock().is_err()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(_)) => return Ok(false),
        }
    }
    let hint = "wait until it has ended, or give this one another output folder";
    Err(Error::file_with_hint(
        path,
        "another run is writing this part of this output folder",
        hint,
    ))
}

/// Whether the run that writes a part is dead: its journal is gone, or nobody holds its lock.
pub(super) fn is_abandoned(out: &Path, shard: Shard) -> bool {
    match File::open(partial(out, shard)) {
        Ok(file) => cfg!(unix) && file.try_lock().is_ok(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_behind_what_a_torn_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = partial(folder.path(), Shard::WHOLE);
        let journal = Journal::open(folder.path(), Shard::WHOLE).unwrap();
        assert_eq!(
            journal.add("one").unwrap(),
            Line {
                start: 0,
                n_bytes: 3
            }
        );
        drop(journal);
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"tw").unwrap();
        let journal = Journal::open(folder.path(), Shard::WHOLE).unwrap();
        assert_eq!(
            journal.add("three").unwrap(),
            Line {
                start: 7,
                n_bytes: 5
            }
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntw\nthree\n");
        journal.remove_if_empty();
        assert!(path.exists());
        Journal::open(folder.path(), Shard::WHOLE)
            .unwrap()
            .remove()
            .unwrap();
        assert!(!path.exists());
        Journal::open(folder.path(), Shard::WHOLE)
            .unwrap()
            .remove_if_empty();
        assert!(!path.exists());
    }

    #[test]
    fn a_record_that_was_removed_takes_no_more_lines() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), Shard::WHOLE).unwrap();
        journal.add("one").unwrap();
        std::fs::remove_file(journal.path()).unwrap();
        assert!(journal.add("two").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn one_run_at_a_time_writes_a_part() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (Shard { index: 1, count: 2 }, Shard { index: 2, count: 2 });
        let journal = Journal::open(folder.path(), first).unwrap();
        assert!(journal.is_alone());
        assert!(!is_abandoned(folder.path(), first) && is_abandoned(folder.path(), second));
        assert!(Journal::open(folder.path(), second).is_ok());
        let error = Journal::open(folder.path(), first).err().unwrap();
        assert!(error.to_string().contains("another run"), "{error}");
        drop(journal);
        assert!(is_abandoned(folder.path(), first));
        assert!(Journal::open(folder.path(), first).is_ok());
    }
}
