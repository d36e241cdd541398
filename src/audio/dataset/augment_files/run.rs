//! Doing it: threads that read, augment and write, and one that keeps the record in order.

use super::manifest::{Earlier, Writer};
use super::{Entry, Plan, Shard};
use crate::augment::{Domain, Recipe, STACK_BYTES, Views, Workspace};
use crate::io::{self, FlacFormat, SampleFormat};
use crate::{Error, Key};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, mpsc};
use xxhash_rust::xxh3::xxh3_64;

/// How an output is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A WAV file.
    Wav(SampleFormat),
    /// A FLAC file.
    Flac(FlacFormat),
}

impl Encoding {
    /// The ending of its files' names.
    pub fn extension(self) -> &'static str {
        match self {
            Encoding::Wav(_) => "wav",
            Encoding::Flac(_) => "flac",
        }
    }
}

/// What is to be done to some files.
#[derive(Clone, Debug)]
pub struct AugmentFiles {
    /// A recipe for each view.
    pub views: Views,
    /// Seed of the draws.
    pub seed: u64,
    /// Folder of the outputs and the manifest.
    pub out: PathBuf,
    /// How the outputs are stored.
    pub encoding: Encoding,
    /// Which part of the inputs is done.
    pub shard: Shard,
    /// Threads.
    pub n_jobs: NonZeroUsize,
    /// Whether outputs that an earlier run made and recorded in the same way are kept.
    pub resume: bool,
    /// Whether the first input that cannot be used ends the run.
    pub strict: bool,
}

/// What happens on the way, told in the order of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An input that could not be used.
    Failed {
        /// The file.
        source: PathBuf,
        /// Why.
        error: Error,
    },
    /// Another input is done, well or not.
    Done {
        /// Inputs done so far.
        n_done: usize,
        /// Inputs in this part.
        n_total: usize,
    },
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Inputs of this part.
    pub n_items: usize,
    /// Outputs that were written.
    pub n_written: usize,
    /// Outputs that were there already.
    pub n_kept: usize,
    /// Inputs of which some view could not be made.
    pub n_failed: usize,
    /// Outputs with samples beyond full scale, which integers cannot hold.
    pub n_limited: usize,
    /// Duration of what was written, s.
    pub written_s: f64,
    /// Whether it was stopped before the end; what is done is recorded.
    pub stopped: bool,
}

/// How far threads run ahead of the record, inputs a thread. A long file holds the others up no sooner.
const AHEAD: usize = 8;

/// What one input came to.
#[derive(Default)]
struct Outcome {
    lines: Vec<String>,
    summary: Summary,
    error: Option<Error>,
}

/// Where the threads get their next input from.
struct Board {
    next: usize,
    recorded: usize,
    closed: bool,
    earlier: Earlier,
}

impl AugmentFiles {
    /// Finds the inputs and names the outputs.
    ///
    /// # Errors
    /// As [`Plan::new`], and [`Error::Domain`] if the recipe does not give sound.
    pub fn plan(&self, inputs: &[PathBuf]) -> Result<Plan, Error> {
        if self.views.flow()?.gives == Some(Domain::Features) {
            let stage = self.views.recipes()[0].to_string();
            let (wants, gets) = (Domain::Wave.plural().to_owned(), Domain::Features.plural().to_owned());
            return Err(Error::Mismatch {
                what: "what a sound file holds and what the recipe gives",
                left: wants,
                right: format!("{gets} (`{stage}`)"),
            });
        }
        Plan::new(inputs, &self.out, self.views.recipes().len(), self.encoding.extension())
    }

    /// Makes the outputs of a plan. `stop` is asked before every input; `tell` hears what happens.
    ///
    /// # Errors
    /// [`Error::File`] if the manifest cannot be written; with `strict` the first input's error.
    pub fn run(
        &self,
        plan: &Plan,
        stop: &(dyn Fn() -> bool + Sync),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Summary, Error> {
        let items = self.shard.range(plan.n_items());
        let earlier = if self.resume { Earlier::open(&self.out, self.shard) } else { Earlier::none() };
        let mut manifest = Writer::create(&self.out, self.shard)?;
        let board = Mutex::new(Board { next: items.start, recorded: items.start, closed: false, earlier });
        let turned = Condvar::new();
        let recipes: Vec<String> = self.views.recipes().iter().map(|recipe| self.fingerprint(recipe)).collect();
        let mut summary = Summary { n_items: items.len(), ..Summary::default() };
        let ended = std::thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            let mut n_threads = 0;
            for _ in 0..self.n_jobs.get().min(items.len()) {
                let (sender, items, board, turned, recipes) =
                    (sender.clone(), items.clone(), &board, &turned, &recipes);
                let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
                let started = thread.spawn_scoped(scope, move || {
                    let mut work = Workspace::default();
                    while let Some((item, before)) = take(board, turned, items.end, self.n_jobs.get(), stop) {
                        let made = catch_unwind(AssertUnwindSafe(|| self.item(plan, item, recipes, before, &mut work)));
                        let outcome = made.unwrap_or_else(|_| {
                            // A decoder that loses its way in a broken file must not take the other files along.
                            work = Workspace::default();
                            let error = Error::file(plan.source(item), "internal error while it was worked on");
                            self.failed(plan, item, recipes, error)
                        });
                        if sender.send((item, outcome)).is_err() {
                            return;
                        }
                    }
                });
                n_threads += usize::from(started.is_ok());
            }
            drop(sender);
            if n_threads == 0 && !items.is_empty() {
                return Err(Error::Unusable("the system starts no thread".into()));
            }
            let ended = self.record(plan, &results, &board, &turned, &mut manifest, &mut summary, tell);
            lock(&board).closed = true;
            turned.notify_all();
            ended
        });
        ended?;
        summary.stopped = lock(&board).recorded < items.end;
        if !summary.stopped {
            manifest.finish()?;
        }
        Ok(summary)
    }

    /// Writes what comes in, in the order of the inputs.
    #[expect(clippy::too_many_arguments, reason = "the parts of one loop, which the threads share")]
    fn record(
        &self,
        plan: &Plan,
        results: &mpsc::Receiver<(usize, Outcome)>,
        board: &Mutex<Board>,
        turned: &Condvar,
        manifest: &mut Writer,
        summary: &mut Summary,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), Error> {
        let mut waiting = BTreeMap::new();
        let mut next = lock(board).recorded;
        let first = next;
        for (item, outcome) in results {
            waiting.insert(item, outcome);
            while let Some(outcome) = waiting.remove(&next) {
                manifest.add(&outcome.lines)?;
                summary.n_written += outcome.summary.n_written;
                summary.n_kept += outcome.summary.n_kept;
                summary.n_limited += outcome.summary.n_limited;
                summary.written_s += outcome.summary.written_s;
                if let Some(error) = outcome.error {
                    summary.n_failed += 1;
                    tell(Event::Failed { source: plan.source(next).to_owned(), error: error.clone() });
                    if self.strict {
                        return Err(error);
                    }
                }
                next += 1;
                lock(board).recorded = next;
                turned.notify_all();
                tell(Event::Done { n_done: next - first, n_total: summary.n_items });
            }
        }
        Ok(())
    }

    fn item(
        &self,
        plan: &Plan,
        item: usize,
        recipes: &[String],
        before: Vec<(Entry, String)>,
        work: &mut Workspace,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let mut wave = None;
        for (view, recipe) in self.views.recipes().iter().enumerate() {
            let output = plan.output(item, view);
            let path = self.out.join(&output);
            let mut entry = self.entry(plan, item, view, recipes);
            let same = |(old, _): &&(Entry, String)| {
                let mut old = old.clone();
                old.trace = None;
                old == Entry { output: Some(output.clone()), ..entry.clone() }
            };
            if let Some((_, line)) = before.iter().find(same).filter(|_| path.is_file()) {
                outcome.lines.push(line.clone());
                outcome.summary.n_kept += 1;
                continue;
            }
            let read = match &wave {
                Some(wave) => Ok(wave),
                None => io::read(plan.source(item)).map(|read| &*wave.insert(read)),
            };
            let made = read.and_then(|wave| {
                work.load(wave);
                let key = Key { seed: self.seed, epoch: 0, item: item as u64, view: view as u64 };
                let trace = recipe.trace(key, work)?;
                let made = work.to_waveform()?;
                self.write(&path, &made)?;
                Ok((trace, made))
            });
            match made {
                Ok((trace, made)) => {
                    entry.output = Some(output);
                    entry.trace = Some(trace);
                    outcome.summary.n_written += 1;
                    outcome.summary.written_s += made.duration_s();
                    let integer = self.encoding != Encoding::Wav(SampleFormat::Float32);
                    outcome.summary.n_limited += usize::from(integer && made.peak() > 1.0);
                }
                Err(error) => {
                    // What an earlier run left under this name was made of something else.
                    let _ = std::fs::remove_file(&path);
                    entry.error = Some(error.to_string());
                    outcome.error.get_or_insert(error);
                }
            }
            outcome.lines.push(line(&entry));
        }
        outcome
    }

    /// The outcome of an input of which nothing could be made.
    fn failed(&self, plan: &Plan, item: usize, recipes: &[String], error: Error) -> Outcome {
        let views = 0..self.views.recipes().len();
        let entry = |view| Entry { error: Some(error.to_string()), ..self.entry(plan, item, view, recipes) };
        Outcome {
            lines: views.map(|view| line(&entry(view))).collect(),
            error: Some(error.clone()),
            ..Outcome::default()
        }
    }

    fn entry(&self, plan: &Plan, item: usize, view: usize, recipes: &[String]) -> Entry {
        Entry {
            item: item as u64,
            view: view as u64,
            seed: self.seed,
            source: plan.source(item).to_string_lossy().into_owned(),
            source_bytes: std::fs::metadata(plan.source(item)).map_or(0, |file| file.len()),
            output: None,
            recipe: recipes[view].clone(),
            trace: None,
            error: None,
        }
    }

    fn write(&self, path: &Path, wave: &crate::Waveform) -> Result<(), Error> {
        match self.encoding {
            Encoding::Wav(format) => io::write_wav(path, wave, format),
            Encoding::Flac(format) => io::write_flac(path, wave, format),
        }
    }

    /// Tells recipes and formats apart.
    fn fingerprint(&self, recipe: &Recipe) -> String {
        format!("{:016x}", xxh3_64(format!("{} {:?}", recipe.to_json(), self.encoding).as_bytes()))
    }
}

fn line(entry: &Entry) -> String {
    serde_json::to_string(entry).expect("an entry has text for its keys and finite numbers")
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The next input and the lines that earlier runs left of it; nothing at the end or when it is time to stop.
fn take(
    board: &Mutex<Board>,
    turned: &Condvar,
    end: usize,
    n_jobs: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<(usize, Vec<(Entry, String)>)> {
    let mut board = lock(board);
    while !board.closed && board.next < end && board.next >= board.recorded + AHEAD * n_jobs {
        board = turned.wait(board).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    if board.closed || board.next >= end || stop() {
        return None;
    }
    let item = board.next;
    board.next += 1;
    Some((item, board.earlier.take(item as u64)))
}
