//! A training run: from a description to a trained encoder, across interruptions.

use super::checkpoint::{Checkpoint, State};
use super::monitor::Monitor;
use super::simclr::{Learner, step};
use super::{EpochRecord, History, SimClr};
use crate::Error;
use crate::batch::{Feed, Scaling, Stop, Workers, measure};
use crate::nn::{Encoder, FrontEnd, export};
use auricle_audio::io::write_whole;
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A run and what came of it. Cheap to clone; clones share the result.
#[derive(Clone)]
pub struct Run {
    config: Arc<SimClr>,
    fingerprint: Arc<str>,
    outcome: Arc<Mutex<Option<Outcome>>>,
    training: Arc<AtomicBool>,
}

struct Outcome {
    encoder: Encoder,
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
    /// A run by its description.
    ///
    /// # Errors
    /// What [`SimClr::check`] reports.
    pub fn new(config: SimClr) -> Result<Run, Error> {
        config.check()?;
        let fingerprint = config.fingerprint().into();
        Ok(Run {
            config: Arc::new(config),
            fingerprint,
            outcome: Arc::default(),
            training: Arc::default(),
        })
    }

    /// Its description.
    pub fn config(&self) -> &SimClr {
        &self.config
    }

    /// The folder of the run: a name for it under `out`. Runs that differ in anything have different folders.
    pub fn folder(&self) -> Option<PathBuf> {
        self.config
            .out
            .as_ref()
            .map(|out| out.join(format!("simclr-{}", &self.fingerprint[..8])))
    }

    /// The encoder as it was trained so far, once the run is done or was interrupted.
    pub fn encoder(&self) -> Option<Encoder> {
        self.lock().as_ref().map(|outcome| outcome.encoder.clone())
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
        let learner = Learner::new(&self.config, &training)?;
        let optimizer = self.config.optimizer.build(&learner);
        let (learner, optimizer, state) = match found {
            Some(found) if found.state.fingerprint == *self.fingerprint => {
                found.restore(learner, optimizer)?
            }
            _ => {
                let scaling = measure(
                    &self.config.data,
                    &self.config.front_end()?,
                    options.workers,
                    options.stop,
                )?;
                (learner, optimizer, self.beginning(scaling))
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
            learner: Some(learner),
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
            Err(_) if epoch + step == 0 || trainer.learner.is_none() => return ended,
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
                checkpoint: trainer.checkpoint()?,
            }),
        };
        let encoder = trainer.encoder(options.device)?;
        if let Some(folder) = self.folder().filter(|_| interrupted.is_none()) {
            encoder.save(&folder.join("model.safetensors"))?;
        }
        *self.lock() = Some(Outcome {
            encoder,
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
    /// Taken out only while a step turns it into the next.
    learner: Option<Learner>,
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
        let config = self.run.config.clone();
        let (steps, total) = (
            config.steps_per_epoch(),
            config.steps_per_epoch() * config.epochs,
        );
        let feed = Feed {
            data: config.data.clone(),
            views: config.full_views()?,
            scaling: self.state.scaling,
            seed: config.seed,
        };
        let (epoch, first) = (self.state.epoch, self.state.step);
        let mut loader = feed.epoch(epoch, config.batch, first, options.workers);
        let start = Instant::now();
        let (mut reported, mut saved) = (start, start);
        let mut pending: Vec<Tensor<1>> = Vec::new();
        let mut learning_rate = 0.0;
        let mut last_views = None;
        while let Some(batch) = loader.next() {
            let mut batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    self.read_losses(&mut pending)?;
                    self.note_time(start, loader.waited());
                    return Err(error);
                }
            };
            let at = epoch * steps + self.state.step;
            learning_rate =
                config.optimizer.learning_rate * config.schedule.factor(at, total, steps);
            let learner = self.learner.take().ok_or_else(lost)?;
            let done = step(
                learner,
                &mut self.optimizer,
                &mut batch,
                learning_rate,
                &config,
                &self.training,
            )?;
            self.learner = Some(done.learner);
            last_views = Some(done.views);
            pending.push(done.loss);
            self.state.step += 1;
            let now = Instant::now();
            let last = self.state.step == steps;
            let stop = (options.stop)();
            // Reading a loss waits for the device, so losses are read in bunches.
            if last || stop || now - reported >= REPORT_EVERY {
                reported = now;
                self.read_losses(&mut pending)?;
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
                self.read_losses(&mut pending)?;
                self.note_time(start, loader.waited());
                self.save()?;
                self.state.elapsed_s = elapsed;
            }
        }
        let progress = self.progress(start, first, loader.waited());
        self.note_time(start, loader.waited());
        self.close_epoch(learning_rate, last_views, progress, options)?;
        if (options.stop)() && !self.state.finished {
            return Err(self.interrupted(options));
        }
        Ok(())
    }

    fn close_epoch(
        &mut self,
        learning_rate: f64,
        views: Option<[Tensor<2>; 2]>,
        progress: RunProgress,
        options: &mut FitOptions<'_>,
    ) -> Result<(), Error> {
        let config = &self.run.config;
        let monitor = match views {
            Some([a, b]) => Monitor::of(a, b)?,
            None => return Err(lost()),
        };
        let [seconds, waited] = self.state.elapsed_s;
        let clips = (config.steps_per_epoch() * config.batch) as f64;
        let record = EpochRecord {
            epoch: self.state.epoch + 1,
            loss: mean(&self.state.losses),
            learning_rate,
            alignment: monitor.alignment,
            uniformity: monitor.uniformity,
            z_deviation: monitor.deviation,
            seconds,
            clips_per_s: clips / seconds.max(1e-9),
            waiting: waited / seconds.max(1e-9),
        };
        self.state.history.epochs.push(record);
        self.state.epoch += 1;
        self.state.step = 0;
        self.state.losses.clear();
        self.state.elapsed_s = [0.0; 2];
        self.state.finished = self.state.epoch == config.epochs;
        if self.state.finished || self.state.epoch.is_multiple_of(config.every) {
            self.save()?;
        }
        (options.observe)(Event::Epoch(&record, progress));
        if record.z_deviation < Monitor::COLLAPSED {
            let text = format!(
                "epoch {}: the embeddings of a batch hardly differ (deviation {:.3})",
                record.epoch, record.z_deviation
            );
            (options.observe)(Event::Note(text));
        }
        Ok(())
    }

    fn read_losses(&mut self, pending: &mut Vec<Tensor<1>>) -> Result<(), Error> {
        for loss in pending.drain(..) {
            let loss = loss.into_data().iter::<f64>().next().unwrap_or(f64::NAN);
            self.state.losses.push(loss);
            if !loss.is_finite() {
                let (epoch, step) = (self.state.epoch + 1, self.state.losses.len());
                return Err(Error::Diverged { loss, epoch, step });
            }
        }
        Ok(())
    }

    fn note_time(&mut self, start: Instant, waited: Duration) {
        self.state.elapsed_s[0] += start.elapsed().as_secs_f64();
        self.state.elapsed_s[1] += waited.as_secs_f64();
    }

    fn progress(&self, start: Instant, first: usize, waited: Duration) -> RunProgress {
        let config = &self.run.config;
        let (steps, elapsed) = (
            config.steps_per_epoch(),
            start.elapsed().as_secs_f64().max(1e-9),
        );
        let (done, total) = (
            self.state.epoch * steps + self.state.step,
            steps * config.epochs,
        );
        let per_s = (self.state.step - first) as f64 / elapsed;
        RunProgress {
            done,
            total,
            epochs: config.epochs,
            epoch: self.state.epoch + 1,
            loss: mean(&self.state.losses),
            clips_per_s: per_s * config.batch as f64,
            waiting: waited.as_secs_f64() / elapsed,
            left_s: (total - done) as f64 / per_s.max(1e-9),
        }
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let of = |learner| Checkpoint::of(learner, &self.optimizer, &self.state);
        self.learner.as_ref().map(of).transpose()
    }

    fn save(&self) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let Some(checkpoint) = self.checkpoint()? else {
            return Ok(());
        };
        checkpoint.write(file)?;
        write_whole(
            &beside(file, "history.csv"),
            self.state.history.to_csv().as_bytes(),
        )?;
        let settings: String = self
            .run
            .config
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

    fn encoder(&self, device: &Device) -> Result<Encoder, Error> {
        let learner = self.learner.as_ref().ok_or_else(lost)?;
        let weights = export(&learner.encoder.valid());
        let mut encoder = self.run.config.encoder.with_weights(&weights, device)?;
        encoder.front_end = Some(FrontEnd {
            recipe: self.run.config.front_end()?,
            scaling: self.state.scaling,
        });
        Ok(encoder)
    }
}

fn beside(file: &Path, name: &str) -> PathBuf {
    file.with_file_name(name)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// A step that failed half-way took the learner with it; its own error was reported then.
fn lost() -> Error {
    Error::Run {
        message: "the run has no state to go on from".into(),
        hint: "start it again".into(),
    }
}
