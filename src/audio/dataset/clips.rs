//! A dataset: clips with labels, and the form in which they are read.

use super::{Cache, Clip, Column, Form, Missing, Sampling, Source, Span};
use crate::io::PassedOver;
use crate::{Error, Waveform, io};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3;

/// Clips with labels. Cheap to clone; splits and subsets share what was decoded.
#[derive(Clone)]
pub struct Dataset {
    name: Arc<str>,
    clips: Arc<[Clip]>,
    classes: Arc<[String]>,
    form: Form,
    held_out: &'static [(&'static str, &'static [&'static str])],
    groups: Arc<[Column]>,
    passed_over: Arc<PassedOver>,
    missing: Arc<[Missing]>,
    beside: Arc<[PathBuf]>,
    sampling: Sampling,
    store: Arc<Store>,
}

/// What was decoded so far, by clip id.
struct Store {
    slots: Vec<OnceLock<Waveform>>,
    bytes: AtomicUsize,
    cache: Option<Cache>,
}

/// Decoded sound that a dataset keeps in memory at most; what is beyond is read again.
const MEMORY_BYTES: usize = 1 << 30;

impl Dataset {
    /// A dataset of some clips. `classes` are the names that labels index.
    ///
    /// # Errors
    /// [`Error::Empty`] without clips, [`Error::Range`] for a form that makes no sense.
    pub fn new(
        name: &str,
        mut clips: Vec<Clip>,
        classes: Vec<String>,
        form: Form,
        cache: Option<Cache>,
    ) -> Result<Dataset, Error> {
        if clips.is_empty() {
            return Err(Error::Empty { what: "dataset" });
        }
        form.check()?;
        for (index, clip) in clips.iter_mut().enumerate() {
            clip.id = index as u64;
        }
        let slots = std::iter::repeat_with(OnceLock::new)
            .take(clips.len())
            .collect();
        Ok(Dataset {
            name: name.into(),
            clips: clips.into(),
            classes: classes.into(),
            form,
            held_out: &[],
            groups: Arc::default(),
            passed_over: Arc::default(),
            missing: Arc::default(),
            beside: Arc::default(),
            sampling: Sampling::default(),
            store: Arc::new(Store {
                slots,
                bytes: AtomicUsize::new(0),
                cache,
            }),
        })
    }

    /// Says which values of a column its authors, or we, hold out for testing.
    pub(super) fn holding_out(
        mut self,
        held_out: &'static [(&'static str, &'static [&'static str])],
    ) -> Dataset {
        self.held_out = held_out;
        self
    }

    /// The same clips, each with a fold.
    pub(super) fn with_folds(self, folds: &[usize]) -> Dataset {
        let clips = self.clips.iter().zip(folds);
        let with_fold = |(clip, &fold): (&Clip, &usize)| Clip {
            fold: Some(fold as u32),
            ..clip.clone()
        };
        Dataset {
            clips: clips.map(with_fold).collect(),
            ..self
        }
    }

    /// Says which columns hold what belongs together, such as the speaker.
    pub fn grouped_by(mut self, columns: impl IntoIterator<Item = Column>) -> Dataset {
        self.groups = columns.into_iter().collect();
        self
    }

    /// The columns whose values should not stand on both sides of a split, the most important one first.
    pub fn groups(&self) -> &[Column] {
        &self.groups
    }

    /// Names of the columns that clips have, each once, in the order in which they are met.
    pub fn column_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.clips.iter().flat_map(|clip| &clip.columns) {
            if !names.contains(&name.as_ref()) {
                names.push(name);
            }
        }
        names
    }

    /// Says which files its tables name and that are not there.
    pub(super) fn lacking(mut self, missing: Vec<Missing>) -> Dataset {
        self.missing = missing.into_iter().filter(|m| !m.is_empty()).collect();
        self
    }

    /// What its tables name and that is not there, a list for each table.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Says which recordings belong to the dataset and are no clips.
    pub(super) fn with_beside(mut self, files: Vec<PathBuf>) -> Dataset {
        self.beside = files.into();
        self
    }

    pub(super) fn with_sampling(&self, sampling: Sampling) -> Dataset {
        Dataset {
            sampling,
            ..self.clone()
        }
    }

    /// How an epoch takes its clips.
    pub fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// Recordings that belong to the dataset and are no clips, such as the background noise of Speech Commands.
    pub fn beside(&self) -> &[PathBuf] {
        &self.beside
    }

    /// Says what was found beside the clips.
    pub(super) fn passing_over(mut self, passed_over: PassedOver) -> Dataset {
        self.passed_over = Arc::new(passed_over);
        self
    }

    /// What lies in the dataset's folder and is not read.
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    pub(super) fn held_out(&self, column: &str) -> Option<&'static [&'static str]> {
        self.held_out
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, values)| *values)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The clips in order.
    pub fn clips(&self) -> &[Clip] {
        &self.clips
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Whether it holds no clip, as the validation part of a split may.
    pub fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The form in which clips are read.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The same dataset with some of its clips, in the given order.
    pub fn subset(&self, indices: &[usize]) -> Dataset {
        let clips = indices
            .iter()
            .map(|&index| self.clips[index].clone())
            .collect();
        Dataset {
            clips,
            ..self.clone()
        }
    }

    /// The same clips, with the labels of all but a stratified, seeded fraction taken away.
    ///
    /// Clips of several classes count for their rarest one, and numbers to predict for their fifth of all. What is judged
    /// on keeps its labels: a split that is made of it afterwards gives those of its validation and test clips back.
    ///
    /// # Errors
    /// [`Error::Range`] unless the fraction is above 0 and at most 1.
    pub fn fraction(&self, fraction: f64, seed: u64) -> Result<Dataset, Error> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::range("fraction", "above 0 and at most 1", fraction));
        }
        let kept = super::strata::kept(&self.clips, fraction, seed);
        let mut clips = self.clips.to_vec();
        for (clip, kept) in clips.iter_mut().zip(kept) {
            if !kept {
                clip.withhold();
            }
        }
        Ok(Dataset {
            clips: clips.into(),
            ..self.clone()
        })
    }

    /// The same clips, with the labels that [`Dataset::fraction`] took away.
    pub(super) fn with_all_labels(mut self) -> Dataset {
        if self.clips.iter().any(Clip::is_withheld) {
            let mut clips = self.clips.to_vec();
            clips.iter_mut().for_each(Clip::give_back);
            self.clips = clips.into();
        }
        self
    }

    /// All clips of several datasets, in order. A class that they share by name is one class.
    ///
    /// # Errors
    /// [`Error::Empty`] of no datasets, [`Error::Mismatch`] if they are read in different forms.
    pub fn joined(all: &[Dataset]) -> Result<Dataset, Error> {
        let first = all.first().ok_or(Error::Empty { what: "datasets" })?;
        let mut classes: Vec<String> = Vec::new();
        let mut clips = Vec::new();
        for data in all {
            if data.form != first.form {
                return Err(Error::Mismatch {
                    what: "the forms in which the datasets are read",
                    left: format!("{:?}", first.form),
                    right: format!("{:?}", data.form),
                });
            }
            let place = |name: &String| {
                let known = classes.iter().position(|class| class == name);
                known.unwrap_or_else(|| {
                    classes.push(name.clone());
                    classes.len() - 1
                })
            };
            let places: Vec<usize> = data.classes.iter().map(place).collect();
            clips.extend(data.clips.iter().cloned().map(|mut clip| {
                clip.renumber(&places);
                clip
            }));
        }
        let mut groups: Vec<Column> = Vec::new();
        for column in all.iter().flat_map(|data| data.groups.iter()) {
            if !groups.contains(column) {
                groups.push(column.clone());
            }
        }
        let mut passed_over = PassedOver::default();
        all.iter()
            .for_each(|data| passed_over.add((*data.passed_over).clone()));
        let names: Vec<&str> = all.iter().map(Dataset::name).collect();
        let cache = first.store.cache.clone();
        let joined = Dataset::new(&names.join(" and "), clips, classes, first.form, cache)?;
        Ok(joined
            .grouped_by(groups)
            .passing_over(passed_over)
            .lacking(all.iter().flat_map(|data| data.missing.to_vec()).collect())
            .with_beside(all.iter().flat_map(|data| data.beside.to_vec()).collect()))
    }

    /// Hands on, piece by piece, what tells these clips from others: the form in which they are read, and each clip's sound.
    ///
    /// The name and the size of a file stand for its content: a copy of the data elsewhere is the same data.
    pub fn identify(&self, add: &mut impl FnMut(&str)) {
        add(&format!("{:?}", self.form));
        if self.sampling != Sampling::default() {
            add(&format!("{:?}", self.sampling));
        }
        for clip in self.clips.iter() {
            match &clip.source {
                Source::File(path) => {
                    io::identify(path, add);
                    if let Some(span) = clip.span {
                        add(&format!("{span:?}"));
                    }
                }
                Source::Wave(wave) => {
                    let mut hash = Xxh3::new();
                    for value in wave.samples() {
                        hash.update(&value.to_le_bytes());
                    }
                    add(&hash.digest().to_string());
                }
            }
        }
    }

    /// Hands on the classes and each clip's label, for whom labels matter.
    pub fn identify_labels(&self, add: &mut impl FnMut(&str)) {
        self.classes.iter().for_each(|class| add(class));
        for clip in self.clips.iter() {
            add(&clip
                .label
                .map(|label| label.to_string())
                .unwrap_or_default());
            if clip.labels.is_some() || clip.target.is_some() {
                add(&format!("{:?} {:?}", clip.labels, clip.target));
            }
        }
    }

    /// Reads a clip in the dataset's form: from memory, from the cache, or from its file.
    ///
    /// # Errors
    /// Whatever reading or resampling reports, naming the file.
    pub fn wave(&self, index: usize) -> Result<Waveform, Error> {
        let clip = &self.clips[index];
        let slot = &self.store.slots[clip.id as usize];
        if let Some(wave) = slot.get() {
            return Ok(wave.clone());
        }
        let wave = self.read(clip)?;
        let bytes = size_of_val(wave.samples());
        if self.store.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= MEMORY_BYTES {
            // Two threads may have read the same clip; both waves are the same.
            let _ = slot.set(wave.clone());
        } else {
            self.store.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        Ok(wave)
    }

    fn read(&self, clip: &Clip) -> Result<Waveform, Error> {
        let wave = match &clip.source {
            Source::Wave(wave) => self.form.resampled(wave)?,
            Source::File(path) => match (&self.store.cache, self.form.sample_rate) {
                (Some(cache), rate) => {
                    cache.get_or_make(path, rate, || self.form.resampled(&io::read(path)?))?
                }
                (None, _) => self.form.resampled(&io::read(path)?)?,
            },
        };
        let wave = match (clip.span, &clip.source) {
            (Some(span), Source::File(path)) => cut(&wave, span, path)?,
            _ => wave,
        };
        Ok(self.form.fitted(wave))
    }
}

/// The part of a file's sound that is a clip: the samples from `start_s` up to `end_s`, rounded down.
fn cut(wave: &Waveform, span: Span, path: &Path) -> Result<Waveform, Error> {
    let rate = f64::from(wave.sample_rate());
    let n = wave.n_samples();
    let first = (span.start_s * rate).floor().max(0.0) as usize;
    let last = span
        .end_s
        .map_or(n, |end| ((end * rate).floor() as usize).min(n));
    if first >= last {
        let (start, length) = (span.start_s, n as f64 / rate);
        let reason = match span.end_s {
            Some(end) if end <= start => format!("a clip of it goes from {start} s to {end} s"),
            _ => format!("a clip of it begins at {start} s, and it lasts {length:.3} s"),
        };
        return Err(Error::file(path, reason));
    }
    Waveform::mono(wave.samples()[first..last].to_vec(), wave.sample_rate())
}

impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} clips, {} classes",
            self.name,
            self.clips.len(),
            self.classes.len()
        )
    }
}
