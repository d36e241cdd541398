//! What a loop goes over: the batches of some epochs, made ahead.

use crate::Error;
use crate::batch::Batch;
use crate::feed::{Cut, Feed, Loader, Stop, Workers};
use std::time::Duration;

/// The batches of some epochs, described.
#[derive(Clone)]
pub struct Batches {
    /// Where they come from.
    pub feed: Feed,
    /// How an epoch is cut into them.
    pub cut: Cut,
    /// Passes over the data.
    pub epochs: usize,
    /// Batches that are passed over at first, as those of a loop that goes on.
    pub start: usize,
}

/// Where in a loop a batch stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Which epoch, from 1.
    pub epoch: usize,
    /// Which batch of the whole loop, from 0.
    pub step: usize,
}

impl Batches {
    /// Checks that there are batches to go over.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::Run`], naming the part.
    pub fn check(&self) -> Result<(), Error> {
        for (name, value) in [("n", self.cut.batch), ("epochs", self.epochs)] {
            if value == 0 {
                return Err(Error::range(name, "at least 1", 0));
            }
        }
        if self.steps_per_epoch() == 0 {
            let (batch, n) = (self.cut.batch, self.feed.supply.n_clips());
            return Err(Error::Run {
                message: format!(
                    "a batch of {batch} is more than the {} clips",
                    n.unwrap_or(0)
                ),
                hint: "take a smaller batch, or one that is not full by `drop_last: false`".into(),
            });
        }
        if self.start > self.len() {
            let want = format!("at most the {} batches there are", self.len());
            return Err(Error::range("start", want, self.start));
        }
        Ok(())
    }

    /// Batches of an epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.feed.supply.steps(self.cut)
    }

    /// Batches in all, those passed over among them.
    pub fn len(&self) -> usize {
        self.steps_per_epoch() * self.epochs
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins to make them. What is dropped makes no more.
    pub fn stream(&self, workers: &Workers) -> Stream {
        Stream {
            batches: self.clone(),
            workers: workers.clone(),
            step: self.start,
            loader: None,
            waited: Duration::ZERO,
        }
    }
}

/// Batches on their way.
pub struct Stream {
    batches: Batches,
    workers: Workers,
    /// The next one.
    step: usize,
    /// Those of the epoch under way.
    loader: Option<Loader>,
    /// Time waited in the epochs before.
    waited: Duration,
}

impl Stream {
    /// The next batch and its place; nothing at the end.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop while it is not there yet, and whatever making it
    /// reports.
    pub fn next_unless(&mut self, stop: Stop<'_>) -> Result<Option<(Place, Batch)>, Error> {
        let steps = self.batches.steps_per_epoch();
        if self.step == self.batches.len() {
            self.loader = None;
            return Ok(None);
        }
        let (epoch, first) = (self.step / steps, self.step % steps);
        if first == 0 || self.loader.is_none() {
            self.waited = self.waited();
            let Batches { feed, cut, .. } = &self.batches;
            self.loader = Some(feed.epoch(epoch, *cut, first, &self.workers));
        }
        let Some(loader) = &mut self.loader else {
            return Ok(None);
        };
        let Some(batch) = loader.next_unless(stop)? else {
            return Ok(None);
        };
        let place = Place {
            epoch: epoch + 1,
            step: self.step,
        };
        self.step += 1;
        Ok(Some((place, batch)))
    }

    /// Time that was spent waiting for batches.
    pub fn waited(&self) -> Duration {
        let now = self.loader.as_ref().map_or(Duration::ZERO, Loader::waited);
        self.waited + now
    }
}
