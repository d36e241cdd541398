//! A training run: from a description to a trained encoder, across interruptions.

use super::checkpoint::{Best, Checkpoint};
use super::described::DescribedMethod;
use super::head::LinearHead;
use super::history::spoken;
use super::identity::{fingerprint, settings};
use super::joined::Joined;
use super::shared_plan::shared_plan;
use super::{History, Plan};
use crate::Error;
use crate::eval::Curve;
use crate::nn::Encoder;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A run and what came of it. Cheap to clone; clones share the result.
#[derive(Clone)]
pub struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) methods: Joined,
    /// What decides the result, as a word.
    pub(super) fingerprint: Arc<str>,
    outcome: Arc<Mutex<Option<Outcome>>>,
    pub(super) training: Arc<AtomicBool>,
}

pub(super) struct Outcome {
    /// By name; the first is that of the last epoch.
    pub(super) encoders: Vec<(String, Encoder)>,
    /// The linear layer behind the one that the run gives, where its method has one.
    pub(super) head: Option<LinearHead>,
    pub(super) history: History,
    /// The epoch that was chosen, where one is.
    pub(super) best: Option<Best>,
    /// Where the run was interrupted, by the user or an error; `None` if it is finished.
    pub(super) interrupted: Option<Progress>,
}

/// A run that can go on.
pub(super) struct Progress {
    pub(super) epoch: usize,
    pub(super) step: usize,
    /// What it goes on from, unless that is on disk.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// The epoch whose encoder a run gives, chosen by a figure on validation clips.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Which, from 1.
    pub epoch: usize,
    /// The figure that it has the best value of.
    pub figure: String,
    /// That value.
    pub value: f64,
}

/// The name of the chosen epoch's encoder among those of a run.
pub const BEST: &str = "best";

impl Run {
    /// A run of a method by its description.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Labels`] or [`Error::Run`] if the parts do not fit, naming the part.
    pub fn new(method: DescribedMethod, plan: Plan) -> Result<Run, Error> {
        let mut plan = method.plan(plan.resolved())?;
        // Whatever is done with the encoder later, this run begins with it as it is now.
        plan.encoder = plan.encoder.copy();
        Run::of(Joined::one(method), plan)
    }

    fn of(methods: Joined, plan: Plan) -> Result<Run, Error> {
        methods.check(&plan)?;
        plan.check()?;
        if let Some(validation) = &plan.validation {
            validation.check(&plan, methods.reads_labels())?;
        }
        let fingerprint = fingerprint(&methods, &plan).into();
        Ok(Run {
            plan: Arc::new(plan),
            methods,
            fingerprint,
            outcome: Arc::default(),
            training: Arc::default(),
        })
    }

    /// The same run with its loss multiplied, not yet trained.
    ///
    /// # Errors
    /// [`Error::Range`] unless the factor is a number above 0.
    pub fn scaled(&self, factor: f64) -> Result<Run, Error> {
        Run::of(self.methods.scaled(factor)?, Plan::clone(&self.plan))
    }

    /// A run that trains one encoder by the methods of both, on one batch at a time, not yet trained.
    ///
    /// # Errors
    /// [`Error::Run`] if they differ in anything that the whole run has once, naming it.
    pub fn joined(&self, other: &Run) -> Result<Run, Error> {
        let plan = shared_plan((&self.methods, &self.plan), (&other.methods, &other.plan))?;
        Run::of(self.methods.and(&other.methods), plan)
    }

    /// What it was told.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn shared_plan(&self) -> Arc<Plan> {
        self.plan.clone()
    }

    /// Whether it compares two views of a clip.
    pub(super) fn compares_views(&self) -> bool {
        self.methods.compare_views()
    }

    /// Its method, as the method's authors write it; methods that are joined, with their weights.
    pub fn title(&self) -> String {
        self.methods.title()
    }

    /// Its loss and other figures over the epochs, for reports.
    pub fn curves(&self) -> Vec<Curve> {
        let history = self.history();
        let curve = |name: &str| Curve {
            name: spoken(name),
            values: history.curve(name),
        };
        history.followed().into_iter().map(curve).collect()
    }

    /// The name of [`Run::encoder`] for reports.
    pub fn title_of_encoder(&self) -> String {
        match self.chosen() {
            None => self.title_of_last(),
            Some(Chosen { epoch, figure, .. }) => {
                format!(
                    "{} encoder of epoch {epoch}, best by {figure}",
                    self.title()
                )
            }
        }
    }

    /// The name of the encoder after the last epoch.
    pub fn title_of_last(&self) -> String {
        let title = self.title();
        match (self.interrupted(), self.chosen()) {
            (Some((epoch, step)), _) => {
                format!("{title} encoder, interrupted after epoch {epoch}, step {step}")
            }
            (None, Some(_)) => {
                let epochs = self.history().epochs.len();
                format!("{title} encoder of the last epoch, {epochs}")
            }
            (None, None) => format!("{title} encoder"),
        }
    }

    /// What it is, as lines of a name and a value; equal for runs that do the same.
    pub fn settings(&self) -> Vec<(String, String)> {
        settings(&self.methods, &self.plan)
    }

    /// The folder of the run: a name for it under `out`. Runs that differ in anything have different folders.
    pub fn folder(&self) -> Option<PathBuf> {
        let name = format!("{}-{}", self.methods.name(), &self.fingerprint[..8]);
        self.plan.out.as_ref().map(|out| out.join(name))
    }

    /// The encoder as it was trained so far, once the run is done or was interrupted: that of the chosen epoch, where one is
    /// chosen, else that of the last one.
    pub fn encoder(&self) -> Option<Encoder> {
        let encoders = self.encoders();
        let best = encoders.iter().position(|(name, _)| name == BEST);
        let (_, encoder) = encoders.into_iter().nth(best.unwrap_or(0))?;
        Some(encoder)
    }

    /// All encoders that its methods train, by name, as they were trained so far, and [`BEST`] where an epoch is chosen;
    /// what is done with them does not reach the run.
    pub fn encoders(&self) -> Vec<(String, Encoder)> {
        let copied = |(name, encoder): &(String, Encoder)| (name.clone(), encoder.copy());
        self.lock()
            .as_ref()
            .map(|outcome| outcome.encoders.iter().map(copied).collect())
            .unwrap_or_default()
    }

    /// The linear layer that was trained behind [`Run::encoder`], of the same epoch, where its method alone has one, as
    /// supervised training does. A number is given in its own unit.
    pub fn head(&self) -> Option<LinearHead> {
        let head = self.lock().as_ref()?.head.clone()?;
        Some(match self.plan.data.numbers() {
            Some(scaling) => head.in_units_of(scaling),
            None => head,
        })
    }

    /// The epoch whose encoder it gives, where one is chosen.
    pub fn chosen(&self) -> Option<Chosen> {
        let figure = self.plan.validation.as_ref()?.best.clone()?;
        let best = self.lock().as_ref()?.best?;
        Some(Chosen {
            epoch: best.epoch,
            figure,
            value: best.value,
        })
    }

    /// What happened so far.
    pub fn history(&self) -> History {
        self.lock()
            .as_ref()
            .map(|outcome| outcome.history.clone())
            .unwrap_or_default()
    }

    /// Whether it is being trained.
    pub fn is_training(&self) -> bool {
        self.training.load(Ordering::Relaxed)
    }

    /// The epochs done, and the steps of the next one, if the run was interrupted by the user or an error.
    pub fn interrupted(&self) -> Option<(usize, usize)> {
        self.lock()
            .as_ref()?
            .interrupted
            .as_ref()
            .map(|progress| (progress.epoch, progress.step))
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Option<Outcome>> {
        self.outcome
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
