//! The figures that a loop tells: shown while it runs, kept as a history.

use super::super::super::Environment;
use super::TINY_LOOP;
use crate::script::{Function, Progress, ScriptError, Topic, describe};
use auricle_learn::live::{Journal, Shape};
use auricle_learn::tensor::NdTensor;
use auricle_learn::train::LOSS;
use rhai::{Dynamic, Map};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// The figures of a session's loop, and when they were last shown.
#[derive(Default)]
pub(super) struct Figures {
    journal: Mutex<Journal>,
    shown: Mutex<Option<Instant>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Figures {
    /// A loop over batches begins; not its own if it stands inside another one.
    pub(super) fn begin(&self, shape: Shape) -> bool {
        let mut journal = locked(&self.journal);
        if journal.is_under_way() {
            return false;
        }
        journal.begin(shape);
        true
    }

    /// A step of the loop was done.
    pub(super) fn step(&self, waited: Duration, environment: &Environment) {
        let ended = locked(&self.journal).step(waited);
        if ended.is_some() {
            self.show(environment, true);
        }
    }

    /// The loop has ended, perhaps before its time: what is shown of it must go.
    pub(super) fn end(&self, environment: &Environment) {
        let state = progress(&locked(&self.journal), false);
        locked(&self.journal).end();
        let is_shown = locked(&self.shown).take().is_some();
        if let Some(state) = state.filter(|_| is_shown) {
            environment.sink.progress(&Progress {
                finished: true,
                ..state
            });
        }
    }

    /// What was told so far.
    pub(super) fn kept(&self) -> Journal {
        locked(&self.journal).clone()
    }

    /// Goes on from what a file told.
    pub(super) fn take_up(&self, journal: Journal) {
        *locked(&self.journal) = journal;
    }

    fn log(&self, figures: &[(String, f64)], environment: &Environment) {
        locked(&self.journal).log(figures);
        let shown = *locked(&self.shown);
        if shown.is_none_or(|shown| shown.elapsed() >= REPORT_EVERY) {
            self.show(environment, false);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is shown is shown a few times a second; no result depends on it"
    )]
    fn show(&self, environment: &Environment, milestone: bool) {
        let state = progress(&locked(&self.journal), milestone);
        if let Some(state) = state {
            *locked(&self.shown) = (!state.finished).then(Instant::now);
            environment.sink.progress(&state);
        }
    }
}

/// How far a loop over batches is, as a run shows it.
fn progress(journal: &Journal, milestone: bool) -> Option<Progress> {
    let ((done, total), (epoch, epochs)) = (journal.steps()?, journal.epoch()?);
    let [clips_per_s, waiting, left_s] = journal.pace()?;
    // The epoch that a milestone ends, not the one that it begins.
    let epoch = match milestone && done < total {
        true => epoch - 1,
        false => epoch,
    };
    let figures = journal.latest().into_iter();
    let mut figures: Vec<String> = figures
        .map(|(name, value)| format!("{} {value:.4}", name.replace('_', " ")))
        .collect();
    figures.push(format!("{clips_per_s:.0} clips/s"));
    figures.push(format!("waiting {:.0} %", 100.0 * waiting));
    Some(Progress {
        title: format!("loop epoch {epoch}/{epochs}"),
        done: done as u64,
        total: total as u64,
        figures: figures.join(", "),
        curve: journal.curve(),
        left_s: Some(left_s),
        milestone,
        finished: milestone && done == total,
    })
}

/// A figure: a number, or a tensor of one.
fn figure(name: &str, value: &Dynamic) -> Result<f64, ScriptError> {
    let tensor = value.clone().try_cast::<NdTensor>();
    let of_tensor = tensor.filter(|t| t.len() == 1).map(|t| t.to_f64()[0]);
    let whole = || value.as_int().ok().map(|n| n as f64);
    let number = value.as_float().ok().or_else(whole).or(of_tensor);
    number.ok_or_else(|| {
        let given = describe(value);
        ScriptError::new(format!(
            "`{name}` must be a number, or a tensor of one, not {given}"
        ))
    })
}

pub(super) fn functions(environment: &Arc<Environment>, figures: &Arc<Figures>) -> Vec<Function> {
    let (environment, for_log) = (environment.clone(), figures.clone());
    let for_history = figures.clone();
    vec![
        Function::new("log", Topic::Training, move |call| {
            let map = call.get::<Map>("self")?;
            let told = map
                .iter()
                .map(|(name, value)| Ok((name.to_string(), figure(name, value)?)));
            let mut told: Vec<(String, f64)> = told.collect::<Result<_, ScriptError>>()?;
            // The keys of a map have no order of their own; the loss is what is looked at first.
            told.sort_by_key(|(name, _)| name != LOSS);
            for_log.log(&told, &environment);
            Ok(())
        })
        .on_built_in::<Map>("map")
        .in_session()
        .about("Tells figures of a training loop by name, `log(#{ loss: loss })`: they are shown while it runs and kept in `history()`.")
        .note("in a loop over batches an epoch has the mean of its steps; elsewhere every call is an epoch")
        .note("a figure is a number, or a tensor of one; a loop that is not the outermost does not begin a history")
        .example("log(#{ loss: 0.5, accuracy: 0.75 }); assert(history().losses[-1] == 0.5)"),
        Function::new("history", Topic::Training, move |_| {
            Ok(Dynamic::from(for_history.kept().history()))
        })
        .about("Gives what `log` was told in the last loop over batches, epoch by epoch, the one under way among them.")
        .returns("history")
        .reads_data()
        .example(
            TINY_LOOP.to_owned()
                + "for batch in batches { log(#{ loss: batch.step }) } \
                assert(history().losses == [0.5, 2.5])",
        ),
    ]
}
