//! The shards of a corpus, opened: how many clips they hold, of which classes, and in which form they are decoded.

use super::file::{ShardFile, classes};
use super::index::{By, Index, NONE};
use super::indexing::index_of;
use super::order::share;
use super::places::shards;
use super::{Broken, Packed};
use crate::augment::Listener;
use crate::dataset::{Cache, Form, WhenMissing};
use crate::{Error, Key, Place, Waveform, io};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Which of several workers reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which one, from 0.
    pub worker: usize,
    /// How many there are.
    pub workers: usize,
}

/// How shards are read.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// The form in which clips are read.
    pub form: Form,
    /// Where the class stands: the ending of a member, a field of its JSON, or a column. Where it is usual, if `None`.
    pub label: Option<String>,
    /// The classes in order, of which whole numbers are indices; those that occur, sorted, if it is empty.
    pub classes: Vec<String>,
    /// Where the sound stands: the ending of a member, or a column. Where it is usual, if `None`.
    pub audio: Option<String>,
    /// Clips that are shuffled together.
    pub buffer: usize,
    /// Shards that are open at a time.
    pub open: usize,
    /// Which clips are taken.
    pub share: Share,
    /// What becomes of what cannot be read.
    pub broken: WhenMissing,
    /// Where indices are kept.
    pub cache: Option<Cache>,
}

impl Default for ShardOptions {
    fn default() -> ShardOptions {
        ShardOptions {
            form: Form::default(),
            label: None,
            classes: Vec::new(),
            audio: None,
            buffer: 1000,
            open: 8,
            share: Share {
                worker: 0,
                workers: 1,
            },
            broken: WhenMissing::Error,
            cache: None,
        }
    }
}

/// The clips of shards, or a worker's share of them, as a stream. Cheap to clone.
#[derive(Clone)]
pub struct Shards {
    all: Arc<All>,
    /// Share of the labels that are kept, and the seed that says which.
    labelled: Option<(f64, u64)>,
}

struct All {
    name: String,
    files: Vec<ShardFile>,
    /// Index of the first clip of each shard among all.
    firsts: Vec<u64>,
    classes: Vec<String>,
    by: By,
    options: ShardOptions,
    /// What the indices of the shards have lost.
    lost: Broken,
    /// Clips that turned out to be broken when they were read, by their index.
    broken: Mutex<BTreeMap<u64, Error>>,
    /// Who is told of them.
    listener: OnceLock<Listener>,
}

/// Broken clips that are remembered at most.
const REMEMBERED: usize = 10_000;

impl Shards {
    /// Opens the shards that some places name: folders, patterns, files. Their headers are read, or what is kept of them;
    /// no sound is.
    ///
    /// # Errors
    /// [`Error::File`] for a place that names no shards, and for shards or clips that cannot be read, named and counted,
    /// unless they are to be left out; [`Error::Range`] for options beyond their bounds; [`Error::Unknown`] for a label
    /// that is none of the classes.
    pub fn open(places: &[String], options: ShardOptions) -> Result<Shards, Error> {
        options.form.check()?;
        for (name, value) in [
            ("buffer", options.buffer),
            ("open", options.open),
            ("workers", options.share.workers),
        ] {
            if value == 0 {
                return Err(Error::range(name, "at least 1", value));
            }
        }
        let Share { worker, workers } = options.share;
        if worker >= workers {
            let want = format!("below `workers`, {workers}");
            return Err(Error::range("worker", want, worker));
        }
        let by = By {
            label: options.label.clone(),
            audio: options.audio.clone(),
        };
        let paths = shards(places)?;
        let name = name_of(places, &paths);
        let read = |path: &PathBuf| ShardFile::read(path, &by, options.cache.as_ref());
        let found: Vec<_> = paths.par_iter().map(read).collect();
        let mut lost = Broken::default();
        let mut files = Vec::new();
        let mut own = Vec::new();
        for found in found {
            match found {
                Ok((file, classes)) => {
                    lost.join(&classes.lost);
                    files.push(file);
                    own.push(classes);
                }
                Err(error) => lost.add(error),
            }
        }
        if !lost.is_empty() && options.broken == WhenMissing::Error {
            return Err(lost.error(&name));
        }
        let classes = classes(&options.classes, &own);
        for (file, own) in files.iter_mut().zip(&own) {
            file.place(&own.occurring, &classes, !options.classes.is_empty())?;
        }
        let mut firsts = vec![0];
        for file in &files {
            firsts.push(firsts[firsts.len() - 1] + file.n);
        }
        if firsts[firsts.len() - 1] == 0 {
            return Err(Error::Empty { what: "shards" });
        }
        let all = All {
            name,
            files,
            firsts,
            classes,
            by,
            options,
            lost,
            broken: Mutex::default(),
            listener: OnceLock::new(),
        };
        Ok(Shards {
            all: Arc::new(all),
            labelled: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.all.name
    }

    /// Number of clips that are taken in an epoch.
    pub fn len(&self) -> usize {
        let Share { worker, workers } = self.options().share;
        let share = share(self.n_all(), worker, workers);
        (share.end - share.start) as usize
    }

    /// Whether no clip is taken, as where there are more workers than clips.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of clips of all workers.
    pub fn n_all(&self) -> u64 {
        self.all.firsts[self.all.files.len()]
    }

    /// Number of shards.
    pub fn n_shards(&self) -> usize {
        self.all.files.len()
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.all.classes
    }

    /// Clips of every class, in the order of the classes, among those of all workers.
    pub fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes().len()];
        for file in &self.all.files {
            let pairs = file.classes.iter().zip(&file.counts);
            pairs.for_each(|(&class, n)| counts[class as usize] += n);
        }
        counts
    }

    /// How they are read.
    pub fn options(&self) -> &ShardOptions {
        &self.all.options
    }

    pub(super) fn files(&self) -> &[ShardFile] {
        &self.all.files
    }

    pub(super) fn by(&self) -> &By {
        &self.all.by
    }

    /// Index of the first clip of a shard among those of all.
    pub(super) fn first(&self, shard: usize) -> u64 {
        self.all.firsts[shard]
    }

    /// The index of a shard.
    ///
    /// # Errors
    /// [`Error::File`] if it is gone or is another one by now.
    pub(super) fn index(&self, shard: usize) -> Result<Index, Error> {
        let file = &self.all.files[shard];
        file.check()?;
        index_of(
            &file.path,
            file.layout,
            self.by(),
            self.options().cache.as_ref(),
        )
    }

    /// The class of a row of a shard.
    pub(super) fn label(&self, shard: usize, index: &Index, row: usize) -> Option<usize> {
        let label = index.labels[row];
        let kept = || match self.labelled {
            None => true,
            Some((fraction, seed)) => {
                let key = Key {
                    item: self.first(shard) + row as u64,
                    ..Key::of_seed(seed)
                };
                key.at(Place::ROOT.named("labelled")).uniform() < fraction
            }
        };
        (label != NONE && kept()).then(|| self.all.files[shard].classes[label as usize] as usize)
    }

    /// The share of the labels that are kept.
    pub fn labelled(&self) -> f64 {
        self.labelled.map_or(1.0, |(fraction, _)| fraction)
    }

    /// The same clips, with the labels of all but a share taken away. Each keeps its label with that probability, which
    /// depends on the seed and its place in the corpus alone.
    ///
    /// # Errors
    /// [`Error::Range`] unless the fraction is above 0 and at most 1.
    pub fn fraction(&self, fraction: f64, seed: u64) -> Result<Shards, Error> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::range("fraction", "above 0 and at most 1", fraction));
        }
        Ok(Shards {
            labelled: Some((fraction, seed)),
            ..self.clone()
        })
    }

    /// Decodes a clip in the form in which clips are read.
    ///
    /// # Errors
    /// What reading reports, naming the shard and the clip in it.
    pub fn wave(&self, clip: &Packed) -> Result<Waveform, Error> {
        let form = self.options().form;
        let path = self.path(clip);
        let bytes = clip.bytes.clone();
        let bytes = bytes.map_err(|reason| Error::file(&path, reason))?;
        let wave = form.resampled(&io::read_bytes(&path, bytes)?)?;
        Ok(form.fitted(wave))
    }

    /// What a clip is called: its shard and its name in it.
    pub fn path(&self, clip: &Packed) -> PathBuf {
        self.all.files[clip.shard].path.join(&*clip.name)
    }

    /// Goes on without a clip that could not be read, and remembers it.
    ///
    /// # Errors
    /// The one of the clip, unless such clips are to be left out.
    pub fn pass_over(&self, clip: &Packed, error: Error) -> Result<(), Error> {
        if self.options().broken == WhenMissing::Error {
            return Err(match error {
                Error::File { path, reason, .. } => {
                    let hint = "copy its shard again, or go on without such clips by `broken: \"leave out\"`";
                    Error::file_with_hint(path, reason, hint)
                }
                other => other,
            });
        }
        let broken = self.all.broken.lock();
        let mut broken = broken.unwrap_or_else(PoisonError::into_inner);
        if broken.len() < REMEMBERED && !broken.contains_key(&clip.id) {
            if let Some(listener) = self.all.listener.get() {
                listener(&error);
            }
            broken.insert(clip.id, error);
        }
        Ok(())
    }

    /// Has somebody told of clips that turn out to be broken and are left out, of each once.
    pub fn listen(&self, listener: &Listener) {
        self.all.listener.get_or_init(|| listener.clone());
    }

    /// What could not be read so far, in the order of the corpus.
    pub fn broken(&self) -> Broken {
        let mut all = self.all.lost.clone();
        let broken = self
            .all
            .broken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        broken.values().for_each(|error| all.add(error.clone()));
        all
    }

    /// Hands on, piece by piece, what tells these clips and their order from others, but for the labels: the names and
    /// sizes of the shards and where which clips lie in them. A copy elsewhere is the same corpus.
    pub fn identify(&self, add: &mut impl FnMut(&str)) {
        let options = self.options();
        let ShardOptions {
            form,
            buffer,
            open,
            share,
            ..
        } = options;
        add(&format!("{form:?} {buffer} {open} {share:?}"));
        for file in &self.all.files {
            let name = file.path.file_name().map(|name| name.to_string_lossy());
            add(&name.unwrap_or_default());
            add(&format!("{} {}", file.n_bytes, file.digests[0]));
        }
    }

    /// Hands on the classes and what decides the labels.
    pub fn identify_labels(&self, add: &mut impl FnMut(&str)) {
        self.classes().iter().for_each(|class| add(class));
        add(&format!("{:?}", self.labelled));
        for file in &self.all.files {
            add(&format!("{} {:?}", file.digests[1], file.classes));
        }
    }
}

/// What the corpus is called: the name of its folder, or of its first shard.
fn name_of(places: &[String], paths: &[PathBuf]) -> String {
    let place = places.first().map(Path::new);
    let folder = place.filter(|place| place.is_dir());
    let named = folder.or_else(|| paths.first().map(PathBuf::as_path));
    let name = named.and_then(|path| path.file_name());
    name.map_or("shards".into(), |name| name.to_string_lossy().into_owned())
}
