//! The loop: from the state of a run to its end, step by step and epoch by epoch.

use super::EpochRecord;
use super::checkpoint::{Checkpoint, State};
use super::events::{Event, FitOptions, RunProgress};
use super::folder::{Kept, keep_batches};
use super::history::{LEARNING_RATE, LOSS};
use super::method::Moment;
use super::monitor::Monitor;
use super::objective::{Figure, Objective, Stepped};
use super::part::{Step, Tensors};
use super::run::{BEST, Run};
use crate::Error;
use crate::nn::{Encoder, FrontEnd};
use burn::tensor::{Device, Tensor};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(200);
/// Time after which a checkpoint is written even inside an epoch.
const SAVE_EVERY: Duration = Duration::from_secs(300);

/// Epochs after which views of a clip should be recognised as such.
const PATIENCE: usize = 5;

/// A run under way.
pub(super) struct Trainer<'a> {
    pub(super) run: &'a Run,
    pub(super) objective: Objective,
    pub(super) state: State,
    /// Weights of the encoder after the chosen epoch.
    pub(super) best: Option<Tensors>,
    pub(super) file: Option<PathBuf>,
    /// What is kept beside the checkpoint.
    pub(super) kept: Kept,
    /// The device, as one that differentiates.
    pub(super) training: Device,
}

/// Losses and figures that are still on the device.
type Pending = Vec<(Tensor<1>, Vec<(String, Tensor<1>)>, Vec<Figure>)>;

impl Trainer<'_> {
    /// Trains to the end.
    pub(super) fn rest(&mut self, options: &mut FitOptions<'_>) -> Result<(), Error> {
        while !self.state.finished {
            // An epoch whose steps are done may still have to be judged.
            let progress = match self.state.closing {
                None => self
                    .steps(options)
                    .map_err(|error| self.inspected(error, options))?,
                Some(_) => self.progress(Instant::now(), self.state.step, Duration::ZERO),
            };
            self.close_epoch(progress, options)?;
        }
        Ok(())
    }

    /// Keeps the batch at which training diverged, so that it can be looked at.
    fn inspected(&self, error: Error, options: &mut FitOptions<'_>) -> Error {
        let (&Error::Diverged { epoch, step, .. }, Some(folder)) = (&error, self.run.folder())
        else {
            return error;
        };
        let at = [epoch - 1, step - 1];
        let plan = self.run.plan();
        let kept = keep_batches(&folder, plan, self.state.scaling, at, options.workers);
        let note = match kept {
            Ok(file) => format!("the batch of that step is kept in {}", file.display()),
            Err(error) => format!("the batch of that step could not be kept: {error}"),
        };
        (options.observe)(Event::Note(note));
        error
    }

    /// Trains the rest of the epoch that the state stands in.
    fn steps(&mut self, options: &mut FitOptions<'_>) -> Result<RunProgress, Error> {
        let plan = self.run.shared_plan();
        let steps = plan.steps_per_epoch();
        let total = plan.n_steps();
        let feed = plan.feed(self.state.scaling)?;
        let (epoch, first) = (self.state.epoch, self.state.step);
        let mut loader = feed.epoch(epoch, plan.cut(), first * plan.accumulate, options.workers);
        let start = Instant::now();
        let (mut reported, mut saved) = (start, start);
        let mut pending = Pending::new();
        let mut learning_rate = 0.0;
        let mut last_rows = Vec::new();
        while self.state.step < steps {
            let made = loader.by_ref().take(plan.accumulate);
            let batches = made.collect::<Result<Vec<_>, _>>();
            let at = epoch * steps + self.state.step;
            learning_rate = plan.optimizer.learning_rate * plan.schedule.factor(at, total, steps);
            let by = Step {
                optimizer: &plan.optimizer,
                learning_rate,
                at: Moment {
                    done: at + 1,
                    total,
                },
                device: &self.training,
            };
            let stepped = batches.and_then(|batches| self.objective.step(batches, &by));
            let Stepped {
                loss,
                losses_of_parts,
                figures,
                rows,
            } = match stepped {
                Ok(stepped) => stepped,
                Err(error) => {
                    // What the steps before told belongs to what is kept of them.
                    self.read_terms(&mut pending)?;
                    self.note_time(start, loader.waited());
                    return Err(error);
                }
            };
            last_rows = rows;
            pending.push((loss, losses_of_parts, figures));
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
        self.end_steps(learning_rate, &last_rows, options)?;
        Ok(progress)
    }

    /// Makes the record of an epoch whose steps are done, but for what judging it tells.
    fn end_steps(
        &mut self,
        learning_rate: f64,
        rows: &[(String, Vec<Tensor<2>>)],
        options: &mut FitOptions<'_>,
    ) -> Result<(), Error> {
        let mut record = EpochRecord::new(self.state.epoch + 1);
        record.push(LOSS, mean(&self.state.losses));
        record.push(LEARNING_RATE, learning_rate);
        // What no batch of the epoch could tell, such as the accuracy without labels, is left out.
        for sum in self.state.sums.iter().filter(|sum| sum.weight > 0.0) {
            record.push(&sum.name, sum.value / sum.weight);
        }
        for (before, rows) in rows {
            let monitor = Monitor::of(rows)?;
            for (name, value) in monitor.figures {
                record.push(&format!("{before}{name}"), value);
            }
            // At first no encoder recognises views; then it is said once, and at the end.
            let is_time = [PATIENCE, self.run.plan().epochs].contains(&record.epoch);
            let apart = monitor
                .apart
                .filter(|_| is_time && record.epoch >= PATIENCE);
            if let Some(warning) = monitor.warning.or(apart) {
                let text = format!("epoch {}: {warning}", record.epoch);
                (options.observe)(Event::Note(text));
            }
        }
        self.state.closing = Some(record);
        Ok(())
    }

    /// Judges the epoch whose steps are done, and ends it.
    fn close_epoch(
        &mut self,
        progress: RunProgress,
        options: &mut FitOptions<'_>,
    ) -> Result<(), Error> {
        let Some(mut record) = self.state.closing.clone() else {
            return Ok(());
        };
        let judged = match self.judge(record.epoch, options) {
            Err(Error::Stopped) => return Err(self.interrupted(options)),
            judged => judged?,
        };
        for (name, value, _) in &judged {
            record.push(name, *value);
        }
        let plan = self.run.shared_plan();
        record.push_cost(
            plan.steps_per_epoch() * plan.clips_per_step(),
            self.state.elapsed_s,
        );
        self.state.history.epochs.push(record.clone());
        self.state.closing = None;
        self.state.epoch += 1;
        self.state.step = 0;
        self.state.losses.clear();
        self.state.sums.clear();
        self.state.elapsed_s = [0.0; 2];
        let note = self.choose(&judged)?;
        self.state.finished = self.state.epoch == plan.epochs || note.is_some();
        if self.state.finished || self.state.epoch.is_multiple_of(plan.every) {
            self.save()?;
        }
        let progress = RunProgress {
            finished: self.state.finished,
            ..progress
        };
        (options.observe)(Event::Epoch(&record, progress));
        if let Some(note) = note {
            (options.observe)(Event::Note(note));
        }
        if (options.stop)() && !self.state.finished {
            return Err(self.interrupted(options));
        }
        Ok(())
    }

    fn read_terms(&mut self, pending: &mut Pending) -> Result<(), Error> {
        for (loss, of_parts, figures) in pending.drain(..) {
            let loss = number(loss);
            self.state.losses.push(loss);
            let mut diverged = None;
            for (part, loss) in of_parts {
                let loss = number(loss);
                self.state.add(&format!("{part}_{LOSS}"), loss, 1.0);
                if !loss.is_finite() && diverged.is_none() {
                    diverged = Some((part, loss));
                }
            }
            if diverged.is_some() || !loss.is_finite() {
                let (part, loss) = diverged.map_or((None, loss), |(part, loss)| (Some(part), loss));
                return Err(Error::Diverged {
                    part,
                    loss,
                    epoch: self.state.epoch + 1,
                    step: self.state.losses.len(),
                });
            }
            for figure in figures {
                self.state
                    .add(&figure.name, number(figure.value), figure.weight);
            }
        }
        Ok(())
    }

    fn note_time(&mut self, start: Instant, waited: Duration) {
        self.state.elapsed_s[0] += start.elapsed().as_secs_f64();
        self.state.elapsed_s[1] += waited.as_secs_f64();
    }

    fn progress(&self, start: Instant, first: usize, waited: Duration) -> RunProgress {
        let plan = self.run.plan();
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
            left_s: match per_s {
                0.0 => 0.0,
                per_s => (total - done) as f64 / per_s,
            },
            finished: false,
        }
    }

    pub(super) fn checkpoint(&self) -> Result<Checkpoint, Error> {
        Checkpoint::of(&self.objective, self.best.as_ref(), &self.state)
    }

    fn save(&mut self) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        self.checkpoint()?.write(file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        self.kept
            .write(folder, &self.run.settings(), &self.state.history)
    }

    /// Keeps the state on disk, where it can be kept there.
    fn interrupted(&mut self, options: &mut FitOptions<'_>) -> Error {
        let saved = self.save();
        let checkpoint = match (&self.file, saved) {
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

    /// The encoders so far, by name; the first is that of the last epoch.
    pub(super) fn encoders(&self, device: &Device) -> Result<Vec<(String, Encoder)>, Error> {
        let encoders = self.objective.encoders()?.into_iter();
        let best = self.best.clone().map(|weights| (BEST.to_owned(), weights));
        let all = encoders.chain(best);
        all.map(|(name, weights)| Ok((name, self.encoder(&weights, device)?)))
            .collect()
    }

    /// An encoder of some weights, with the front-end of the run.
    pub(super) fn encoder(&self, weights: &Tensors, device: &Device) -> Result<Encoder, Error> {
        let mut encoder = self.run.plan().encoder.with_weights(weights, device)?;
        encoder.front_end = Some(FrontEnd {
            recipe: self.run.plan().front_end()?,
            scaling: self.state.scaling,
        });
        Ok(encoder)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn number(value: Tensor<1>) -> f64 {
    value.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}
