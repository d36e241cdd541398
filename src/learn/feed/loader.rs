//! Batches, made ahead of the model on threads of their own.

use super::{Cut, Maker, Preparation, Stop, Supply, Workers};
use crate::Error;
use crate::batch::Batch;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches that are made ahead at most.
const PREFETCHED: usize = 3;

/// The batches of an epoch, made ahead.
pub struct Loader {
    receiver: Receiver<Result<Batch, Error>>,
    maker: Option<JoinHandle<()>>,
    waited: Duration,
}

impl Loader {
    /// Starts making the batches of some steps of an epoch.
    pub fn start(mut maker: Maker, steps: Range<usize>) -> Loader {
        let (sender, receiver) = sync_channel(PREFETCHED);
        let maker = std::thread::spawn(move || {
            for step in steps {
                // A receiver that is gone means that nobody wants the rest.
                if sender.send(maker(step)).is_err() {
                    break;
                }
            }
        });
        Loader {
            receiver,
            maker: Some(maker),
            waited: Duration::ZERO,
        }
    }

    /// Time that the model spent waiting for data.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The next batch; nothing at the end.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop while the batch is not there yet, and whatever making it reports.
    pub fn next_unless(&mut self, stop: Stop<'_>) -> Result<Option<Batch>, Error> {
        let start = Instant::now();
        let received = loop {
            match self.receiver.recv_timeout(LOOK_EVERY) {
                Ok(batch) => break Some(batch),
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) if stop() => return Err(Error::Stopped),
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        self.waited += start.elapsed();
        if received.is_none() {
            self.end();
        }
        received.transpose()
    }

    /// A maker that failed must not pass for one that has made all.
    fn end(&mut self) {
        if let Some(Err(fault)) = self.maker.take().map(JoinHandle::join) {
            std::panic::resume_unwind(fault);
        }
    }
}

/// Who waits for a batch looks that often whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Iterator for Loader {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Result<Batch, Error>> {
        let start = Instant::now();
        let batch = self.receiver.recv().ok();
        self.waited += start.elapsed();
        if batch.is_none() {
            self.end();
        }
        batch
    }
}

/// A supply with what becomes of its sounds.
#[derive(Clone)]
pub struct Feed {
    /// Where the sounds are from.
    pub supply: Arc<dyn Supply>,
    /// What becomes of them.
    pub by: Preparation,
}

impl Feed {
    /// Starts making the batches of an epoch, from the step `first` on.
    pub fn epoch(&self, epoch: usize, cut: Cut, first: usize, workers: &Workers) -> Loader {
        let maker = self.supply.epoch(epoch, cut, &self.by, workers);
        Loader::start(maker, first..self.supply.steps(cut))
    }
}
