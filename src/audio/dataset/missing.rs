//! Files that a table names and that are not there.

use crate::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Files that a table names and that are not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The table.
    pub table: PathBuf,
    /// The files, as the table leads to them.
    pub files: Vec<PathBuf>,
    /// How many files the table names.
    pub n_named: usize,
}

/// What becomes of clips whose files are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhenMissing {
    /// An error names and counts them.
    #[default]
    Error,
    /// They are left out; the dataset says which.
    LeaveOut,
}

/// Files that are named at most.
const NAMED: usize = 5;

impl Missing {
    /// Nothing missing yet.
    pub(super) fn of(table: &Path) -> Missing {
        Missing {
            table: table.to_owned(),
            files: Vec::new(),
            n_named: 0,
        }
    }

    /// Whether every named file is there.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Counts a file that the table names, and keeps it if it is not there.
    pub(super) fn is_there(&mut self, path: &Path) -> bool {
        self.n_named += 1;
        let found = path.is_file();
        if !found {
            self.files.push(path.to_owned());
        }
        found
    }

    /// The error that they are, unless they may be left out.
    ///
    /// # Errors
    /// [`Error::File`] of the table, which names and counts them.
    pub(super) fn settle(&self, when: WhenMissing) -> Result<(), Error> {
        if self.is_empty() || when == WhenMissing::LeaveOut {
            return Ok(());
        }
        let hint = "see that `root` is the folder below which the paths lead to files; `missing: \"leave out\"` goes on \
                    without them, and the dataset tells which they are";
        let reason = format!(
            "{} of the {} files that it names are not there: {}",
            self.files.len(),
            self.n_named,
            self.names()
        );
        Err(Error::file_with_hint(&self.table, reason, hint))
    }

    fn names(&self) -> String {
        let names = self.files.iter().take(NAMED);
        let names: Vec<String> = names.map(|path| path.display().to_string()).collect();
        match self.files.len() - names.len() {
            0 => names.join(", "),
            n => format!("{} and {n} more", names.join(", ")),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let (n, named, table) = (self.files.len(), self.n_named, self.table.display());
        let names = self.names();
        write!(
            f,
            "left out {n} of the {named} files that `{table}` names, which are not there: {names}"
        )
    }
}
