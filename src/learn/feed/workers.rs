//! Threads that make batches.

use crate::Error;
use auricle_audio::augment::STACK_BYTES;
use rayon::prelude::*;
use std::sync::Arc;

/// Asked now and then whether to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Threads that make batches.
#[derive(Clone)]
pub struct Workers {
    pub(super) pool: Arc<rayon::ThreadPool>,
}

impl Workers {
    /// A number of threads; all processors if `None`.
    ///
    /// # Errors
    /// [`Error::Range`] for 0, [`Error::Run`] if the system refuses them.
    pub fn new(threads: Option<usize>) -> Result<Workers, Error> {
        if threads == Some(0) {
            return Err(Error::range("threads", "at least 1", 0));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .thread_name(|index| format!("loader-{index}"))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(|error| Error::Run {
                message: error.to_string(),
                hint: "use fewer threads".into(),
            })?;
        Ok(Workers {
            pool: Arc::new(pool),
        })
    }

    /// Applies a function to `0..n` on all threads; results in order.
    ///
    /// # Errors
    /// The error of the lowest index that failed; [`Error::Stopped`] if asked to stop.
    pub fn map<T: Send>(
        &self,
        n: usize,
        stop: Stop<'_>,
        f: impl Fn(usize) -> Result<T, Error> + Sync + Send,
    ) -> Result<Vec<T>, Error> {
        let each = |index| {
            if stop() {
                Err(Error::Stopped)
            } else {
                f(index)
            }
        };
        let results: Vec<Result<T, Error>> = self
            .pool
            .install(|| (0..n).into_par_iter().map(each).collect());
        results.into_iter().collect()
    }
}
