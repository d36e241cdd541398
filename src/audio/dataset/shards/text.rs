//! Shards in words.

use super::Shards;
use std::fmt;

/// Clips, shards and classes with their counts, and what could not be read.
impl fmt::Display for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")?;
        let classes = self.classes();
        let counts = self.class_counts();
        let unlabelled = self.n_all() - counts.iter().sum::<u64>();
        if unlabelled > 0 {
            write!(f, ", {unlabelled} without a label")?;
        }
        let width = classes.iter().map(|name| name.chars().count()).max();
        let width = width.unwrap_or(0);
        for (name, count) in classes.iter().zip(counts) {
            write!(f, "\n  {name:width$}  {count}")?;
        }
        match self.broken() {
            broken if broken.is_empty() => Ok(()),
            broken => write!(f, "\n{broken}"),
        }
    }
}

/// What they are, in a line.
impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, n, shards) = (self.name(), self.n_all(), self.n_shards());
        write!(f, "{name}: {n} clips in {shards} shards, ")?;
        write!(f, "{} classes", self.classes().len())?;
        match self.options().share {
            share if share.workers == 1 => Ok(()),
            share => write!(
                f,
                ", of which worker {} of {} takes {}",
                share.worker,
                share.workers,
                self.len()
            ),
        }
    }
}
