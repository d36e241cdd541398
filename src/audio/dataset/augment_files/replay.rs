//! Making outputs again from what a manifest says of them.
//!
//! Nothing is drawn: every entry has its recipe and the values drawn for it. An output is whole and right, or it is not
//! made: its input must be what it was, its recordings must be, and the bytes that come out must be those that were
//! recorded.

use super::encoding::Content;
use super::hash::FileContent;
use super::journal::Journal;
use super::manifest::PROGRAM;
use super::places::{spare_inputs, spare_strangers};
use super::record::{Record, Unused};
use super::records::At;
use super::{Ended, Entry, Event, Shard, Summary};
use crate::augment::{Recipe, STACK_BYTES, Workspace};
use crate::io::{self, unwritable};
use crate::{Error, Waveform};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// The outputs of a manifest, to be made again.
#[derive(Clone, Debug)]
pub struct Replay {
    entries: Vec<Entry>,
    recipes: HashMap<String, Recipe>,
}

/// What becomes of one entry.
enum Made {
    Written { at: At, duration_s: f64 },
    Kept { at: At },
    Failed(Error),
    Unwritable(Error),
}

impl Replay {
    /// Reads a manifest, complete or that of an interrupted run. `recipe` makes a recipe of its source.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, says too little, or names no output; whatever `recipe` reports.
    pub fn read(
        path: &Path,
        recipe: &mut dyn FnMut(&str) -> Result<Recipe, Error>,
    ) -> Result<Replay, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::file(path, format!("cannot be read: {error}")))?;
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let mut order = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let Ok(entry) = serde_json::from_str::<Entry>(line) else {
                // Only the record of an interrupted run may have a torn line.
                if path.extension().is_some_and(|ending| ending == "partial") {
                    continue;
                }
                return Err(Error::file(
                    path,
                    format!("line {} is no line of a manifest", index + 1),
                ));
            };
            let Some(output) = entry.output.clone() else {
                continue;
            };
            if entry.trace.is_none() || entry.output_xxh3.is_empty() || entry.source_xxh3.is_empty()
            {
                let reason = format!(
                    "line {} does not say enough to make `{output}` again",
                    index + 1
                );
                let hint =
                    "it was written by an earlier version of the program; run the recipe anew";
                return Err(Error::file_with_hint(path, reason, hint));
            }
            let inside = Path::new(&output)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside {
                return Err(Error::file(
                    path,
                    format!(
                        "line {}: `{output}` lies outside the output folder",
                        index + 1
                    ),
                ));
            }
            // The newest line of an output counts.
            if entries.insert(output.clone(), entry).is_none() {
                order.push(output);
            }
        }
        let entries: Vec<Entry> = order
            .iter()
            .filter_map(|output| entries.remove(output))
            .collect();
        if entries.is_empty() {
            return Err(Error::file(path, "it names no output"));
        }
        let mut recipes = HashMap::new();
        for entry in &entries {
            if !recipes.contains_key(&entry.recipe) {
                recipes.insert(entry.recipe.clone(), recipe(&entry.recipe)?);
            }
        }
        Ok(Replay { entries, recipes })
    }

    /// Makes the outputs in a folder. One that is there as it was recorded is kept. `stop` is asked before every output;
    /// `tell` hears what happens, output by output.
    ///
    /// # Errors
    /// [`Error::File`] if an output would be written over an input, or, without `overwrite`, over another file than itself.
    /// Nothing has been written then.
    pub fn run(
        &self,
        out: &Path,
        n_jobs: NonZeroUsize,
        overwrite: bool,
        stop: &(dyn Fn() -> bool + Sync),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Summary, Error> {
        let sources: Vec<&Path> = self
            .entries
            .iter()
            .map(|entry| Path::new(&entry.source))
            .collect();
        let outputs: Vec<&str> = self
            .entries
            .iter()
            .filter_map(|entry| entry.output.as_deref())
            .collect();
        spare_inputs(&sources, out, outputs.iter())?;
        let n_items = self.entries.len();
        let opened = std::fs::create_dir_all(out).map_err(|error| unwritable(out, &error));
        let journal = match opened.and_then(|()| Journal::open(out, Shard::WHOLE)) {
            Ok(journal) => journal,
            Err(error) => {
                return Ok(Summary {
                    n_items,
                    ended: Ended::Broken(error),
                    ..Summary::default()
                });
            }
        };
        let record = Record::open((out, Shard::WHOLE), journal, outputs.iter(), |records| {
            let is_known = |index: usize, output: &str| {
                records.knows(output) || is_as_recorded(&out.join(output), &self.entries[index])
            };
            spare_strangers(
                out,
                outputs.iter(),
                (records, Shard::WHOLE),
                overwrite,
                &is_known,
            )
        })?;
        let (next, closed) = (AtomicUsize::new(0), Mutex::new(false));
        let mut made: Vec<Option<Made>> = Vec::new();
        made.resize_with(n_items, || None);
        let mut summary = Summary {
            n_items,
            ..Summary::default()
        };
        std::thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            for _ in 0..n_jobs.get().min(n_items) {
                let (sender, next, closed, record) = (sender.clone(), &next, &closed, &record);
                let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
                let _ = thread.spawn_scoped(scope, move || {
                    let mut work = Workspace::default();
                    loop {
                        let is_closed = closed.lock().is_ok_and(|closed| *closed);
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if is_closed || index >= n_items || stop() {
                            return;
                        }
                        let entry = &self.entries[index];
                        let made = catch_unwind(AssertUnwindSafe(|| {
                            self.make(out, entry, record, &mut work)
                        }));
                        let made = made.unwrap_or_else(|_| {
                            work = Workspace::default();
                            Made::Failed(Error::file(
                                &entry.source,
                                "internal error while it was worked on",
                            ))
                        });
                        if sender.send((index, made)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (index, outcome) in results {
                if let Made::Failed(error) = &outcome {
                    tell(Event::Failed {
                        source: sources[index].to_owned(),
                        error: error.clone(),
                    });
                }
                if let Made::Unwritable(error) = &outcome {
                    if let Ok(mut closed) = closed.lock() {
                        *closed = true;
                    }
                    if summary.ended == Ended::Complete {
                        summary.ended = Ended::Broken(error.clone());
                    }
                } else {
                    summary.n_done += 1;
                    tell(Event::Done {
                        n_done: summary.n_done,
                        n_total: n_items,
                    });
                }
                made[index] = Some(outcome);
            }
        });
        let (mut lines, mut unused) = (Vec::new(), Vec::new());
        for (made, source) in made.into_iter().zip(&sources) {
            let Some(made) = made else { continue };
            match made {
                Made::Written { at, duration_s } => {
                    summary.n_written += 1;
                    summary.written_s += duration_s;
                    lines.push(at);
                }
                Made::Kept { at } => {
                    summary.n_kept += 1;
                    lines.push(at);
                }
                Made::Failed(error) => {
                    summary.n_failed += 1;
                    unused.push(Unused {
                        source: PathBuf::from(source),
                        passed_over: false,
                        error,
                    });
                }
                Made::Unwritable(_) => {}
            }
        }
        if summary.ended == Ended::Complete && summary.n_done < n_items {
            summary.ended = Ended::Stopped;
        }
        if summary.ended == Ended::Complete {
            let made: HashSet<String> = outputs.iter().map(|output| (*output).to_owned()).collect();
            if let Err(error) = record.close(&lines, &made, &unused) {
                summary.ended = Ended::Broken(error);
            }
        }
        Ok(summary)
    }

    fn make(&self, out: &Path, entry: &Entry, record: &Record, work: &mut Workspace) -> Made {
        let path = out.join(entry.output.as_deref().unwrap_or_default());
        if is_as_recorded(&path, entry) {
            return match record.add(entry) {
                Ok(at) => Made::Kept { at },
                Err(error) => Made::Unwritable(error),
            };
        }
        let wave = match self.wave(entry, work) {
            Ok(wave) => wave,
            Err(error) => return Made::Failed(error),
        };
        let Some(encoding) = entry.encoding() else {
            let reason = format!(
                "there is no format `{}` of {} bits",
                entry.format, entry.bits
            );
            return Made::Failed(Error::file(path, reason));
        };
        let content = match Content::new(&path, &wave, encoding) {
            Ok(content) => content,
            Err(error) => return Made::Failed(error),
        };
        let written = record.create(&path).and_then(|mut file| {
            content
                .write(&mut file)
                .map_err(|error| unwritable(&path, &error))?;
            file.seal()
        });
        let sealed = match written {
            Ok(sealed) => sealed,
            Err(error) => return Made::Unwritable(error),
        };
        let same = FileContent {
            n_bytes: sealed.n_bytes(),
            hash: sealed.hash(),
        };
        if (same.n_bytes, same.text().as_str()) != (entry.output_bytes, entry.output_xxh3.as_str())
        {
            let reason = if entry.program == PROGRAM {
                "other bytes come out than were recorded: the manifest was edited, or a function in the recipe does not \
                 do what it did"
                    .to_owned()
            } else {
                format!(
                    "other bytes come out than were recorded; the manifest was written by {}, this is {PROGRAM}",
                    entry.program
                )
            };
            return Made::Failed(Error::file(path, reason));
        }
        match record.add(entry).and_then(|at| sealed.place().map(|()| at)) {
            Ok(at) => Made::Written {
                at,
                duration_s: wave.duration_s(),
            },
            Err(error) => Made::Unwritable(error),
        }
    }

    /// The sound of an entry: its input as it was, and what was drawn.
    fn wave(&self, entry: &Entry, work: &mut Workspace) -> Result<Waveform, Error> {
        let source = Path::new(&entry.source);
        let content = FileContent::read(source)
            .map_err(|error| {
                let hint = "inputs are looked for where they were; relative paths start where the program is started";
                Error::file_with_hint(source, format!("cannot be read: {error}"), hint)
            })?;
        if (content.n_bytes, content.text().as_str())
            != (entry.source_bytes, entry.source_xxh3.as_str())
        {
            return Err(Error::file(
                source,
                "it is another file than the one that the manifest was made from",
            ));
        }
        work.load_owned(io::read(source)?);
        match (self.recipes.get(&entry.recipe), &entry.trace) {
            (Some(recipe), Some(trace)) => recipe.replay(trace, work)?,
            _ => return Err(Error::file(source, "the manifest says too little of it")),
        }
        work.take_waveform()
    }
}

/// Whether an output is there as it was recorded.
fn is_as_recorded(path: &Path, entry: &Entry) -> bool {
    let content = FileContent::read(path);
    content.is_ok_and(|content| {
        (content.n_bytes, content.text()) == (entry.output_bytes, entry.output_xxh3.clone())
    })
}
