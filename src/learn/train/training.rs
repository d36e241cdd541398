//! What every method is told besides what is its own, declared once.

use super::history::LOSS;
use super::optimizer::{OPTIMIZER, Optimizer};
use super::optimizers::ADAM;
use super::schedule::{SCHEDULE, Schedule};
use super::schedules::WARMUP_COSINE;
use super::validation::VALIDATION;
use super::{Plan, Validation};
use crate::Error;
use crate::eval::Probe;
use crate::feed::Supply;
use crate::nn::Encoder;
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::Dataset;
use auricle_audio::declare::{
    BELOW_ONE, Declaration, DefaultInside, DefaultValue, Inside, Kind, Parameter,
};
use std::path::PathBuf;
use std::sync::Arc;

/// How a run is trained, whatever its method.
pub struct Training {
    features: Option<Recipe>,
    optimizer: Optimizer,
    schedule: Schedule,
    epochs: usize,
    batch: usize,
    accumulate: usize,
    average: Option<f64>,
    seed: Option<u64>,
    out: Option<PathBuf>,
    every: usize,
    best: Option<String>,
    early_stopping: Option<usize>,
    every_epochs: usize,
}

/// The parameters that all methods have. The defaults are our choice for small batches on a CPU.
pub static TRAINING: Declaration<Training, Error> = Declaration {
    name: "training",
    about: "",
    citation: "",
    parameters: &[
        Parameter::option(
            "features",
            Kind::Nested(&Inside {
                what: "a recipe",
                check: |param, nested| match nested.get::<Recipe>() {
                    Some(_) => Ok(()),
                    None => Err(auricle_audio::Error::range(
                        param,
                        "a recipe",
                        nested.source(),
                    )),
                },
            }),
            DefaultValue::Absent,
            "recipe from waves to features, put behind views that are waves",
        ),
        Parameter::option(
            "optimizer",
            OPTIMIZER,
            DefaultValue::Inside(&DefaultInside(|| ADAM.value())),
            "how a step is made of gradients",
        ),
        Parameter::option(
            "schedule",
            SCHEDULE,
            DefaultValue::Inside(&DefaultInside(|| WARMUP_COSINE.value())),
            "how the learning rate moves",
        ),
        Parameter::option(
            "epochs",
            COUNT,
            DefaultValue::Number(60.0),
            "passes over the data",
        ),
        Parameter::option(
            "batch",
            COUNT,
            DefaultValue::Number(128.0),
            "clips in a step; a last batch that is not full is left out",
        ),
        Parameter::option(
            "accumulate",
            COUNT,
            DefaultValue::Number(1.0),
            "batches that make one step, by the mean of their gradients",
        ),
        Parameter::option(
            "average",
            Kind::Number {
                low: 0.0,
                high: BELOW_ONE,
            },
            DefaultValue::Absent,
            "share of a moving average of all weights that a step leaves, such as 0.999; the average \
             is `run.models.average`; none if not given",
        ),
        Parameter::option(
            "seed",
            Kind::Count {
                low: 0.0,
                high: f64::INFINITY,
            },
            DefaultValue::Absent,
            "seed of order, views and heads; the session's if not given",
        ),
        Parameter::option(
            "out",
            Kind::Folder,
            DefaultValue::Word("runs"),
            "folder under which the run gets a folder of its own; `()` keeps nothing",
        ),
        Parameter::option(
            "every",
            COUNT,
            DefaultValue::Number(1.0),
            "epochs from checkpoint to checkpoint",
        ),
        Parameter::option(
            "best",
            Kind::Text,
            DefaultValue::Absent,
            "figure on validation clips, such as \"validation_accuracy\", whose best epoch is kept: it \
             is `run.model`, and `run.models.best`",
        ),
        Parameter::option(
            "early_stopping",
            COUNT,
            DefaultValue::Absent,
            "epochs after the best one at which training stops; the best is by `best`, or else by \
             \"validation_loss\"; it goes on to the end if not given",
        ),
        Parameter::option(
            "every_epochs",
            COUNT,
            DefaultValue::Number(10.0),
            "epochs from judgement to judgement by the heads of `judge`; the last epoch is judged, too",
        ),
    ],
    facts: (),
    example: "",
    build: |settings| {
        let optimizer = settings.inside::<Optimizer>("optimizer");
        let schedule = settings.inside::<Schedule>("schedule");
        Ok(Training {
            features: settings.inside::<Recipe>("features").cloned(),
            optimizer: optimizer.expect("there is a default").clone(),
            schedule: schedule.expect("there is a default").clone(),
            epochs: settings.count("epochs"),
            batch: settings.count("batch"),
            accumulate: settings.count("accumulate"),
            average: settings.number_if("average"),
            seed: settings.count_if("seed").map(|seed| seed as u64),
            out: settings.chosen("out").map(PathBuf::from),
            every: settings.count("every"),
            best: settings.chosen("best").map(str::to_owned),
            early_stopping: settings.count_if("early_stopping"),
            every_epochs: settings.count("every_epochs"),
        })
    },
};

const COUNT: Kind = Kind::Count {
    low: 1.0,
    high: f64::INFINITY,
};

impl Training {
    /// A plan that trains an encoder on views of clips; `seed` is that of the session.
    pub fn plan(&self, encoder: Encoder, data: Arc<dyn Supply>, views: Views, seed: u64) -> Plan {
        Plan {
            encoder,
            data,
            views,
            features: self.features.clone(),
            optimizer: self.optimizer.clone(),
            schedule: self.schedule.clone(),
            epochs: self.epochs,
            batch: self.batch,
            accumulate: self.accumulate,
            average: self.average,
            seed: self.seed.unwrap_or(seed),
            out: self.out.clone(),
            every: self.every,
            validation: None,
        }
    }

    /// Whether an epoch is to be chosen, or training to stop, by validation clips.
    pub fn chooses(&self) -> bool {
        self.best.is_some() || self.early_stopping.is_some()
    }

    /// How a run is followed on clips that it does not learn from, by probes that are fitted on others.
    pub fn validation(
        &self,
        clips: Dataset,
        fitted_on: Option<Dataset>,
        judge: Vec<Probe>,
    ) -> Validation {
        Validation {
            clips: Some(clips.clone()),
            fitted_on,
            judge,
            ..self.followed(Arc::new(clips))
        }
    }

    /// How a run is followed on sounds that it does not learn from, by the figures of its method.
    pub fn followed(&self, supply: Arc<dyn Supply>) -> Validation {
        let stops = self.early_stopping.is_some();
        let by_loss = || stops.then(|| format!("{VALIDATION}{LOSS}"));
        Validation {
            supply,
            clips: None,
            fitted_on: None,
            judge: Vec::new(),
            every_epochs: self.every_epochs,
            best: self.best.clone().or_else(by_loss),
            early_stopping: self.early_stopping,
        }
    }
}
