//! Clips of shards that cannot be read.

use crate::Error;
use std::fmt;
use std::path::PathBuf;

/// What could not be read: as far as it is named, and how much there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Broken {
    /// The first of it, a shard or a clip in one, and why.
    pub named: Vec<Error>,
    /// How much there is.
    pub n: u64,
}

/// What is named at most.
const NAMED: usize = 5;

impl Broken {
    /// Whether everything could be read.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Takes in what a shard has lost, named as far as its index names it.
    pub(super) fn add_lost(&mut self, shard: &std::path::Path, lost: &[(String, String)], n: u64) {
        self.n += n;
        let lost = lost.iter();
        let named = lost.map(|(what, reason)| Error::file(shard.join(what), reason));
        self.named.extend(named);
    }

    /// Takes in what another shard has lost.
    pub(super) fn join(&mut self, other: &Broken) {
        self.n += other.n;
        self.named.extend(other.named.iter().cloned());
    }

    /// Takes in one more.
    pub(super) fn add(&mut self, error: Error) {
        self.n += 1;
        self.named.push(error);
    }

    /// The error that it is.
    pub(super) fn error(&self, name: &str) -> Error {
        let hint = "copy the shards again, or go on without these clips by `broken: \"leave out\"`";
        match (self.n, self.named.first()) {
            (1, Some(error)) if error.hint().is_some() => error.clone(),
            (1, Some(Error::File { path, reason, .. })) => {
                Error::file_with_hint(path, reason, hint)
            }
            _ => {
                let reason = format!("{} clips or shards cannot be read: {}", self.n, self.list());
                Error::file_with_hint(PathBuf::from(name), reason, hint)
            }
        }
    }

    fn list(&self) -> String {
        let named = self.named.iter().take(NAMED);
        let list: Vec<String> = named.map(Error::to_string).collect();
        match self.n as usize - list.len().min(self.n as usize) {
            0 => list.join("; "),
            more => format!("{}; and {more} more", list.join("; ")),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n {
            0 => Ok(()),
            1 => write!(f, "left out: {}", self.list()),
            n => write!(f, "left out {n} clips or shards: {}", self.list()),
        }
    }
}
