//! A training run: from a description to a trained encoder, across interruptions.

use super::checkpoint::Sum;
use super::checkpoint::{Checkpoint, State};
use super::described::{DescribedMethod, fingerprint, settings};
use super::history::{LEARNING_RATE, LOSS};
use super::monitor::Monitor;
use super::objective::{Moment, Objective, Step, Stepped, Term};
use super::{EpochRecord, History, Plan};
use crate::Error;
use crate::batch::Scaling;
use crate::feed::{Stop, Workers};
use crate::nn::{Encoder, FrontEnd};
use auricle_audio::io::write_whole;
use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A run and what came of it. Cheap to clone; clones share the result.
#[derive(Clone)]
pub struct Run {
    plan: Arc<Plan>,
    method: DescribedMethod,
    /// What decides the result, as a word.
    pub(super) fingerprint: Arc<str>,
    outcome: Arc<Mutex<Option<Outcome>>>,
    training: Arc<AtomicBool>,
}

struct Outcome {
    /// By name; the first is the one that was asked for.
    encoders: Vec<(&'static str, Encoder)>,
    history: History,
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
}

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(200);
/// Time after which a checkpoint is written even inside an epoch.
const SAVE_EVERY: Duration = Duration::from_secs(300);

impl Run {
    /// A run of a method by its description.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Labels`] or [`Error::Run`] if the parts do not fit, naming the part.
    pub fn new(method: DescribedMethod, plan: Plan) -> Result<Run, Error> {
        let mut plan = method.plan(plan.resolved())?;
        // Whatever is done with the encoder later, this run begins with it as it is now.
        plan.encoder = plan.encoder.copy();
        let facts = &method.declaration().facts;
        if facts.n_views == 2 {
            plan.check_two_views(facts.title)?;
        }
        method.check(&plan)?;
        plan.check()?;
        let fingerprint = fingerprint(&method, &plan).into();
        Ok(Run {
            plan: Arc::new(plan),
            method,
            fingerprint,
            outcome: Arc::default(),
            training: Arc::default(),
        })
    }

    /// What it was told.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its method, as the method's authors write it.
    pub fn title(&self) -> &'static str {
        self.method.declaration().facts.title
    }

    /// What it is, as lines of a name and a value; equal for runs that do the same.
    pub fn settings(&self) -> Vec<(String, String)> {
        settings(&self.method, &self.plan)
    }

    /// The folder of the run: a name for it under `out`. Runs that differ in anything have different folders.
    pub fn folder(&self) -> Option<PathBuf> {
        let name = format!(
            "{}-{}",
            self.method.declaration().name,
            &self.fingerprint[..8]
        );
        self.plan.out.as_ref().map(|out| out.join(name))
    }

    /// The encoder as it was trained so far, once the run is done or was interrupted.
    pub fn encoder(&self) -> Option<Encoder> {
        let (_, encoder) = self.encoders().into_iter().next()?;
        Some(encoder)
    }

    /// All encoders that its method trains, by name, as they were trained so far; what is done
    /// with them does not reach the run.
    pub fn encoders(&self) -> Vec<(&'static str, Encoder)> {
        let copied = |(name, encoder): &(&'static str, Encoder)| (*name, encoder.copy());
        self.lock()
            .as_ref()
            .map(|outcome| outcome.encoders.iter().map(copied).collect())
            .unwrap_or_default()
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
    /// was finished is loaded; the result is the same as that of a run that was never interrupted.
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
        let mut objective = self.method.begin(&self.plan, &training)?;
        let optimizer = objective.optimizer(&self.plan.optimizer)?;
        let (optimizer, state) = match found {
            Some(found) if found.state.fingerprint == *self.fingerprint => {
                found.restore(&mut *objective, optimizer)?
            }
            _ => {
                let front_end = self.plan.front_end()?;
                let data = &self.plan.data;
                let scaling = data.measure(&front_end, options.workers, options.stop)?;
                (optimizer, self.beginning(scaling))
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
        let mut trainer = Trainer {
            run: self,
            objective,
            optimizer,
            state,
            file,
            training,
        };
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
        *self.lock() = Some(Outcome {
            encoders,
            history: trainer.state.history,
            interrupted,
        });
        ended
    }

    fn beginning(&self, scaling: Scaling) -> State {
        State {
            fingerprint: self.fingerprint.to_string(),
            epoch: 0,
            step: 0,
            losses: Vec::new(),
            sums: Vec::new(),
            elapsed_s: [0.0; 2],
            scaling,
            history: History::default(),
            finished: false,
        }
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

/// A run under way.
struct Trainer<'a> {
    run: &'a Run,
    objective: Box<dyn Objective>,
    optimizer: ModuleOptimizer,
    state: State,
    file: Option<PathBuf>,
    training: Device,
}

impl Trainer<'_> {
    /// Trains to the end.
    fn rest(&mut self, options: &mut FitOptions<'_>) -> Result<(), Error> {
        while !self.state.finished {
            self.epoch(options)?;
        }
        Ok(())
    }

    /// Trains the rest of the epoch that the state stands in.
    fn epoch(&mut self, options: &mut FitOptions<'_>) -> Result<(), Error> {
        let plan = self.run.plan.clone();
        let steps = plan.steps_per_epoch();
        let total = plan.n_steps();
        let feed = plan.feed(self.state.scaling)?;
        let (epoch, first) = (self.state.epoch, self.state.step);
        let mut loader = feed.epoch(epoch, plan.cut(), first * plan.accumulate, options.workers);
        let start = Instant::now();
        let (mut reported, mut saved) = (start, start);
        let mut pending: Vec<(Tensor<1>, Vec<Term>)> = Vec::new();
        let mut learning_rate = 0.0;
        let mut last_rows = Vec::new();
        while self.state.step < steps {
            let made = loader.by_ref().take(plan.accumulate);
            let mut batches = match made.collect::<Result<Vec<_>, _>>() {
                Ok(batches) => batches,
                Err(error) => {
                    self.read_terms(&mut pending)?;
                    self.note_time(start, loader.waited());
                    return Err(error);
                }
            };
            let at = epoch * steps + self.state.step;
            learning_rate = plan.optimizer.learning_rate * plan.schedule.factor(at, total, steps);
            let by = Step {
                optimizer: &mut self.optimizer,
                description: &plan.optimizer,
                learning_rate,
                at: Moment {
                    done: at + 1,
                    total,
                },
                device: &self.training,
            };
            let Stepped {
                loss,
                figures,
                rows,
            } = self.objective.step(&mut batches, by)?;
            last_rows = rows;
            pending.push((loss, figures));
            self.state.step += 1;
            let now = Instant::now();
            let last = self.state.step == steps;
            let stop = (options.stop)();
            // Reading a number waits for the device, so terms are read in bunches.
            if last || stop || now - reported >= REPORT_EVERY {
                reported = now;
                self.read_terms(&mut pending)?;
                (options.observe)(Event::Progress(self.progress(
                    start,
                    first,
                    loader.waited(),
                )));
            }
            if stop && !last {
                self.note_time(start, loader.waited());
                return Err(self.interrupted(options));
            }
            if now - saved >= SAVE_EVERY && !last {
                saved = now;
                let elapsed = self.state.elapsed_s;
                self.read_terms(&mut pending)?;
                self.note_time(start, loader.waited());
                self.save()?;
                self.state.elapsed_s = elapsed;
            }
        }
        let progress = self.progress(start, first, loader.waited());
        self.note_time(start, loader.waited());
        self.close_epoch(learning_rate, &last_rows, progress, options)?;
        if (options.stop)() && !self.state.finished {
            return Err(self.interrupted(options));
        }
        Ok(())
    }

    fn close_epoch(
        &mut self,
        learning_rate: f64,
        rows: &[Tensor<2>],
        progress: RunProgress,
        options: &mut FitOptions<'_>,
    ) -> Result<(), Error> {
        let plan = &self.run.plan;
        let monitor = Monitor::of(rows)?;
        let mut record = EpochRecord::new(self.state.epoch + 1);
        record.push(LOSS, mean(&self.state.losses));
        record.push(LEARNING_RATE, learning_rate);
        // What no batch of the epoch could tell, such as the accuracy without labels, is left out.
        for sum in self.state.sums.iter().filter(|sum| sum.weight > 0.0) {
            record.push(&sum.name, sum.value / sum.weight);
        }
        for (name, value) in monitor.figures {
            record.push(name, value);
        }
        record.push_cost(
            plan.steps_per_epoch() * plan.clips_per_step(),
            self.state.elapsed_s,
        );
        self.state.history.epochs.push(record.clone());
        self.state.epoch += 1;
        self.state.step = 0;
        self.state.losses.clear();
        self.state.sums.clear();
        self.state.elapsed_s = [0.0; 2];
        self.state.finished = self.state.epoch == plan.epochs;
        if self.state.finished || self.state.epoch.is_multiple_of(plan.every) {
            self.save()?;
        }
        (options.observe)(Event::Epoch(&record, progress));
        if let Some(warning) = monitor.warning {
            let text = format!("epoch {}: {warning}", record.epoch);
            (options.observe)(Event::Note(text));
        }
        Ok(())
    }

    fn read_terms(&mut self, pending: &mut Vec<(Tensor<1>, Vec<Term>)>) -> Result<(), Error> {
        for (loss, figures) in pending.drain(..) {
            let loss = number(loss);
            self.state.losses.push(loss);
            if !loss.is_finite() {
                let (epoch, step) = (self.state.epoch + 1, self.state.losses.len());
                return Err(Error::Diverged { loss, epoch, step });
            }
            for term in figures {
                self.add(term);
            }
        }
        Ok(())
    }

    /// Takes a figure of a step into its sum.
    fn add(&mut self, term: Term) {
        let sums = &mut self.state.sums;
        let index = match sums.iter().position(|sum| sum.name == term.name) {
            Some(index) => index,
            None => {
                sums.push(Sum {
                    name: term.name.to_owned(),
                    value: 0.0,
                    weight: 0.0,
                });
                sums.len() - 1
            }
        };
        sums[index].value += term.weight * number(term.value);
        sums[index].weight += term.weight;
    }

    fn note_time(&mut self, start: Instant, waited: Duration) {
        self.state.elapsed_s[0] += start.elapsed().as_secs_f64();
        self.state.elapsed_s[1] += waited.as_secs_f64();
    }

    fn progress(&self, start: Instant, first: usize, waited: Duration) -> RunProgress {
        let plan = &self.run.plan;
        let elapsed = start.elapsed().as_secs_f64().max(1e-9);
        let done = self.state.epoch * plan.steps_per_epoch() + self.state.step;
        let total = plan.n_steps();
        let per_s = (self.state.step - first) as f64 / elapsed;
        RunProgress {
            done,
            total,
            epochs: plan.epochs,
            epoch: self.state.epoch + 1,
            loss: mean(&self.state.losses),
            clips_per_s: per_s * plan.clips_per_step() as f64,
            waiting: waited.as_secs_f64() / elapsed,
            left_s: (total - done) as f64 / per_s.max(1e-9),
        }
    }

    fn checkpoint(&self) -> Result<Checkpoint, Error> {
        Checkpoint::of(&*self.objective, &self.optimizer, &self.state)
    }

    fn save(&self) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let checkpoint = self.checkpoint()?;
        checkpoint.write(file)?;
        write_whole(
            &beside(file, "history.csv"),
            self.state.history.to_csv().as_bytes(),
        )?;
        let settings: String = self
            .run
            .settings()
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        Ok(write_whole(
            &beside(file, "settings.txt"),
            settings.as_bytes(),
        )?)
    }

    /// Keeps the state on disk, where it can be kept there.
    fn interrupted(&mut self, options: &mut FitOptions<'_>) -> Error {
        let checkpoint = match (&self.file, self.save()) {
            (Some(file), Ok(())) => Some(file.display().to_string()),
            (None, _) => None,
            (Some(_), Err(error)) => {
                (options.observe)(Event::Note(format!(
                    "the checkpoint could not be written: {error}"
                )));
                None
            }
        };
        Error::Interrupted {
            epoch: self.state.epoch,
            step: self.state.step,
            checkpoint,
        }
    }

    fn encoders(&self, device: &Device) -> Result<Vec<(&'static str, Encoder)>, Error> {
        let front_end = FrontEnd {
            recipe: self.run.plan.front_end()?,
            scaling: self.state.scaling,
        };
        let encoder = |(name, weights)| {
            let mut encoder = self.run.plan.encoder.with_weights(&weights, device)?;
            encoder.front_end = Some(front_end.clone());
            Ok((name, encoder))
        };
        let encoders = self.objective.encoders()?;
        encoders.into_iter().map(encoder).collect()
    }
}

fn beside(file: &Path, name: &str) -> PathBuf {
    file.with_file_name(name)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn number(value: Tensor<1>) -> f64 {
    value.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}
