//! The figures of a loop of one's own, as a history.

use crate::train::{EpochRecord, History};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The figures that a loop tells, step by step.
///
/// In a loop over batches an epoch has the mean of every figure over the steps that told it, as a
/// run's epoch has; elsewhere whatever is told at once is an epoch of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Journal {
    history: History,
    /// What the epoch under way told, by name in order.
    sums: Vec<Sum>,
    /// Wall time of the epoch under way in earlier sessions, s, and the part spent waiting.
    elapsed_s: [f64; 2],
    /// The loop under way; none is taken up from a file.
    #[serde(skip)]
    now: Option<Now>,
}

/// A figure over some steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sum {
    name: String,
    /// Nothing if a step told what is not a number, for which JSON has no word.
    sum: Option<f64>,
    steps: usize,
}

impl Sum {
    fn mean(&self) -> f64 {
        self.sum.map_or(f64::NAN, |sum| sum / self.steps as f64)
    }
}

/// The extent of a loop over batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Batches in all.
    pub steps: usize,
    /// Batches of an epoch.
    pub steps_per_epoch: usize,
    /// Clips in a batch.
    pub batch: usize,
    /// Batches that are passed over at first.
    pub start: usize,
}

/// A loop under way.
#[derive(Clone, Debug)]
struct Now {
    shape: Shape,
    /// Steps done, those passed over among them.
    done: usize,
    /// Since when this epoch goes on in this session, and what had been waited before.
    epoch_start: Instant,
    waited_before: Duration,
    waited: Duration,
    start: Instant,
}

impl Journal {
    /// A loop over batches begins. One that goes on after some batches keeps the history, any other
    /// one begins a new one.
    pub fn begin(&mut self, shape: Shape) {
        if shape.start == 0 {
            *self = Journal::default();
        }
        let now = Instant::now();
        self.now = Some(Now {
            shape,
            done: shape.start,
            epoch_start: now,
            waited_before: Duration::ZERO,
            waited: Duration::ZERO,
            start: now,
        });
        // What was saved at the last step of an epoch had not seen its end.
        if shape.start.is_multiple_of(shape.steps_per_epoch) {
            self.close(shape.start / shape.steps_per_epoch);
        }
    }

    /// Whether a loop over batches is under way.
    pub fn is_under_way(&self) -> bool {
        self.now.is_some()
    }

    /// Takes the figures of a step.
    pub fn log(&mut self, figures: &[(String, f64)]) {
        if self.now.is_none() && !self.sums.is_empty() {
            self.keep(self.history.epochs.len() + 1);
        }
        for (name, value) in figures {
            let value = value.is_finite().then_some(*value);
            match self.sums.iter_mut().find(|sum| sum.name == *name) {
                Some(sum) => {
                    sum.sum = sum.sum.zip(value).map(|(sum, value)| sum + value);
                    sum.steps += 1;
                }
                None => self.sums.push(Sum {
                    name: name.clone(),
                    sum: value,
                    steps: 1,
                }),
            }
        }
        if self.now.is_none() {
            self.keep(self.history.epochs.len() + 1);
        }
    }

    /// Makes an epoch of what was told.
    fn keep(&mut self, epoch: usize) {
        let record = self.record(epoch);
        self.history.epochs.push(record);
        self.sums.clear();
    }

    /// A step was done, in a loop over batches; gives the epoch that ended with it.
    pub fn step(&mut self, waited: Duration) -> Option<EpochRecord> {
        let now = self.now.as_mut()?;
        now.done += 1;
        now.waited = waited;
        let steps = now.shape.steps_per_epoch;
        if !now.done.is_multiple_of(steps) {
            return None;
        }
        let epoch = now.done / steps;
        self.close(epoch)
    }

    /// The loop has ended, perhaps before its time; what an epoch that is not done told is kept for
    /// the loop that goes on.
    pub fn end(&mut self) {
        if let Some(now) = self.now.take() {
            let [seconds, waited] = now.elapsed_s();
            self.elapsed_s[0] += seconds;
            self.elapsed_s[1] += waited;
        }
    }

    /// What happened, the epoch under way among it.
    pub fn history(&self) -> History {
        let mut history = self.history.clone();
        if !self.sums.is_empty() {
            history.epochs.push(self.record(history.epochs.len() + 1));
        }
        history
    }

    fn record(&self, epoch: usize) -> EpochRecord {
        let mut record = EpochRecord::new(epoch);
        for sum in &self.sums {
            record.push(&sum.name, sum.mean());
        }
        record
    }

    /// Ends an epoch; gives what was kept of it, if anything was told.
    fn close(&mut self, epoch: usize) -> Option<EpochRecord> {
        let now = self.now.as_mut()?;
        let [seconds, waited] = now.elapsed_s();
        let elapsed = [self.elapsed_s[0] + seconds, self.elapsed_s[1] + waited];
        let n_clips = now.shape.steps_per_epoch * now.shape.batch;
        now.epoch_start = Instant::now();
        now.waited_before = now.waited;
        self.elapsed_s = [0.0; 2];
        if self.sums.is_empty() {
            return None;
        }
        self.keep(epoch);
        let record = self.history.epochs.last_mut()?;
        record.push_cost(n_clips, elapsed);
        Some(record.clone())
    }

    /// Steps done and steps in all of the loop under way.
    pub fn steps(&self) -> Option<(usize, usize)> {
        let now = self.now.as_ref()?;
        Some((now.done, now.shape.steps))
    }

    /// The epoch under way, from 1, and the epochs in all.
    pub fn epoch(&self) -> Option<(usize, usize)> {
        let shape = self.now.as_ref()?.shape;
        let (done, steps) = self.steps()?;
        let epochs = steps / shape.steps_per_epoch;
        Some(((done / shape.steps_per_epoch + 1).min(epochs), epochs))
    }

    /// The figures of the epoch under way so far, or else of the last one, in order.
    pub fn latest(&self) -> Vec<(String, f64)> {
        let sums = self.sums.iter();
        let latest: Vec<(String, f64)> = sums.map(|sum| (sum.name.clone(), sum.mean())).collect();
        if !latest.is_empty() {
            return latest;
        }
        let Some(last) = self.history.epochs.last() else {
            return Vec::new();
        };
        let names = self.history.followed().into_iter();
        names
            .filter_map(|name| Some((name.to_owned(), last.get(name)?)))
            .collect()
    }

    /// The figure that was told first, over the epochs.
    pub fn curve(&self) -> Vec<f64> {
        let first = self.history.followed().first().copied();
        first.map_or_else(Vec::new, |name| self.history.curve(name))
    }

    /// Clips per second of the loop under way, the share of its time spent waiting for batches,
    /// and the seconds left at this rate.
    pub fn pace(&self) -> Option<[f64; 3]> {
        let now = self.now.as_ref()?;
        let elapsed = now.start.elapsed().as_secs_f64().max(1e-9);
        let per_s = (now.done - now.shape.start) as f64 / elapsed;
        let left = (now.shape.steps - now.done) as f64 / per_s.max(1e-9);
        let waiting = now.waited.as_secs_f64() / elapsed;
        Some([per_s * now.shape.batch as f64, waiting, left])
    }
}

impl Now {
    /// Wall time of the epoch in this session, s, and the part of it spent waiting.
    fn elapsed_s(&self) -> [f64; 2] {
        let waited = self.waited.saturating_sub(self.waited_before);
        [
            self.epoch_start.elapsed().as_secs_f64(),
            waited.as_secs_f64(),
        ]
    }
}
