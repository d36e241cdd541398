//! A training run: from a description to a trained encoder, across interruptions.

use super::checkpoint::{Best, Checkpoint, State};
use super::described::{DescribedMethod, fingerprint, settings};
use super::earlier::unused;
use super::fitting::Trainer;
use super::folder::{Held, Kept, first_views};
use super::head::LinearHead;
use super::joined::Joined;
use super::shared_plan::shared_plan;
use super::{EpochRecord, History, Plan};
use crate::Error;
use crate::feed::{Stop, Workers};
use crate::nn::Encoder;
use burn::tensor::Device;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A run and what came of it. Cheap to clone; clones share the result.
#[derive(Clone)]
pub struct Run {
    plan: Arc<Plan>,
    methods: Joined,
    /// What decides the result, as a word.
    pub(super) fingerprint: Arc<str>,
    outcome: Arc<Mutex<Option<Outcome>>>,
    training: Arc<AtomicBool>,
}

struct Outcome {
    /// By name; the first is that of the last epoch.
    encoders: Vec<(String, Encoder)>,
    /// The linear layer behind the one that the run gives, where its method has one.
    head: Option<LinearHead>,
    history: History,
    /// The epoch that was chosen, where one is.
    best: Option<Best>,
    /// Where the run was interrupted, by the user or an error; `None` if it is finished.
    interrupted: Option<Progress>,
}

/// A run that can go on.
struct Progress {
    epoch: usize,
    step: usize,
    /// What it goes on from, unless that is on disk.
    checkpoint: Option<Checkpoint>,
}

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

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Outcome>> {
        self.outcome
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Trains to the end. A run of the same description that was interrupted goes on from its checkpoint, and one that
    /// was finished is loaded; the result is the same as that of a run that was never interrupted. Another process that
    /// trains it in the same folder is waited for.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if asked to stop, after the checkpoint was written, or [`Error::Stopped`] if there was nothing
    /// to keep yet; [`Error::Diverged`] if the loss is no number any more; and whatever data, model and disk report.
    pub fn fit(&self, options: FitOptions<'_>) -> Result<(), Error> {
        let _training = Training::begin(&self.training);
        self.train(options)
    }

    fn train(&self, mut options: FitOptions<'_>) -> Result<(), Error> {
        let file = self
            .folder()
            .map(|folder| folder.join("checkpoint.safetensors"));
        let is_done = |file: &PathBuf| Checkpoint::brief(file).is_some_and(|found| found.finished);
        let _held = match self.folder() {
            // What is done is read, by as many as like.
            Some(folder) if options.fresh || !file.as_ref().is_some_and(is_done) => {
                let note = &mut |note| (options.observe)(Event::Note(note));
                Held::wait(&folder, options.stop, note)?
            }
            _ => None,
        };
        // What is kept in memory could not be written, so it is newer than what is on disk.
        let kept = || {
            self.lock()
                .as_ref()
                .and_then(|outcome| outcome.interrupted.as_ref()?.checkpoint.clone())
        };
        let found = match (options.fresh, kept(), &file) {
            (true, _, _) | (false, None, None) => None,
            (false, Some(kept), _) => Some(kept),
            (false, None, Some(file)) => Checkpoint::read(file)?,
        };
        let training = options.device.clone().autodiff();
        let mut objective = self.methods.begin(&self.plan, &training)?;
        let found = found.filter(|found| found.state.fingerprint == *self.fingerprint);
        let is_new = found.is_none();
        let (state, best) = match found {
            Some(found) => found.restore(&mut objective)?,
            None => {
                if let Some(folder) = self.folder().filter(|_| !options.fresh) {
                    let found = unused(&folder, &self.methods.name(), &self.settings());
                    found
                        .into_iter()
                        .for_each(|note| (options.observe)(Event::Note(note)));
                }
                let front_end = self.plan.front_end()?;
                let data = &self.plan.data;
                let scaling = data.measure(&front_end, options.workers, options.stop)?;
                (State::new(self.fingerprint.to_string(), scaling), None)
            }
        };
        let place = self
            .folder()
            .map(|folder| format!(" in {}", folder.display()))
            .unwrap_or_default();
        if state.finished {
            (options.observe)(Event::Note(format!(
                "already trained: loaded from the run{place}"
            )));
        } else if state.epoch + state.step > 0 {
            let (epoch, step) = (state.epoch, state.step);
            (options.observe)(Event::Note(format!(
                "going on after epoch {epoch}, step {step}, from the run{place}"
            )));
            (options.observe)(Event::Earlier(&state.history));
        }
        let seen = match &file {
            Some(_) if !state.finished => first_views(&self.plan, state.scaling, options.workers)?,
            _ => Vec::new(),
        };
        let mut trainer = Trainer {
            run: self,
            objective,
            state,
            best,
            file,
            kept: Kept::with(seen),
            training,
        };
        if is_new {
            trainer.check_choice(&options)?;
        }
        let ended = trainer.rest(&mut options);
        let (epoch, step) = (trainer.state.epoch, trainer.state.step);
        let interrupted = match &ended {
            Ok(()) => None,
            // There is nothing to keep.
            Err(Error::Diverged { .. }) => return ended,
            Err(_) if epoch + step == 0 || trainer.objective.is_lost() => return ended,
            Err(Error::Interrupted {
                checkpoint: Some(_),
                ..
            }) => Some(Progress {
                epoch,
                step,
                checkpoint: None,
            }),
            Err(_) => Some(Progress {
                epoch,
                step,
                checkpoint: Some(trainer.checkpoint()?),
            }),
        };
        let encoders = trainer.encoders(options.device)?;
        if let Some(folder) = self.folder().filter(|_| interrupted.is_none()) {
            for (index, (name, encoder)) in encoders.iter().enumerate() {
                let file = match index {
                    0 => "model.safetensors".to_owned(),
                    _ => format!("model-{name}.safetensors"),
                };
                encoder.save(&folder.join(file))?;
            }
        }
        let head = match &trainer.best {
            Some(best) => LinearHead::of_best(best),
            None => LinearHead::of(&trainer.objective.tensors()?),
        };
        *self.lock() = Some(Outcome {
            encoders,
            head,
            history: trainer.state.history,
            best: trainer.state.best,
            interrupted,
        });
        ended
    }
}

/// While this lives, the run says that it is being trained.
struct Training<'a>(&'a AtomicBool);

impl Training<'_> {
    fn begin(flag: &AtomicBool) -> Training<'_> {
        flag.store(true, Ordering::Relaxed);
        Training(flag)
    }
}

impl Drop for Training<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
