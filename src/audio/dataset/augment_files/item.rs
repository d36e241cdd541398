//! One input: what earlier runs made of it is kept or made anew.

use super::encoding::Content;
use super::hash::{FileContent, hash_text};
use super::manifest::PROGRAM;
use super::memory::{Memory, Share, clip_bytes, reading_copies, size};
use super::record::Record;
use super::records::At;
use super::{AugmentFiles, Entry, Plan};
use crate::augment::{Recipe, Workspace};
use crate::{Error, Key, Waveform, io};
use std::cell::OnceCell;
use std::io::Cursor;
use std::path::Path;

/// What all inputs of a run share.
pub(super) struct Batch<'a> {
    pub(super) job: &'a AugmentFiles,
    pub(super) plan: &'a Plan,
    pub(super) record: &'a Record,
    /// [`Entry::recipe`] and [`Entry::made_by`] of each view.
    pub(super) made_by: &'a [(String, String)],
    pub(super) memory: &'a Memory,
    /// [`copies`](super::memory::copies) of the views.
    pub(super) copies: f64,
}

/// Bytes of buffers that a thread keeps from one input to the next.
const KEPT: u64 = 256 << 20;

/// What one input came to.
#[derive(Default)]
pub(super) struct Outcome {
    /// The lines of its views.
    pub(super) lines: Vec<At>,
    pub(super) n_written: usize,
    pub(super) n_kept: usize,
    pub(super) n_limited: usize,
    pub(super) written_s: f64,
    /// Why it could not be used, and whether it was passed over for what its head says.
    pub(super) unused: Option<(Error, bool)>,
    /// Why nothing more can be written.
    pub(super) unwritable: Option<Error>,
    /// Bytes that it took, if others had to be waited for before there was room for it.
    pub(super) waited_for: Option<u64>,
}

/// Why an output was not made.
enum Trouble {
    /// The input cannot be read.
    Source(Error),
    /// What becomes of it cannot be made: other inputs may do.
    Input(Error),
    /// It is the place: what follows could not be written, either.
    Place(Error),
}

/// What an output would hold; nothing if it cannot be made.
pub(super) fn would_hold(
    job: &AugmentFiles,
    plan: &Plan,
    item: usize,
    view: usize,
) -> Option<FileContent> {
    let mut work = Workspace::default();
    work.load_owned(io::read(plan.source(item)).ok()?);
    let key = Key {
        seed: job.seed,
        epoch: 0,
        item: item as u64,
        view: view as u64,
    };
    job.views.recipes()[view].run(key, &mut work).ok()?;
    let made = work.take_waveform().ok()?;
    let mut bytes = Cursor::new(Vec::new());
    Content::new(plan.source(item), &made, job.encoding)
        .ok()?
        .write(&mut bytes)
        .ok()?;
    Some(FileContent::of(&bytes.into_inner()))
}

impl Batch<'_> {
    /// Makes the outputs of an input, or keeps them.
    pub(super) fn item(&self, item: usize, work: &mut Workspace) -> Outcome {
        let mut outcome = Outcome::default();
        let source = self.plan.source(item);
        let content = match FileContent::read(source) {
            Ok(content) => content,
            Err(error) => {
                let error = Error::file(source, format!("cannot be read: {error}"));
                return self.unused(item, None, error, false);
            }
        };
        let (mut wave, mut share) = (None, None);
        let n_views = self.job.views.recipes().len();
        for (view, recipe) in self.job.views.recipes().iter().enumerate() {
            let entry = self.entry(item, view, Some(content));
            if let Some(at) = self.kept(&self.plan.output(item, view), &entry) {
                outcome.lines.push(at);
                outcome.n_kept += 1;
                continue;
            }
            let mut read = || match wave.take() {
                Some(wave) => Ok(wave),
                None => {
                    share = self.room(source, content.n_bytes)?;
                    io::read(source)
                }
            };
            let made = read().map_err(Trouble::Source).and_then(|read| {
                if view + 1 < n_views {
                    wave = Some(read.clone());
                }
                self.view(item, recipe, read, entry, work)
            });
            match made {
                Ok((at, made)) => {
                    outcome.lines.push(at);
                    outcome.n_written += 1;
                    outcome.written_s += made.duration_s();
                    outcome.n_limited +=
                        usize::from(self.job.encoding.limits() && made.peak() > 1.0);
                }
                Err(Trouble::Place(error)) => outcome.unwritable = Some(error),
                Err(Trouble::Source(error)) => {
                    let passed_over = error.is_refusal();
                    self.failed(item, view, Some(content), &error, passed_over, &mut outcome);
                }
                Err(Trouble::Input(error)) => {
                    self.failed(item, view, Some(content), &error, false, &mut outcome)
                }
            }
            if outcome.unwritable.is_some() {
                break;
            }
        }
        if let Some((share, n_bytes)) = share {
            outcome.waited_for = share.waited.then_some(n_bytes);
            // What a long clip needed is not kept for the short ones that follow.
            if n_bytes > KEPT {
                *work = Workspace::default();
            }
        }
        outcome
    }

    /// Waits for the memory that an input needs. What is wrong with its head is said when it is read.
    fn room(&self, source: &Path, file_bytes: u64) -> Result<Option<(Share<'_>, u64)>, Error> {
        let Ok(header) = io::read_header(source) else {
            return Ok(None);
        };
        let copies = self.copies.max(reading_copies(source));
        let n_bytes = (clip_bytes(&header, file_bytes) as f64 * copies) as u64;
        if let Some(limit) = self.memory.is_beyond(n_bytes) {
            let reason = format!(
                "it needs about {} of memory, and {} may be taken",
                size(n_bytes),
                size(limit)
            );
            let hint = "cut it into parts, or say with `--memory` how much may be taken";
            return Err(Error::file_with_hint(source, reason, hint));
        }
        Ok(Some((self.memory.share(n_bytes), n_bytes)))
    }

    /// The line of an output that is there, was made from the same, and is as it was when it was made.
    fn kept(&self, output: &str, entry: &Entry) -> Option<At> {
        if !self.job.resume {
            return None;
        }
        let there = OnceCell::new();
        let unchanged = |n_bytes, hash| {
            let content = there.get_or_init(|| FileContent::read(&self.job.out.join(output)).ok());
            *content == Some(FileContent { n_bytes, hash })
        };
        let mut records = self.record.records.of(output, entry.made_from());
        let found = records.find(|record| unchanged(record.n_bytes, record.hash));
        found.map(|record| record.at)
    }

    /// Makes one output: its line is recorded before it gets its name.
    fn view(
        &self,
        item: usize,
        recipe: &Recipe,
        wave: Waveform,
        mut entry: Entry,
        work: &mut Workspace,
    ) -> Result<(At, Waveform), Trouble> {
        let output = self.plan.output(item, entry.view as usize);
        let path = self.job.out.join(&output);
        work.load_owned(wave);
        let key = Key {
            seed: self.job.seed,
            epoch: 0,
            item: item as u64,
            view: entry.view,
        };
        let trace = recipe.trace(key, work).map_err(Trouble::Input)?;
        let made = work.take_waveform().map_err(Trouble::Input)?;
        let content = Content::new(&path, &made, self.job.encoding).map_err(Trouble::Input)?;
        let mut file = self.record.create(&path).map_err(Trouble::Place)?;
        content
            .write(&mut file)
            .map_err(|error| Trouble::Place(io::unwritable(&path, &error)))?;
        let sealed = file.seal().map_err(Trouble::Place)?;
        entry.output = Some(output);
        entry.output_bytes = sealed.n_bytes();
        entry.output_xxh3 = hash_text(sealed.hash());
        entry.trace = Some(trace);
        let at = self.record.add(&entry).map_err(Trouble::Place)?;
        sealed.place().map_err(Trouble::Place)?;
        Ok((at, made))
    }

    /// The outcome of an input of which nothing can be made.
    pub(super) fn unused(
        &self,
        item: usize,
        content: Option<FileContent>,
        error: Error,
        passed_over: bool,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for view in 0..self.job.views.recipes().len() {
            self.failed(item, view, content, &error, passed_over, &mut outcome);
        }
        outcome
    }

    /// Records that a view could not be made. What an earlier run made under its name was made from something else.
    fn failed(
        &self,
        item: usize,
        view: usize,
        content: Option<FileContent>,
        error: &Error,
        passed_over: bool,
        outcome: &mut Outcome,
    ) {
        let entry = Entry {
            error: Some(error.to_string()),
            passed_over,
            ..self.entry(item, view, content)
        };
        match self.record.add(&entry) {
            Ok(at) => outcome.lines.push(at),
            Err(error) => {
                outcome.unwritable.get_or_insert(error);
                return;
            }
        }
        outcome
            .unused
            .get_or_insert_with(|| (error.clone(), passed_over));
        let output = self.plan.output(item, view);
        if self.record.records.knows(&output) {
            let _ = std::fs::remove_file(self.job.out.join(output));
        }
    }

    fn entry(&self, item: usize, view: usize, content: Option<FileContent>) -> Entry {
        let (recipe, made_by) = self.made_by[view].clone();
        Entry {
            item: item as u64,
            view: view as u64,
            seed: self.job.seed,
            source: self.plan.source(item).to_string_lossy().into_owned(),
            source_bytes: content.map_or(0, |content| content.n_bytes),
            source_xxh3: content.map(FileContent::text).unwrap_or_default(),
            recipe,
            format: self.job.encoding.extension().to_owned(),
            bits: self.job.encoding.bits(),
            program: PROGRAM.to_owned(),
            made_by,
            ..Entry::default()
        }
    }
}
