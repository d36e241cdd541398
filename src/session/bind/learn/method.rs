//! Training methods and their runs.

use super::super::{Environment, Failure, matrix};
use super::model::Model;
use crate::script::{
    Call, Ended, Function, Picture, Progress, ScriptError, ScriptValue, Topic, escape, table,
};
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{Dataset, Split};
use auricle_figure::{Figure, drawing_image, sparkline};
use auricle_learn::Error;
use auricle_learn::loss::Loss;
use auricle_learn::train::{
    EpochRecord, Event, FitOptions, History, Optimizer, Projection, Run, RunProgress, Schedule,
    SimClr,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Map};
use std::path::PathBuf;
use std::sync::Arc;

impl ScriptValue for Run {
    const NAME: &'static str = "run";

    fn text(&self) -> String {
        let lines: Vec<String> = self
            .config()
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
        format!("SimCLR run, {state}\n{}", lines.join("\n"))
    }
}

impl ScriptValue for History {
    const NAME: &'static str = "history";

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let drawing = loss_figure(self).to_drawing();
        let picture = drawing_image("loss", &drawing);
        vec![
            (
                "text/html",
                format!(
                    "{picture}<pre>{}</pre>{}",
                    escape(&self.text()),
                    epochs(self)
                )
                .into(),
            ),
            ("image/png", STANDARD.encode(drawing.to_png()).into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        matrix::curve(&self.losses())
    }

    fn text(&self) -> String {
        let Some(last) = self.epochs.last() else {
            return "no epochs".into();
        };
        let seconds: f64 = self.epochs.iter().map(|epoch| epoch.seconds).sum();
        let waiting: f64 = self
            .epochs
            .iter()
            .map(|epoch| epoch.waiting * epoch.seconds)
            .sum::<f64>()
            / seconds.max(1e-9);
        let n = self.epochs.len();
        format!(
            "{n} epochs, {:.2} s each, waiting for data {:.1} % of the time\n\
             loss {:.4} to {:.4} {}\nlast epoch: alignment {:.3}, uniformity {:.2}, deviation of z {:.2}",
            seconds / n as f64,
            100.0 * waiting,
            self.epochs[0].loss,
            last.loss,
            sparkline(&self.losses(), 40),
            last.alignment,
            last.uniformity,
            last.z_deviation
        )
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }
}

fn loss_figure(history: &History) -> Figure {
    Figure::lines(
        "Loss over training",
        "NT-Xent",
        &[("loss", &history.losses())],
    )
}

/// Epochs that the table of a history shows at most: the last ones.
const LAST_EPOCHS: usize = 10;

fn epochs(history: &History) -> String {
    let head = [
        "epoch",
        "loss",
        "learning rate",
        "alignment",
        "uniformity",
        "deviation of z",
        "s",
    ];
    let first = history.epochs.len().saturating_sub(LAST_EPOCHS);
    table(
        &head,
        history.epochs[first..].iter().map(|e| {
            vec![
                e.epoch.to_string(),
                format!("{:.4}", e.loss),
                format!("{:.2e}", e.learning_rate),
                format!("{:.3}", e.alignment),
                format!("{:.2}", e.uniformity),
                format!("{:.2}", e.z_deviation),
                format!("{:.2}", e.seconds),
            ]
        }),
    )
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![simclr(environment)];
    all.extend(run_functions(environment));
    all.extend(history_functions());
    all
}

fn simclr(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("simclr", Topic::Training, move |call| {
        let model = call.value::<Model>("model")?;
        let data = training_clips(call)?;
        let loss = optional::<Loss>(call, "loss")?.unwrap_or(Loss::NtXent(0.5));
        let optimizer = optional::<Optimizer>(call, "optimizer")?.unwrap_or_default();
        let schedule = optional::<Schedule>(call, "schedule")?;
        let config = SimClr {
            encoder: model.encoder,
            data,
            views: views(call)?,
            features: optional::<Recipe>(call, "features")?,
            loss,
            optimizer,
            schedule: schedule.unwrap_or(Schedule::WarmupCosine { warmup_epochs: 5.0, floor: 0.0 }),
            epochs: call.get("epochs")?,
            batch: call.get("batch")?,
            seed: call.get::<Option<u64>>("seed")?.unwrap_or_else(|| environment.seed()),
            projection: Projection { hidden: call.get("hidden")?, output: call.get("projection")? },
            out: call.get::<Option<String>>("out")?.map(PathBuf::from),
            every: call.get("every")?,
        };
        Ok(Dynamic::from(Run::new(config)?))
    })
    .long()
    .about("Describes contrastive training by SimCLR; `run.fit()` trains.")
    .note("source: Chen et al., 2020; projector and optimizer defaults after CLAR's code and for a CPU")
    .note("the model is copied: what was trained is `run.model`, and the model given stays as it was")
    .param::<Dynamic>("model", "the encoder to start from")
    .param::<Dynamic>("data", "a dataset, or a split, whose training clips are taken; labels are not looked at")
    .option::<Dynamic>("recipe", (), "the two views: `views(2, recipe)`, or a recipe for both; must be given")
    .option::<Dynamic>("features", (), "recipe from waves to features, put behind views that are waves")
    .option::<Dynamic>("loss", (), "a loss of two views; `nt_xent(0.5)` if not given")
    .option::<Dynamic>("optimizer", (), "`adam()` if not given")
    .option::<Dynamic>("schedule", (), "`warmup_cosine()` if not given")
    .option::<usize>("epochs", 60, "passes over the data")
    .option::<usize>("batch", 128, "clips in a step; a last batch that is not full is left out")
    .option::<Option<u64>>("seed", (), "seed of order, views and projector; the session's if not given")
    .option::<usize>("projection", 64, "features of the projector's output")
    .option::<Option<usize>>(
        "hidden",
        (),
        "features of the projector's hidden layers; as many as the encoder gives if not given",
    )
    .option::<Option<String>>("out", "runs", "folder under which the run gets a folder of its own; `()` keeps nothing")
    .option::<usize>("every", 1, "epochs from checkpoint to checkpoint")
    .returns("run")
    .example(TINY_RUN.to_owned() + " print(run)")
}

/// A run small enough for an example.
const TINY_RUN: &str = "let clips = []; for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
    let run = simclr(resnet18(#{ width: 4 }), dataset(clips), \
    #{ recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 1, batch: 4, out: () });";

fn optional<T: ScriptValue>(call: &Call<'_>, name: &str) -> Result<Option<T>, ScriptError> {
    if call.raw(name).is_unit() {
        Ok(None)
    } else {
        call.value(name).map(Some)
    }
}

fn training_clips(call: &Call<'_>) -> Result<Dataset, ScriptError> {
    match call.raw("data").try_cast::<Split>() {
        Some(split) => Ok(split.train),
        None => call
            .value("data")
            .map_err(|_| call.wrong("data", "a dataset or a split")),
    }
}

fn views(call: &Call<'_>) -> Result<Views, ScriptError> {
    let given = call.raw("recipe");
    if let Some(views) = given.clone().try_cast::<Views>() {
        return Ok(views);
    }
    match given.try_cast::<Recipe>() {
        Some(recipe) => Ok(Views::of(2, &recipe)?),
        None if call.raw("recipe").is_unit() => Err(ScriptError::new(
            "`simclr` needs `recipe`: how the two views of a clip are made",
        )
        .hint("such as `recipe: views(2, fade() |> time_mask() |> log_mel())`")),
        None => Err(call.wrong("recipe", "views or a recipe")),
    }
}

fn run_functions(environment: &Arc<Environment>) -> Vec<Function> {
    let about_fit = "Trains to the end. An interrupted run of the same description goes on from its checkpoint; a finished one is loaded.";
    let (for_fit, for_resume) = (environment.clone(), environment.clone());
    let (for_history, for_model, for_plot) = (
        environment.clone(),
        environment.clone(),
        environment.clone(),
    );
    vec![
        Function::new("fit", Topic::Training, move |call| {
            let fresh = call.get::<bool>("fresh")? || for_fit.settings.fresh;
            fit(call.receiver()?, &for_fit, fresh)
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
        Function::new("resume", Topic::Training, move |call| fit(call.receiver()?, &for_resume, false))
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
            .about("The encoder as it was trained so far, without the projector.")
            .reads_data()
            .example(TINY_RUN.to_owned() + " run.fit(); assert(run.model.dim == 32)"),
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
        .about("Draws the loss over the epochs.")
        .returns("figure")
        .reads_data()
        .example(TINY_RUN.to_owned() + " run.fit(); run.plot().save(temporary_folder() + \"/loss.html\")"),
    ]
}

/// What a run has trained so far.
pub(super) fn trained(run: &Run, environment: &Environment) -> Result<Model, ScriptError> {
    environment.settle()?;
    let missing =
        || ScriptError::new("the run has not been trained").hint("call `run.fit()` first");
    let encoder = run.encoder().ok_or_else(missing)?;
    let name = match run.interrupted() {
        None => "SimCLR encoder".to_owned(),
        Some((epoch, step)) => {
            format!("SimCLR encoder, interrupted after epoch {epoch}, step {step}")
        }
    };
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
fn fit(run: Run, environment: &Environment, fresh: bool) -> Result<Dynamic, ScriptError> {
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
            Event::Epoch(record, progress) => tell(News::Epoch(*record, progress)),
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
    let (mut losses, mut epoch) = (Vec::new(), None);
    let report = |news: News| match news {
        News::Note(text) => environment.sink.note(&text),
        News::Earlier(before) => losses = before,
        News::Progress(progress) => {
            epoch = Some(progress.epoch);
            environment.sink.progress(&shown(&progress, &losses, false));
        }
        News::Epoch(record, progress) => {
            epoch = Some(record.epoch + 1);
            losses.push(record.loss);
            environment.sink.progress(&shown(&progress, &losses, true));
        }
    };
    match environment.token.apart(work, report)? {
        Ended::Done(Ok(())) => {}
        Ended::Done(Err(Error::Interrupted { .. })) => {
            environment.tell(&failure);
            return Err(interrupted(&run, epoch));
        }
        Ended::Done(Err(error)) => return Err(error.into()),
        Ended::Left(worker) => {
            environment.leave(worker, failure);
            return Err(interrupted(&run, epoch));
        }
    }
    let history = run.history();
    if let Some(summary) = history
        .text()
        .lines()
        .next()
        .filter(|_| !history.epochs.is_empty())
    {
        environment.sink.note(&format!(
            "trained: {summary}{}",
            peak_memory().unwrap_or_default()
        ));
    }
    Ok(Dynamic::from(history))
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
    let epochs = run.config().epochs;
    ScriptError::new(format!(
        "interrupted in epoch {} of {epochs}",
        epoch.min(epochs)
    ))
    .hint(hint)
}

fn shown(progress: &RunProgress, losses: &[f64], milestone: bool) -> Progress {
    let RunProgress {
        done,
        total,
        epochs,
        epoch,
        loss,
        clips_per_s,
        waiting,
        left_s,
    } = *progress;
    Progress {
        title: format!("SimCLR epoch {epoch}/{epochs}"),
        done: done as u64,
        total: total as u64,
        figures: format!(
            "loss {loss:.4}, {clips_per_s:.0} clips/s, waiting {:.0} %",
            100.0 * waiting
        ),
        curve: losses.to_vec(),
        left_s: Some(left_s),
        milestone,
        finished: milestone && done == total,
    }
}

/// The largest memory this process had, where the system tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(format!(", peak {:.0} MiB", kib / 1024.0))
}

fn history_functions() -> Vec<Function> {
    let example = |rest: &str| TINY_RUN.to_owned() + " let h = run.fit(); " + rest;
    vec![
        Function::property::<History, _>("losses", Topic::Training, |history| {
            Ok(Dynamic::from_array(history.losses().into_iter().map(Into::into).collect()))
        })
        .about("The mean loss of every epoch.")
        .reads_data()
        .example(example("assert(h.losses.len() == 1)")),
        Function::property::<History, _>("epochs", Topic::Training, |history| {
            let epoch = |e: &auricle_learn::train::EpochRecord| {
                let fields = [
                    ("epoch", e.epoch as f64),
                    ("loss", e.loss),
                    ("learning_rate", e.learning_rate),
                    ("alignment", e.alignment),
                    ("uniformity", e.uniformity),
                    ("z_deviation", e.z_deviation),
                    ("seconds", e.seconds),
                    ("clips_per_s", e.clips_per_s),
                    ("waiting", e.waiting),
                ];
                let map: Map = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
                Dynamic::from_map(map)
            };
            Ok(Dynamic::from_array(history.epochs.iter().map(epoch).collect()))
        })
        .about("A map for every epoch: loss, learning rate, alignment, uniformity, deviation of z, seconds, clips per second, share of waiting.")
        .reads_data()
        .example(example("assert(h.epochs[0].epoch == 1.0)")),
    ]
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
