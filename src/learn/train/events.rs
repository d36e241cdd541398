//! What a training needs from outside, and what it tells.

use super::{EpochRecord, History};
use crate::feed::{Stop, Workers};
use burn::tensor::Device;

/// What a run needs from outside.
pub struct FitOptions<'a> {
    /// Where tensors live.
    pub device: &'a Device,
    /// Threads that make batches.
    pub workers: &'a Workers,
    /// Whether to begin anew even where a checkpoint lies.
    pub fresh: bool,
    /// Asked between steps.
    pub stop: Stop<'a>,
    /// Told what happens.
    pub observe: &'a mut dyn FnMut(Event<'_>),
}

/// What happens during a run.
pub enum Event<'a> {
    /// A remark.
    Note(String),
    /// What the epochs before gave, where a run goes on.
    Earlier(&'a History),
    /// A step was done; at most a few times a second.
    Progress(RunProgress),
    /// An epoch was done.
    Epoch(&'a EpochRecord, RunProgress),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunProgress {
    /// Steps done in all.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// The epoch under way, from 1.
    pub epoch: usize,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// Clips per second since the run was started or taken up.
    pub clips_per_s: f64,
    /// Share of that time spent waiting for data.
    pub waiting: f64,
    /// Seconds left at this rate.
    pub left_s: f64,
    /// Whether nothing is left to do, be it that the run stops early.
    pub finished: bool,
}
