//! A run trained to its end, from wherever it stood.

use super::checkpoint::{Checkpoint, State};
use super::earlier::unused;
use super::events::{Event, FitOptions};
use super::fitting::Trainer;
use super::folder::{Held, Kept, first_views};
use super::head::LinearHead;
use super::run::{Outcome, Progress, Run};
use crate::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

impl Run {
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
