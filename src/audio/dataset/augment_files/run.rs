//! Doing it: threads that read, augment and write, and one that keeps the outcomes in order.

use super::hash::FileContent;
use super::item::{Batch, Outcome, would_hold};
use super::journal::Journal;
use super::memory::{Memory, copies, left_of_address_space};
use super::places::{spare_inputs, spare_strangers};
use super::record::{Record, Unused};
use super::records::{At, Records};
use super::sources::made_by;
use super::{AugmentFiles, Plan};
use crate::Error;
use crate::augment::{STACK_BYTES, Workspace};
use crate::io::unwritable;
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, mpsc};

/// What happens on the way, told in the order of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An input that was refused by what its head says: it is no sound, or not one that can be read.
    PassedOver {
        /// The file.
        source: PathBuf,
        /// Why.
        error: Error,
    },
    /// An input that was accepted, and of which some view could not be made.
    Failed {
        /// The file.
        source: PathBuf,
        /// Why.
        error: Error,
    },
    /// Fewer inputs than there are threads are worked on at once, for want of memory. It is told once.
    Memory {
        /// Bytes that an input took.
        n_bytes: u64,
        /// The file.
        source: PathBuf,
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
    /// Inputs that are done and recorded.
    pub n_done: usize,
    /// Outputs that were written.
    pub n_written: usize,
    /// Outputs that were there already.
    pub n_kept: usize,
    /// Inputs that were refused by what their heads say.
    pub n_passed_over: usize,
    /// Other inputs of which some view could not be made.
    pub n_failed: usize,
    /// Outputs with samples beyond full scale, which integers cannot hold.
    pub n_limited: usize,
    /// Duration of what was written, s.
    pub written_s: f64,
    /// How it came to its end.
    pub ended: Ended,
}

/// How a run came to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ended {
    /// With the last input; the manifest is complete.
    #[default]
    Complete,
    /// It was stopped; what is done is recorded.
    Stopped,
    /// Something could not be written, or a strict run met an input that cannot be used; what is done is recorded.
    Broken(Error),
}

/// How far threads run ahead of the record, inputs a thread. A long file holds the others up no sooner.
const AHEAD: usize = 8;

/// Where the threads get their next input from.
struct Board {
    next: usize,
    recorded: usize,
    closed: bool,
}

/// What is known once all outcomes are in.
#[derive(Default)]
struct Done {
    summary: Summary,
    lines: Vec<At>,
    unused: Vec<Unused>,
}

impl AugmentFiles {
    /// Makes the outputs of a plan. `stop` is asked before every input; `tell` hears what happens.
    ///
    /// # Errors
    /// [`Error::File`] if an output would be written over an input or over what no run recorded, or what was recorded
    /// cannot be read. Nothing has been written then; what cannot be written is [`Ended::Broken`].
    pub fn run(
        &self,
        plan: &Plan,
        stop: &(dyn Fn() -> bool + Sync),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Summary, Error> {
        let items = self.shard.range(plan.n_items());
        spare_inputs(&plan.sources(), &self.out, plan.outputs(self.shard))?;
        let opened =
            std::fs::create_dir_all(&self.out).map_err(|error| unwritable(&self.out, &error));
        let journal = match opened.and_then(|()| Journal::open(&self.out, self.shard)) {
            Ok(journal) => journal,
            Err(error) => {
                return Ok(Summary {
                    n_items: items.len(),
                    ended: Ended::Broken(error),
                    ..Summary::default()
                });
            }
        };
        // A thread of its own has the stack that recipes may need, and keeps a decoder's panic.
        let opened = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            let open = || {
                let outputs = || plan.outputs(self.shard);
                Record::open((&self.out, self.shard), journal, outputs(), |records| {
                    self.check(plan, records)
                })
            };
            thread.spawn_scoped(scope, open).ok()?.join().ok()
        });
        let record = opened.unwrap_or_else(|| {
            Err(Error::Unusable(
                "the earlier runs' record cannot be used".into(),
            ))
        })?;
        let described = |recipe| (format!("{recipe}"), made_by(recipe, self.encoding));
        let made_by: Vec<(String, String)> = self.views.recipes().iter().map(described).collect();
        let (memory, copies) = (Memory::new(self.memory), copies(&self.views));
        let batch = Batch {
            job: self,
            plan,
            record: &record,
            made_by: &made_by,
            memory: &memory,
            copies,
        };
        let board = Mutex::new(Board {
            next: items.start,
            recorded: items.start,
            closed: false,
        });
        let turned = Condvar::new();
        let done = std::thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            let mut n_threads = 0;
            for _ in 0..self.n_threads().min(items.len()) {
                let (sender, end, board, turned, batch) =
                    (sender.clone(), items.end, &board, &turned, &batch);
                let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
                let started = thread.spawn_scoped(scope, move || {
                    let mut work = Workspace::default();
                    while let Some(item) = take(board, turned, end, self.n_jobs.get(), stop) {
                        let made = catch_unwind(AssertUnwindSafe(|| batch.item(item, &mut work)));
                        let outcome = made.unwrap_or_else(|_| {
                            // A decoder that loses its way in a broken file must not take the other files along.
                            work = Workspace::default();
                            let error = Error::file(
                                plan.source(item),
                                "internal error while it was worked on",
                            );
                            batch.unused(item, None, error, false)
                        });
                        if outcome.unwritable.is_some() {
                            close(board, turned);
                        }
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
            Ok(self.collect(plan, &results, &board, &turned, tell))
        });
        let Done {
            mut summary,
            lines,
            unused,
        } = match done {
            Ok(done) => done,
            Err(error) => {
                record.journal.remove_if_empty();
                return Err(error);
            }
        };
        if summary.ended == Ended::Complete && summary.n_done < summary.n_items {
            summary.ended = Ended::Stopped;
        }
        if summary.ended == Ended::Complete {
            let made: HashSet<String> = plan.outputs(self.shard).collect();
            if let Err(error) = record.close(&lines, &made, &unused) {
                summary.ended = Ended::Broken(error);
            }
        }
        Ok(summary)
    }

    /// Sees that no output is written over what no run made.
    fn check(&self, plan: &Plan, records: &Records) -> Result<(), Error> {
        let (first, n_views) = (
            self.shard.range(plan.n_items()).start,
            self.views.recipes().len(),
        );
        // The record may be that of a version which recorded outputs only after they had their names.
        let resumed = self.resume && records.know_some();
        let is_known = |index: usize, output: &str| {
            let there = || FileContent::read(&self.out.join(output)).ok();
            let would_hold = || would_hold(self, plan, first + index / n_views, index % n_views);
            records.knows(output)
                || resumed && would_hold().is_some_and(|content| there() == Some(content))
        };
        spare_strangers(
            &self.out,
            plan.outputs(self.shard),
            (records, self.shard),
            self.overwrite,
            &is_known,
        )
    }

    /// Threads for which there is room. Where the address space is limited, their stacks must not take all of it.
    fn n_threads(&self) -> usize {
        let most =
            left_of_address_space().map_or(u64::MAX, |n_bytes| n_bytes / 3 / STACK_BYTES as u64);
        self.n_jobs.get().min(most.max(1) as usize)
    }

    /// Takes in what the threads send, in the order of the inputs, until all have ended.
    fn collect(
        &self,
        plan: &Plan,
        results: &mpsc::Receiver<(usize, Outcome)>,
        board: &Mutex<Board>,
        turned: &Condvar,
        tell: &mut dyn FnMut(Event),
    ) -> Done {
        let mut waiting = BTreeMap::new();
        let items = self.shard.range(plan.n_items());
        let mut done = Done::default();
        done.summary.n_items = items.len();
        let (mut next, mut told_memory) = (items.start, false);
        for (item, outcome) in results {
            waiting.insert(item, outcome);
            while let Some(outcome) = waiting.remove(&next) {
                let summary = &mut done.summary;
                summary.n_written += outcome.n_written;
                summary.n_kept += outcome.n_kept;
                summary.n_limited += outcome.n_limited;
                summary.written_s += outcome.written_s;
                done.lines.extend(outcome.lines);
                let source = plan.source(next).to_owned();
                next += 1;
                lock(board).recorded = next;
                turned.notify_all();
                if let Some(error) = outcome.unwritable {
                    if summary.ended == Ended::Complete {
                        summary.ended = Ended::Broken(error);
                    }
                    continue;
                }
                summary.n_done += 1;
                if let Some(n_bytes) = outcome.waited_for.filter(|_| !told_memory) {
                    told_memory = true;
                    tell(Event::Memory {
                        n_bytes,
                        source: source.clone(),
                    });
                }
                if let Some((error, passed_over)) = outcome.unused {
                    if self.strict {
                        close(board, turned);
                        if summary.ended == Ended::Complete {
                            summary.ended = Ended::Broken(error);
                        }
                        continue;
                    }
                    let (source, told) = (source.clone(), error.clone());
                    if passed_over {
                        summary.n_passed_over += 1;
                        tell(Event::PassedOver {
                            source,
                            error: told,
                        });
                    } else {
                        summary.n_failed += 1;
                        tell(Event::Failed {
                            source,
                            error: told,
                        });
                    }
                    done.unused.push(Unused {
                        source: plan.source(next - 1).to_owned(),
                        passed_over,
                        error,
                    });
                }
                tell(Event::Done {
                    n_done: done.summary.n_done,
                    n_total: done.summary.n_items,
                });
            }
        }
        done
    }
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Gives out no further input.
fn close(board: &Mutex<Board>, turned: &Condvar) {
    lock(board).closed = true;
    turned.notify_all();
}

/// The next input; nothing at the end or when it is time to stop.
fn take(
    board: &Mutex<Board>,
    turned: &Condvar,
    end: usize,
    n_jobs: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<usize> {
    let mut board = lock(board);
    while !board.closed && board.next < end && board.next >= board.recorded + AHEAD * n_jobs {
        board = turned
            .wait(board)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    if board.closed || board.next >= end || stop() {
        return None;
    }
    let item = board.next;
    board.next += 1;
    Some(item)
}
