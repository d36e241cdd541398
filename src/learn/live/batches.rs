//! What a loop goes over: the batches of some epochs, made ahead.

use crate::Error;
use crate::batch::{Batch, Feed, Loader, Stop, Workers};
use std::sync::Arc;
use std::time::Duration;

/// The batches of some epochs, described.
#[derive(Clone)]
pub struct Batches {
    /// From clips to batches.
    pub feed: Arc<Feed>,
    /// Clips in a batch.
    pub batch: usize,
    /// Passes over the data.
    pub epochs: usize,
    /// Whether every epoch has an order of its own; else the clips come as they are.
    pub shuffle: bool,
    /// Whether a last batch that is not full is left out.
    pub drop_last: bool,
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
        for (name, value) in [("n", self.batch), ("epochs", self.epochs)] {
            if value == 0 {
                return Err(Error::range(name, "at least 1", 0));
            }
        }
        if self.steps_per_epoch() == 0 {
            let (batch, n) = (self.batch, self.feed.data.len());
            return Err(Error::Run {
                message: format!("a batch of {batch} is more than the {n} clips"),
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
        let n = self.feed.data.len();
        match self.drop_last {
            true => n / self.batch,
            false => n.div_ceil(self.batch),
        }
    }

    /// Batches in all, those passed over among them.
    pub fn len(&self) -> usize {
        self.steps_per_epoch() * self.epochs
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The clips of the batches of an epoch, from 0.
    fn indices(&self, epoch: usize) -> Vec<Vec<usize>> {
        let order = match self.shuffle {
            true => self.feed.order(epoch),
            false => (0..self.feed.data.len()).collect(),
        };
        let batches = order.chunks(self.batch).take(self.steps_per_epoch());
        batches.map(<[usize]>::to_vec).collect()
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
            let batches = self.batches.indices(epoch).split_off(first);
            self.loader = Some(self.batches.feed.load(epoch, batches, &self.workers));
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
