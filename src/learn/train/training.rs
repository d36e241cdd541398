//! What every method is told besides what is its own, declared once.

use super::Plan;
use super::optimizer::{OPTIMIZER, Optimizer};
use super::optimizers::ADAM;
use super::schedule::{SCHEDULE, Schedule};
use super::schedules::WARMUP_COSINE;
use crate::Error;
use crate::feed::Supply;
use crate::nn::Encoder;
use auricle_audio::augment::{Recipe, Views};
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
        }
    }
}
