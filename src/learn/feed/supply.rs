//! What a supply of batches is, and what is done with one.

use super::{Stop, Workers};
use crate::Error;
use crate::batch::{Batch, Scaling, Task};
use auricle_audio::augment::{Recipe, Views};
use std::sync::Arc;

/// Makes any batch of an epoch, by its place among the epoch's steps, from 0.
pub type Maker = Box<dyn FnMut(usize) -> Result<Batch, Error> + Send>;

/// What supplies a run, or a loop of one's own, with batches.
///
/// A batch is addressed, by seed, epoch and step: whatever was made before it, on however many
/// threads, and after however many interruptions, it is the same. So all that a checkpoint keeps of
/// a supply is how far it is.
pub trait Supply: Send + Sync {
    /// What it is called.
    fn name(&self) -> &str;

    /// What it is, in words, as a run's settings have it: its name and its extent.
    fn describe(&self) -> String;

    /// Number of clips that an epoch takes its batches from; nothing where there is always another.
    fn n_clips(&self) -> Option<usize>;

    /// Number of batches of an epoch.
    fn steps(&self, cut: Cut) -> usize;

    /// Names of the classes that labels are indices of.
    fn classes(&self) -> &[String];

    /// What its clips are labelled for; nothing if none has a label.
    fn task(&self) -> Option<Task>;

    /// Mean and standard deviation of the numbers, where its clips are labelled for those; nothing if all are one.
    fn numbers(&self) -> Option<Scaling> {
        None
    }

    /// How many clips have a label, in words.
    fn describe_labels(&self) -> String;

    /// The same with the labels of all but a share of every class taken away; which are, the seed says.
    ///
    /// # Errors
    /// [`Error::Audio`] unless the fraction is above 0 and at most 1.
    fn with_labels_of(&self, fraction: f64, seed: u64) -> Result<Arc<dyn Supply>, Error>;

    /// Hands on, piece by piece, what tells it from others, but for its labels.
    fn identify(&self, add: &mut dyn FnMut(&str));

    /// Hands on the classes and what decides the labels, for whom labels matter.
    fn identify_labels(&self, add: &mut dyn FnMut(&str));

    /// What makes the batches of an epoch, from 0.
    ///
    /// A batch has a view for every recipe, each with a shape of its own, and labels that may be missing.
    fn epoch(&self, epoch: usize, cut: Cut, by: &Preparation, workers: &Workers) -> Maker;

    /// Mean and standard deviation of the values that a front-end gives for it, without augmentation.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop, and whatever making and computing report.
    fn measure(
        &self,
        front_end: &Recipe,
        workers: &Workers,
        stop: Stop<'_>,
    ) -> Result<Scaling, Error>;
}

/// How an epoch is cut into batches. A supply that always has another clip has neither another
/// order nor a last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Clips in a batch.
    pub batch: usize,
    /// Whether every epoch has an order of its own; else the clips come as they are.
    pub shuffle: bool,
    /// Whether a last batch that is not full is left out.
    pub drop_last: bool,
}

impl Cut {
    /// As a run trains: in an order of each epoch's own, by full batches.
    pub fn training(batch: usize) -> Cut {
        Cut {
            batch,
            shuffle: true,
            drop_last: true,
        }
    }

    /// Every clip once, in order.
    pub fn in_order(batch: usize) -> Cut {
        Cut {
            batch,
            shuffle: false,
            drop_last: false,
        }
    }

    /// Number of batches of some clips.
    pub(super) fn of(self, n_clips: usize) -> usize {
        match self.drop_last {
            true => n_clips / self.batch,
            false => n_clips.div_ceil(self.batch),
        }
    }
}

/// What becomes of a sound on its way into a batch.
#[derive(Clone)]
pub struct Preparation {
    /// A recipe for each view; each ends in features or in waves.
    pub views: Views,
    /// How values are scaled.
    pub scaling: Scaling,
    /// Seed of the draws and of the order.
    pub seed: u64,
}
