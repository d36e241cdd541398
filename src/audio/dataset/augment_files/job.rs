//! What is to be done to some files, and to which.

use super::{Encoding, Plan, Shard};
use crate::Error;
use crate::augment::{Domain, Views};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What is to be done to some files.
#[derive(Clone, Debug)]
pub struct AugmentFiles {
    /// A recipe for each view.
    pub views: Views,
    /// Seed of the draws.
    pub seed: u64,
    /// Folder of the outputs and the manifest.
    pub out: PathBuf,
    /// How the outputs are stored.
    pub encoding: Encoding,
    /// Which part of the inputs is done.
    pub shard: Shard,
    /// Threads.
    pub n_jobs: NonZeroUsize,
    /// Bytes that clips may take together; most of what is free if not given.
    pub memory: Option<u64>,
    /// Whether outputs that an earlier run made from the same, and recorded, are kept.
    pub resume: bool,
    /// Whether files that no run recorded are replaced where outputs belong.
    pub overwrite: bool,
    /// Whether the first input that cannot be used ends the run.
    pub strict: bool,
}

impl AugmentFiles {
    /// Finds the inputs and names the outputs.
    ///
    /// # Errors
    /// As [`Plan::new`], and [`Error::Domain`] if the recipe does not give sound.
    pub fn plan(&self, inputs: &[PathBuf]) -> Result<Plan, Error> {
        if self.views.flow()?.gives == Some(Domain::Features) {
            let stage = self.views.recipes()[0].to_string();
            let (wants, gets) = (
                Domain::Wave.plural().to_owned(),
                Domain::Features.plural().to_owned(),
            );
            return Err(Error::Mismatch {
                what: "what a sound file holds and what the recipe gives",
                left: wants,
                right: format!("{gets} (`{stage}`)"),
            });
        }
        Plan::new(
            inputs,
            &self.out,
            self.views.recipes().len(),
            self.encoding.extension(),
        )
    }
}
