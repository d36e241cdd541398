//! SimCLR: what is trained, and one step of it.

use super::{Optimizer, Schedule};
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Given, Loss};
use crate::nn::{Encoder, Network, Projector, initialize};
use auricle_audio::augment::{Domain, Recipe, Views};
use auricle_audio::dataset::{Dataset, Source};
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

/// A contrastive training run, described. Chen et al., "A Simple Framework for Contrastive Learning of Visual
/// Representations", 2020: two views of every clip, an encoder, a projector, NT-Xent.
#[derive(Clone)]
pub struct SimClr {
    /// The encoder to start from; it is copied, never changed.
    pub encoder: Encoder,
    /// The clips; labels are not looked at.
    pub data: Dataset,
    /// The two views.
    pub views: Views,
    /// From a wave to features, for views that are waves; `None` if the views compute features.
    pub features: Option<Recipe>,
    /// The loss of the projected views; one that needs no labels.
    pub loss: Loss,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Its schedule.
    pub schedule: Schedule,
    /// Passes over the data.
    pub epochs: usize,
    /// Clips in a step.
    pub batch: usize,
    /// Seed of order, views and projector.
    pub seed: u64,
    /// Sizes of the projector.
    pub projection: Projection,
    /// Folder under which the run keeps its checkpoint; nothing is kept if `None`.
    pub out: Option<PathBuf>,
    /// Epochs from checkpoint to checkpoint.
    pub every: usize,
}

/// Sizes of the projector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// Of the hidden layers; as the encoder's features if `None`.
    pub hidden: Option<usize>,
    /// Of the output.
    pub output: usize,
}

impl SimClr {
    /// Checks that the parts fit, before any clip is read.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::Run`], naming the part.
    pub fn check(&self) -> Result<(), Error> {
        self.optimizer.check()?;
        self.schedule.check()?;
        let run = |message: String, hint: &str| {
            Err(Error::Run {
                message,
                hint: hint.to_owned(),
            })
        };
        if self.views.recipes().len() != 2 {
            let n = self.views.recipes().len();
            return run(
                format!("SimCLR compares two views, the recipe makes {n}"),
                "write `views(2, recipe)`",
            );
        }
        if self.epochs == 0 || self.every == 0 {
            return Err(Error::range(
                if self.epochs == 0 { "epochs" } else { "every" },
                "at least 1",
                0,
            ));
        }
        self.loss.check()?;
        if !self.loss.takes_views() {
            return run(
                format!(
                    "SimCLR has two views and no labels, which is not what `{}` is computed from",
                    self.loss.name()
                ),
                "give a loss of two views, such as `nt_xent(0.5)`",
            );
        }
        if self.projection.output == 0 || self.projection.hidden == Some(0) {
            return Err(Error::range("projection", "at least 1", 0));
        }
        if self.batch < 2 {
            return Err(Error::range(
                "batch",
                "at least 2: other clips are the negatives",
                self.batch,
            ));
        }
        if self.batch > self.data.len() {
            let message = format!(
                "a batch of {} is more than the {} training clips",
                self.batch,
                self.data.len()
            );
            return run(message, "give a smaller `batch`");
        }
        self.full_views()?;
        self.front_end()?;
        Ok(())
    }

    /// The views up to features.
    pub(super) fn full_views(&self) -> Result<Views, Error> {
        let gives = self.views.flow()?.gives.unwrap_or(Domain::Wave);
        Ok(match (gives, &self.features) {
            (Domain::Features, _) => self.views.clone(),
            (Domain::Wave, Some(features)) => self.views.then(features)?,
            (Domain::Wave, None) => {
                let message = "the views end in waves, the encoder needs features".to_owned();
                let hint =
                    "end the recipe in `log_mel()`, or give `features: log_mel()`".to_owned();
                return Err(Error::Run { message, hint });
            }
        })
    }

    /// The recipe that computes features from a clip as it is.
    pub(super) fn front_end(&self) -> Result<Recipe, Error> {
        let found = self.views.recipes().iter().find_map(Recipe::front_end);
        found.or_else(|| self.features.clone()).ok_or_else(|| Error::Run {
            message: "the recipe does not say by which one stage a clip becomes features without augmentation".into(),
            hint: "give `features: log_mel()`, with the options of the recipe".into(),
        })
    }

    pub(super) fn steps_per_epoch(&self) -> usize {
        self.data.len() / self.batch
    }

    /// What the run is, as lines of a name and a value; equal for runs that do the same.
    pub fn settings(&self) -> Vec<(String, String)> {
        let hidden = self.projection.hidden.unwrap_or(self.encoder.dim());
        let lines = [
            (
                "data",
                format!("{}, {} clips", self.data.name(), self.data.len()),
            ),
            ("encoder", self.encoder.architecture().to_string()),
            ("recipe", self.views.to_string()),
            (
                "features",
                self.features
                    .as_ref()
                    .map_or_else(|| "in the recipe".into(), Recipe::to_string),
            ),
            ("loss", self.loss.to_string()),
            ("optimizer", self.optimizer.to_string()),
            ("schedule", self.schedule.to_string()),
            ("epochs", self.epochs.to_string()),
            ("batch", self.batch.to_string()),
            (
                "projector",
                format!(
                    "{} to {hidden} to {hidden} to {}",
                    self.encoder.dim(),
                    self.projection.output
                ),
            ),
            ("seed", self.seed.to_string()),
        ];
        lines
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// A name for everything that decides the result: settings, initial weights, clips and the version of the program.
    pub fn fingerprint(&self) -> String {
        let mut hash = Xxh3::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        };
        add(env!("CARGO_PKG_VERSION"));
        for (name, value) in self.settings() {
            add(&name);
            add(&value);
        }
        add(&format!("{:?}", self.data.form()));
        for clip in self.data.clips() {
            match &clip.source {
                // The name and the size stand for the content: a copy of the data elsewhere is the same data.
                Source::File(path) => {
                    add(&path
                        .file_name()
                        .map(|name| name.to_string_lossy())
                        .unwrap_or_default());
                    add(&path
                        .metadata()
                        .map_or(0, |metadata| metadata.len())
                        .to_string());
                }
                Source::Wave(wave) => add(&format!("{}", wave_hash(wave.samples()))),
            }
        }
        for (name, tensor) in self.encoder.weights() {
            add(&name);
            add(&format!("{}", wave_hash(&tensor.values)));
        }
        format!("{:016x}", hash.digest())
    }
}

fn wave_hash(values: &[f32]) -> u64 {
    let mut hash = Xxh3::new();
    values
        .iter()
        .for_each(|value| hash.update(&value.to_le_bytes()));
    hash.digest()
}

/// What is trained.
#[derive(Module, Debug)]
pub(super) struct Learner {
    pub(super) encoder: Network,
    pub(super) head: Projector,
}

impl Learner {
    /// The encoder's own weights, and a projector drawn from the seed.
    pub(super) fn new(config: &SimClr, device: &Device) -> Result<Learner, Error> {
        let hidden = config.projection.hidden.unwrap_or(config.encoder.dim());
        let encoder = config
            .encoder
            .with_weights(&config.encoder.weights(), device)?
            .network()
            .clone();
        let head = Projector::new(
            config.encoder.dim(),
            hidden,
            config.projection.output,
            device,
        );
        let weights = crate::nn::export(&encoder);
        // One pass over both parts draws the head and names every parameter; the encoder then gets its own weights back.
        let learner = initialize(Learner { encoder, head }, config.seed)?;
        let encoder = crate::nn::import(learner.encoder, &weights)?;
        Ok(Learner {
            encoder,
            head: learner.head,
        })
    }

    fn project(&self, x: Tensor<4>) -> Result<Tensor<2>, Error> {
        self.head.forward(self.encoder.forward(x))
    }
}

/// What a step gives back: the learner, its loss, and the projected views.
pub(super) struct Stepped {
    pub(super) learner: Learner,
    pub(super) loss: Tensor<1>,
    pub(super) views: [Tensor<2>; 2],
}

/// One optimizer step on a batch. Each view goes through the encoder by itself, with batch statistics of its own.
pub(super) fn step(
    learner: Learner,
    optimizer: &mut ModuleOptimizer,
    batch: &mut Batch,
    learning_rate: f64,
    config: &SimClr,
    device: &Device,
) -> Result<Stepped, Error> {
    let a = learner.project(batch.features(0, device)?)?;
    let b = learner.project(batch.features(1, device)?)?;
    let loss = config.loss.of(Given::views(a.clone(), b.clone()))?;
    let gradients = GradientsParams::from_grads(loss.backward(), &learner);
    let gradients = config.optimizer.clip(&learner, gradients);
    let learner = optimizer.step(learning_rate, learner, gradients);
    Ok(Stepped {
        learner,
        loss: loss.inner(),
        views: [a, b],
    })
}
