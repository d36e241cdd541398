//! What every training run is told, whatever its method.

use super::{Optimizer, Schedule, Validation};
use crate::Error;
use crate::batch::{Scaling, Task};
use crate::feed::{Cut, Feed, Preparation, Supply};
use crate::nn::{Encoder, Network, Scheme, freeze, initialize_beside};
use auricle_audio::augment::{Domain, Recipe, Views};
use burn::module::Module;
use burn::tensor::Device;
use std::path::PathBuf;
use std::sync::Arc;

/// A training run, described but for its method.
#[derive(Clone)]
pub struct Plan {
    /// The encoder to start from; it is copied, never changed.
    pub encoder: Encoder,
    /// Where its batches are from.
    pub data: Arc<dyn Supply>,
    /// The views of a clip.
    pub views: Views,
    /// From a wave to features, for views that are waves; `None` if the views compute features.
    pub features: Option<Recipe>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Its schedule.
    pub schedule: Schedule,
    /// Passes over the data.
    pub epochs: usize,
    /// Clips in a batch.
    pub batch: usize,
    /// Batches that make a step, by the mean of their gradients.
    pub accumulate: usize,
    /// Share of a moving average of all weights that a step leaves; none is kept if `None`.
    pub average: Option<f64>,
    /// Seed of order, views and everything but the encoder that is drawn.
    pub seed: u64,
    /// Folder under which the run keeps its checkpoint; nothing is kept if `None`.
    pub out: Option<PathBuf>,
    /// Epochs from checkpoint to checkpoint.
    pub every: usize,
    /// Clips that it does not learn from, by which it is followed and chosen.
    pub validation: Option<Validation>,
}

impl Plan {
    /// Checks that the parts fit, before any clip is read.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::Run`], naming the part.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.epochs == 0 || self.every == 0 {
            let name = if self.epochs == 0 { "epochs" } else { "every" };
            return Err(Error::range(name, "at least 1", 0));
        }
        if self.batch < 2 {
            let want = "at least 2: clips are compared, and normalized, within a batch";
            return Err(Error::range("batch", want, self.batch));
        }
        if self.steps_per_epoch() == 0 {
            let n = self.data.n_clips().unwrap_or(0);
            let batches = match self.accumulate {
                1 => format!("a batch of {} is", self.batch),
                several => format!("{several} batches of {} are", self.batch),
            };
            return Err(Error::Run {
                message: format!("{batches} more than the {n} training clips"),
                hint: "give a smaller `batch`".into(),
            });
        }
        self.full_views()?;
        self.front_end()?;
        Ok(())
    }

    /// Checks that a method that compares views has two of them.
    ///
    /// # Errors
    /// [`Error::Run`] if there are more or fewer.
    pub(super) fn check_two_views(&self, method: &str) -> Result<(), Error> {
        match self.views.recipes().len() {
            2 => Ok(()),
            n => Err(Error::Run {
                message: format!("{method} compares two views, the recipe makes {n}"),
                hint: "write `views(2, recipe)`".into(),
            }),
        }
    }

    /// Checks that some clips have a class.
    ///
    /// # Errors
    /// [`Error::Labels`] if none has.
    pub(super) fn check_labels(&self, method: &str) -> Result<(), Error> {
        match self.check_task(method)? {
            Task::Classes => Ok(()),
            other => {
                let name = self.data.name();
                let have = match other {
                    Task::Numbers => "numbers to predict",
                    _ => "several",
                };
                Err(Error::Labels(format!(
                    "{method} needs one class a clip, the clips of `{name}` have {have}"
                )))
            }
        }
    }

    /// What there is to learn from labels.
    ///
    /// # Errors
    /// [`Error::Labels`] if no clip has any.
    pub(super) fn check_task(&self, method: &str) -> Result<Task, Error> {
        let name = self.data.name();
        self.data.task().ok_or_else(|| {
            Error::Labels(format!(
                "{method} needs labels, the clips of `{name}` have none"
            ))
        })
    }

    /// The same with the labels of all but a share of every class taken away.
    ///
    /// # Errors
    /// Whatever the dataset reports.
    pub(super) fn with_labels_of(self, fraction: f64) -> Result<Plan, Error> {
        if fraction == 1.0 {
            return Ok(self);
        }
        Ok(Plan {
            data: self.data.with_labels_of(fraction, self.seed)?,
            ..self
        })
    }

    /// Number of classes, of the whole dataset.
    pub(super) fn n_classes(&self) -> usize {
        self.data.classes().len()
    }

    /// The plan with the features that its encoder brings along, where it says none itself.
    pub(super) fn resolved(mut self) -> Plan {
        let brought = self.encoder.front_end.as_ref().map(|own| &own.recipe);
        let brought = brought.filter(|recipe| **recipe != Recipe::identity());
        let gives = self.views.flow().map(|flow| flow.gives);
        if self.features.is_none() && gives != Ok(Some(Domain::Features)) {
            self.features = brought.cloned();
        }
        self
    }

    /// The views up to what the encoder reads.
    pub(super) fn full_views(&self) -> Result<Views, Error> {
        let gives = self.views.flow()?.gives.unwrap_or(Domain::Wave);
        let reads = self.encoder.architecture().domain();
        match (gives, reads, &self.features) {
            (Domain::Features, Some(Domain::Wave), _)
            | (Domain::Wave, Some(Domain::Wave), Some(_)) => Err(Error::Run {
                message: "the encoder reads waves, the views end in features".to_owned(),
                hint: "leave the features, such as `log_mel()`, out".to_owned(),
            }),
            (Domain::Wave, Some(Domain::Features), None) => Err(Error::Run {
                message: "the views end in waves, the encoder needs features".to_owned(),
                hint: "end the recipe in `log_mel()`, or give `features: log_mel()`".to_owned(),
            }),
            (Domain::Wave, _, Some(features)) => Ok(self.views.then(features)?),
            _ => Ok(self.views.clone()),
        }
    }

    /// The recipe by which a clip as it is becomes what the encoder reads: for waves, none.
    pub(super) fn front_end(&self) -> Result<Recipe, Error> {
        if self.full_views()?.flow()?.gives != Some(Domain::Features) {
            return Ok(Recipe::identity());
        }
        let found = self.views.recipes().iter().find_map(Recipe::front_end);
        found.or_else(|| self.features.clone()).ok_or_else(|| Error::Run {
            message: "the recipe does not say by which one stage a clip becomes features without augmentation".into(),
            hint: "give `features: log_mel()`, with the options of the recipe".into(),
        })
    }

    /// Clips that make a step.
    pub(super) fn clips_per_step(&self) -> usize {
        self.batch * self.accumulate
    }

    /// How an epoch is cut into batches.
    pub(super) fn cut(&self) -> Cut {
        Cut::training(self.batch)
    }

    /// What its batches are made of, scaled.
    pub(super) fn feed(&self, scaling: Scaling) -> Result<Feed, Error> {
        Ok(Feed {
            supply: self.data.clone(),
            by: Preparation {
                views: self.full_views()?,
                scaling,
                seed: self.seed,
            },
        })
    }

    pub(super) fn steps_per_epoch(&self) -> usize {
        self.data.steps(self.cut()) / self.accumulate
    }

    pub(super) fn n_steps(&self) -> usize {
        self.steps_per_epoch() * self.epochs
    }

    /// The encoder's network on a device, its weights not yet there: see [`Plan::drawn`].
    pub(super) fn network(&self, device: &Device) -> Result<Network, Error> {
        Network::new(&self.encoder.architecture(), device)
    }

    /// A learner whose parts are drawn from the seed and whose `encoder` has the plan's weights, and is frozen where the
    /// plan's is.
    ///
    /// One pass over all parts draws the heads, gives the encoder its own weights and names every parameter.
    pub(super) fn drawn<L: Module>(&self, learner: L) -> Result<L, Error> {
        self.drawn_as(learner, Scheme::Rectified)
    }

    /// As [`Plan::drawn`], by another scheme than that of heads behind ReLUs.
    pub(super) fn drawn_as<L: Module>(&self, learner: L, scheme: Scheme) -> Result<L, Error> {
        let own = self.encoder.weights().into_iter();
        let own = own.map(|(name, tensor)| (format!("encoder.{name}"), tensor));
        let learner = initialize_beside(learner, self.seed, scheme, own.collect())?;
        let frozen = self.encoder.frozen_leaves().into_iter();
        let frozen = frozen.map(|name| format!("encoder.{name}")).collect();
        Ok(freeze(learner, &frozen, true))
    }
}
