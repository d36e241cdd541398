//! Runs: training them, and what they give.

use super::super::{Environment, Failure};
use super::history::loss_figure;
use super::model::Model;
use super::recorded::Recorder;
use super::tiny_run::TINY_RUN;
use crate::script::{
    Call, Ended, Function, Progress, ScriptError, ScriptValue, Topic, peak_memory,
};
use auricle_learn::Error;
use auricle_learn::train::{BEST, Chosen, EpochRecord, Event, FitOptions, LOSS, Run, RunProgress};
use rhai::{Dynamic, Map};
use std::sync::Arc;

impl ScriptValue for Run {
    const NAME: &'static str = "run";

    fn text(&self) -> String {
        let lines: Vec<String> = self
            .settings()
            .into_iter()
            .map(|(name, value)| format!("  {name}: {value}"))
            .collect();
        let state = match (self.encoder().is_some(), self.interrupted()) {
            // The text may be asked for right after an interrupt.
            _ if self.is_training() => "finishing its last step".to_owned(),
            (false, _) => "not trained".to_owned(),
            (true, None) => "trained".to_owned(),
            (true, Some((epoch, step))) => format!("interrupted after epoch {epoch}, step {step}"),
        };
        let chosen = self.chosen().map(|chosen| {
            let Chosen {
                epoch,
                figure,
                value,
            } = chosen;
            format!("\n  chosen: epoch {epoch}, where {figure} is {value:.4}")
        });
        format!(
            "{} run, {state}\n{}{}",
            self.title(),
            lines.join("\n"),
            chosen.unwrap_or_default()
        )
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let about_fit = "Trains to the end. An interrupted run of the same description goes on from its checkpoint; a finished one is loaded.";
    let (for_fit, for_resume) = (environment.clone(), environment.clone());
    let (for_history, for_plot) = (environment.clone(), environment.clone());
    let (for_model, for_models) = (environment.clone(), environment.clone());
    vec![
        Function::new("fit", Topic::Training, move |call| {
            let fresh = call.get::<bool>("fresh")? || for_fit.settings.fresh;
            fit(call, &for_fit, fresh)
        })
        .on::<Run>()
        .in_session()
        .about(about_fit)
        .note("the result does not depend on interruptions; `--fresh` on the command line trains again")
        .note("after an interrupt, the step under way is finished and kept; the run has its model and its history so far")
        .option::<bool>("fresh", false, "whether to train again where a checkpoint lies")
        .returns("history")
        .reads_data()
        .example(TINY_RUN.to_owned() + " run.fit(); print(run.model)"),
        Function::new("resume", Topic::Training, move |call| fit(call, &for_resume, false))
            .on::<Run>()
            .in_session()
            .about("Goes on from the checkpoint of an interrupted run, or loads a finished one; trains from the start if there is none.")
            .returns("history")
            .reads_data()
            .example(TINY_RUN.to_owned() + " run.resume()"),
        Function::new("history", Topic::Training, move |call| {
            for_history.settle()?;
            Ok(Dynamic::from(call.receiver::<Run>()?.history()))
        })
        .on::<Run>()
        .about("Gives what happened in each epoch.")
        .returns("history")
        .reads_data()
        .example(TINY_RUN.to_owned() + " run.fit(); print(run.history())"),
        Function::property::<Run, _>("model", Topic::Training, move |run| Ok(Dynamic::from(trained(run, &for_model)?)))
            .about("The encoder as it was trained so far, without the projector: that of the best epoch where `best` or `early_stopping` choose one, else that of the last one.")
            .reads_data()
            .example(TINY_RUN.to_owned() + " run.fit(); assert(run.model.dim == 32)"),
        Function::property::<Run, _>("models", Topic::Training, move |run| {
            let first = trained(run, &for_models)?;
            let chosen = run.chosen().is_some();
            let model = |(index, (name, encoder)): (usize, (String, _))| {
                let name_of_model = match (index, name.as_str()) {
                    (_, BEST) => first.name.clone(),
                    (0, _) if chosen => Some(run.title_of_last()),
                    (0, _) => first.name.clone(),
                    (_, other) => Some(format!("{} ({other})", run.title_of_last())),
                };
                (name.into(), Dynamic::from(Model { name: name_of_model, encoder }))
            };
            Ok(Dynamic::from_map(run.encoders().into_iter().enumerate().map(model).collect::<Map>()))
        })
        .about("All encoders that the method trains, by name: `encoder`, as it is after the last epoch; `target` where a method follows it by a moving average; `average` and `best` where they were asked for.")
        .reads_data()
        .example(TINY_RUN.to_owned() + " run.fit(); assert(run.models.encoder.dim == 32)"),
        Function::property::<Run, _>("folder", Topic::Training, |run| {
            Ok(run.folder().map_or(Dynamic::UNIT, |folder| folder.display().to_string().into()))
        })
        .about("The folder with checkpoint, model and history; nothing if the run keeps none.")
        .example(TINY_RUN.to_owned() + " assert(run.folder == ())"),
        Function::new("plot", Topic::Training, move |call| {
            for_plot.settle()?;
            Ok(Dynamic::from(loss_figure(&call.receiver::<Run>()?.history())))
        })
        .on::<Run>()
        .about("Draws the loss over the epochs, and the figures on validation clips where there are some.")
        .returns("figure")
        .reads_data()
        .example(TINY_RUN.to_owned() + " run.fit(); run.plot().save(temporary_folder() + \"/loss.html\")"),
    ]
}

/// What a run has trained so far.
pub(super) fn trained(run: &Run, environment: &Environment) -> Result<Model, ScriptError> {
    environment.settle()?;
    let encoder = run.encoder().ok_or(Error::Untrained)?;
    let name = Some(run.title_of_encoder());
    Ok(Model { name, encoder })
}

/// What a training tells while it works on a thread of its own.
enum News {
    Note(String),
    Earlier(Vec<f64>),
    Progress(RunProgress),
    Epoch(EpochRecord, RunProgress),
}

/// Trains apart from the session: a user who stops it has the prompt back at once, however long a step takes. The step
/// under way is then finished and kept, and whoever wants something of the run waits for that.
fn fit(call: &Call<'_>, environment: &Environment, fresh: bool) -> Result<Dynamic, ScriptError> {
    let run = call.receiver::<Run>()?;
    train(&run, environment, fresh)?;
    Ok(Dynamic::from(run.history()))
}

/// What `fit` does with a run.
pub(super) fn train(run: &Run, environment: &Environment, fresh: bool) -> Result<(), ScriptError> {
    environment.settle()?;
    let (device, workers, stop) = (
        environment.device()?,
        environment.workers()?,
        environment.token.stop(),
    );
    let failure: Failure = Arc::default();
    let (trained, unseen) = (run.clone(), failure.clone());
    let work = move |tell: &dyn Fn(News)| {
        let stop = || stop.is_asked();
        let fail = |text: String| {
            *unseen
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(text)
        };
        let mut observe = |event: Event<'_>| match event {
            Event::Note(text) if stop() => fail(text),
            Event::Note(text) => tell(News::Note(text)),
            Event::Earlier(history) => tell(News::Earlier(history.losses())),
            Event::Progress(progress) => tell(News::Progress(progress)),
            Event::Epoch(record, progress) => tell(News::Epoch(record.clone(), progress)),
        };
        let options = FitOptions {
            device: &device,
            workers: &workers,
            fresh,
            stop: &stop,
            observe: &mut observe,
        };
        let result = trained.fit(options);
        if let Err(error) = &result
            && !matches!(error, Error::Interrupted { .. } | Error::Stopped)
        {
            fail(error.to_string());
        }
        result
    };
    let title = run.title();
    let (mut losses, mut epoch) = (Vec::new(), None);
    let mut recorder = Recorder::new(run, environment);
    let report = |news: News| match news {
        News::Note(text) => {
            recorder.line(&text);
            environment.sink.note(&text);
        }
        News::Earlier(before) => losses = before,
        News::Progress(progress) => {
            recorder.begin();
            epoch = Some(progress.epoch);
            environment
                .sink
                .progress(&shown(&title, &progress, &losses, false));
        }
        News::Epoch(record, progress) => {
            recorder.begin();
            recorder.epoch(&record);
            epoch = Some(record.epoch + 1);
            losses.extend(record.get(LOSS));
            environment
                .sink
                .progress(&shown(&title, &progress, &losses, true));
        }
    };
    match environment.token.apart(work, report)? {
        Ended::Done(Ok(())) => {}
        Ended::Done(Err(error @ Error::Interrupted { .. })) => {
            recorder.line(&error.to_string());
            environment.tell(&failure);
            return Err(interrupted(run, epoch));
        }
        Ended::Done(Err(error)) => {
            // Also of a run that diverged at once there is to be read what it was.
            if matches!(error, Error::Diverged { .. }) {
                recorder.begin();
            }
            recorder.line(&error.to_string());
            return Err(error.into());
        }
        Ended::Left(worker) => {
            recorder.line("interrupted");
            environment.leave(worker, failure);
            return Err(interrupted(run, epoch));
        }
    }
    let history = run.history();
    if let Some(summary) = history
        .text()
        .lines()
        .next()
        .filter(|_| !history.epochs.is_empty())
    {
        let peak = peak_memory().map(|bytes| format!(", peak {} MiB", bytes >> 20));
        let text = format!("trained: {summary}{}", peak.unwrap_or_default());
        recorder.line(&text);
        environment.sink.note(&text);
    }
    Ok(())
}

/// Where a run was stopped, unless it had reported nothing yet: it may go on from any epoch.
fn interrupted(run: &Run, epoch: Option<usize>) -> ScriptError {
    let Some(epoch) = epoch else {
        return ScriptError::interrupted();
    };
    let hint = match run.folder() {
        Some(folder) => format!(
            "`run.resume()`, or the script run again, goes on from `{}`",
            folder.display()
        ),
        None => "`run.resume()` goes on from there".into(),
    };
    let epochs = run.plan().epochs;
    ScriptError::new(format!(
        "interrupted in epoch {} of {epochs}",
        epoch.min(epochs)
    ))
    .hint(hint)
}

fn shown(title: &str, progress: &RunProgress, losses: &[f64], milestone: bool) -> Progress {
    let RunProgress {
        done,
        total,
        epochs,
        epoch,
        loss,
        clips_per_s,
        waiting,
        left_s,
        finished,
    } = *progress;
    Progress {
        title: format!("{title} epoch {epoch}/{epochs}"),
        done: done as u64,
        total: total as u64,
        figures: format!(
            "loss {loss:.4}, {clips_per_s:.0} clips/s, waiting {:.0} %",
            100.0 * waiting
        ),
        curve: losses.to_vec(),
        left_s: Some(left_s),
        milestone,
        finished: milestone && finished,
    }
}

#[cfg(test)]
mod tests {
    use crate::script::{CancelToken, Shown, Sink};
    use crate::{Session, Settings};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, OnceLock};

    /// A user who stops every training once it has done some epochs, and looks at its curve.
    #[derive(Default)]
    struct Impatient {
        token: OnceLock<CancelToken>,
        epochs: AtomicUsize,
        curve: Mutex<Vec<f64>>,
    }

    impl Sink for Impatient {
        fn out(&self, _: &str) {}
        fn note(&self, _: &str) {}
        fn progress(&self, progress: &crate::script::Progress) {
            self.curve.lock().unwrap().clone_from(&progress.curve);
            if progress.milestone && self.epochs.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.token.get().unwrap().cancel();
            }
        }
    }

    fn session() -> (Session, Arc<Impatient>) {
        let user = Arc::new(Impatient::default());
        let session = Session::new(Settings::default(), user.clone()).unwrap();
        user.token.set(session.cancel_token()).unwrap();
        (session, user)
    }

    fn text(session: &mut Session, source: &str) -> String {
        let outcome = session
            .eval("cell", source)
            .unwrap_or_else(|d| panic!("{}", d.render(false)));
        Shown::text_of(&outcome.value)
    }

    const RUN: &str = "let clips = []; for i in 0..12 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
        let data = dataset(clips); \
        let describe = |out| simclr(resnet18(#{ width: 4 }), data, \
            #{ recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 9, batch: 4, out: out }); ";
    const RESULT: &str = "`${run.history().losses} ${run.model.embed(data).to_array()[3]}`";

    #[test]
    fn an_interrupted_run_keeps_what_it_has_and_goes_on_as_if_nothing_had_been() {
        let (mut whole, _) = session();
        text(
            &mut whole,
            &format!("{RUN} let run = describe.call(()); run.fit();"),
        );
        let want = text(&mut whole, RESULT);
        let folder = tempfile::tempdir().unwrap();
        for out in ["()".to_owned(), format!("{:?}", folder.path())] {
            let (mut session, user) = session();
            text(
                &mut session,
                &format!("{RUN} let run = describe.call({out});"),
            );
            user.epochs.store(2, Ordering::Relaxed);
            let error = session.eval("cell", "run.fit()").unwrap_err();
            assert_eq!(error.message, "interrupted in epoch 3 of 9", "{out}");
            assert!(!text(&mut session, "`${run}`").contains("not trained"));
            let epochs: usize = text(&mut session, "run.history().losses.len()")
                .parse()
                .unwrap();
            assert!((2..9).contains(&epochs), "{epochs}");
            assert_eq!(text(&mut session, "run.model.dim"), "32");
            assert!(
                text(&mut session, "`${run}`").starts_with("SimCLR run, interrupted after epoch ")
            );
            assert!(
                text(&mut session, "evaluate(run, data.split(#{ test: 0.3 }))")
                    .contains("interrupted after epoch")
            );
            user.epochs.store(2, Ordering::Relaxed);
            let error = session.eval("cell", "run.resume()").unwrap_err();
            let later = (epochs + 1..=9)
                .any(|epoch| error.message == format!("interrupted in epoch {epoch} of 9"));
            assert!(later, "{} after {epochs} epochs", error.message);
            text(&mut session, "run.resume();");
            // The curve goes on where it was.
            assert_eq!(user.curve.lock().unwrap().len(), 9, "{out}");
            assert_eq!(text(&mut session, RESULT), want, "{out}");
            assert!(text(&mut session, "`${run}`").starts_with("SimCLR run, trained"));
        }
    }

    #[test]
    fn a_session_that_ends_after_an_interrupt_leaves_a_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, user) = session();
        user.epochs.store(1, Ordering::Relaxed);
        let source = format!(
            "{RUN} let run = describe.call({:?}); run.fit()",
            folder.path()
        );
        let error = session.eval("cell", &source).unwrap_err();
        assert!(
            error.message.starts_with("interrupted in epoch 2"),
            "{}",
            error.message
        );
        drop(session);
        let run = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let left: Vec<String> = std::fs::read_dir(run)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            left.contains(&"checkpoint.safetensors".to_owned()),
            "{left:?}"
        );
        assert!(
            !left.iter().any(|name| name.starts_with(".auricle-")),
            "{left:?}"
        );
    }

    #[test]
    fn a_run_whose_folder_cannot_be_written_goes_on_once_it_can() {
        let (mut whole, _) = session();
        text(
            &mut whole,
            &format!("{RUN} let run = describe.call(()); run.fit();"),
        );
        let want = text(&mut whole, RESULT);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("taken");
        std::fs::write(&out, "a file where the folder should be").unwrap();
        let (mut session, _) = session();
        let error = session
            .eval(
                "cell",
                &format!("{RUN} let run = describe.call({out:?}); run.fit()"),
            )
            .unwrap_err();
        assert!(error.message.contains("taken"), "{}", error.message);
        assert_eq!(text(&mut session, "run.history().losses.len()"), "1");
        std::fs::remove_file(&out).unwrap();
        text(&mut session, "run.resume();");
        assert_eq!(text(&mut session, RESULT), want);
    }
}
