//! What a stage prepares for a sample rate, made when the first clip of that rate arrives.

use crate::Error;
use smallvec::SmallVec;
use std::sync::{Arc, RwLock};

/// Filters and plans of a stage, one set a sample rate.
pub(super) struct PerRate<T> {
    make: Box<dyn Fn(u32) -> Result<T, Error> + Send + Sync>,
    made: RwLock<Made<T>>,
}

type Made<T> = SmallVec<[(u32, Arc<T>); 2]>;

impl<T> PerRate<T> {
    pub(super) fn new(
        make: impl Fn(u32) -> Result<T, Error> + Send + Sync + 'static,
    ) -> PerRate<T> {
        PerRate {
            make: Box::new(make),
            made: RwLock::default(),
        }
    }

    /// What was made for a rate, Hz.
    ///
    /// # Errors
    /// Whatever making it reports.
    pub(super) fn get(&self, sample_rate: u32) -> Result<Arc<T>, Error> {
        // A poisoned lock holds a list that is still whole: nothing can fail between its changes.
        let known = self
            .made
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, made)) = known.iter().find(|(rate, _)| *rate == sample_rate) {
            return Ok(made.clone());
        }
        drop(known);
        let made = Arc::new((self.make)(sample_rate)?);
        self.made
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push((sample_rate, made.clone()));
        Ok(made)
    }
}
