//! Packing: which shards there are, which are there already, and the work on the others.
//!
//! A shard holds so many clips of the dataset, in its order, so it is the same whoever packs it, and when: shares of the
//! work are runs over some of the shards, and a run that was killed goes on with those that are missing.

use super::parquet_shard::ParquetShard;
use super::sample::{Sample, Samples};
use super::tar_shard::TarShard;
use crate::Error;
use crate::dataset::{Dataset, Shard, Source};
use crate::io::write_whole;
use rayon::prelude::*;
use serde_json::{Value as Json, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What clips are packed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackFormat {
    /// Tar files with a sound, its class and its JSON under one key, as WebDataset reads them.
    Tar,
    /// Parquet files with a column `audio` of bytes and path, as Hugging Face reads them.
    Parquet,
}

impl PackFormat {
    /// All of them, with their words, which are the endings of their files.
    pub const WORDS: [(&'static str, PackFormat); 2] =
        [("tar", PackFormat::Tar), ("parquet", PackFormat::Parquet)];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            PackFormat::Tar => "tar",
            PackFormat::Parquet => "parquet",
        }
    }
}

/// Clips that are to be packed.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The clips.
    pub data: Dataset,
    /// What they are packed into.
    pub format: PackFormat,
    /// Clips of a shard.
    pub shard_size: usize,
    /// Which of the shards are made.
    pub shard: Shard,
    /// Whether shards that are there stay.
    pub resume: bool,
    /// The folder.
    pub out: PathBuf,
}

/// What packing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedUp {
    /// Clips that were packed.
    pub clips: usize,
    /// Clips whose shards were there.
    pub kept: usize,
    /// Shards that were made.
    pub shards: usize,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Clips that are read together, which are a row group in Parquet, and their bytes at most.
const TOGETHER: usize = 64;

/// The file that says what is packed.
const DESCRIPTION: &str = "pack.json";

impl Pack {
    /// Makes the shards of the share that are missing. `goes_on` is told how many of the share's clips are packed and of
    /// how many, and stops the run by `false`.
    ///
    /// # Errors
    /// [`Error::Range`] for shards without clips; [`Error::File`] for clips that cannot be read or are parts of files, if
    /// the folder holds other shards or some that are not to be kept, or cannot be written to.
    pub fn run(&self, mut goes_on: impl FnMut(usize, usize) -> bool) -> Result<PackedUp, Error> {
        if self.shard_size == 0 {
            return Err(Error::range("shard_size", "at least 1", 0));
        }
        let samples = Samples::new(&self.data)?;
        let shards = self.shards();
        self.begin(&samples, &shards)?;
        let all: usize = shards.iter().map(|(_, clips)| clips.len()).sum();
        let mut done = PackedUp::default();
        for (path, clips) in shards {
            if path.is_file() {
                done.kept += clips.len();
                continue;
            }
            let before = done.clips + done.kept;
            let first = clips.start;
            let n = clips.len();
            let more = |at: usize| goes_on(before + at - first, all);
            let whole = match self.format {
                PackFormat::Tar => tar(&samples, &path, clips, more)?,
                PackFormat::Parquet => parquet(&samples, &path, clips, more)?,
            };
            if !whole {
                done.stopped = true;
                return Ok(done);
            }
            done.clips += n;
            done.shards += 1;
        }
        goes_on(all, all);
        Ok(done)
    }

    /// The shards of the share, and which clips each holds.
    fn shards(&self) -> Vec<(PathBuf, Range<usize>)> {
        let n = self.data.len();
        let n_shards = n.div_ceil(self.shard_size);
        let digits = n_shards.saturating_sub(1).to_string().len().max(5);
        let shard = |index: usize| {
            let first = index * self.shard_size;
            let name = format!("shard-{index:0digits$}.{}", self.format.word());
            let clips = first..(first + self.shard_size).min(n);
            (self.out.join(name), clips)
        };
        self.shard.range(n_shards).map(shard).collect()
    }

    /// Checks that the folder holds nothing else, and writes what is packed.
    fn begin(
        &self,
        samples: &Samples<'_>,
        shards: &[(PathBuf, Range<usize>)],
    ) -> Result<(), Error> {
        let file = self.out.join(DESCRIPTION);
        let ours = self.description(samples);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text = serde_json::to_string_pretty(&ours).unwrap_or_default() + "\n";
                return write_whole(&file, text.as_bytes());
            }
            Err(error) => return Err(Error::file(&file, error)),
        };
        let theirs: Json =
            serde_json::from_str(&text).map_err(|error| Error::file(&file, error))?;
        let mut fields = ours.as_object().into_iter().flatten();
        if let Some((field, _)) = fields.find(|(field, own)| theirs.get(field) != Some(own)) {
            let reason = format!("the folder holds other shards: {} differ", field);
            let hint = "choose another folder, or remove that one";
            return Err(Error::refused_file(&self.out, reason, hint));
        }
        let there = shards.iter().filter(|(path, _)| path.is_file()).count();
        if there > 0 && !self.resume {
            let reason = format!(
                "the folder holds {there} of the {} shards already",
                shards.len()
            );
            let hint = "`--resume`, or `resume: true`, keeps them and makes the others";
            return Err(Error::refused_file(&self.out, reason, hint));
        }
        Ok(())
    }

    /// What is packed, and how. Two runs that agree in it make the same files.
    fn description(&self, samples: &Samples<'_>) -> Json {
        let mut hash = Xxh3::new();
        for (index, clip) in self.data.clips().iter().enumerate() {
            hash.update(samples.path(index).as_bytes());
            let size = match &clip.source {
                Source::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
                Source::Wave(wave) => wave.samples().len() as u64,
            };
            hash.update(&size.to_le_bytes());
            hash.update(format!("{:?} {:?}", clip.label, clip.columns).as_bytes());
        }
        json!({
            "program": concat!("auricle ", env!("CARGO_PKG_VERSION")),
            "format": self.format.word(),
            "clips": self.data.len(),
            "shard_size": self.shard_size,
            "classes": self.data.classes(),
            "sources": format!("{:016x}", hash.digest()),
        })
    }
}

/// Clips that are read together.
fn together(clips: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = clips.end;
    clips
        .step_by(TOGETHER)
        .map(move |at| at..(at + TOGETHER).min(end))
}

fn read(samples: &Samples<'_>, clips: Range<usize>) -> Result<Vec<Sample>, Error> {
    let read: Vec<_> = clips.into_par_iter().map(|i| samples.read(i)).collect();
    read.into_iter().collect()
}

/// Writes a tar file, unless it is stopped.
fn tar(
    samples: &Samples<'_>,
    path: &Path,
    clips: Range<usize>,
    mut goes_on: impl FnMut(usize) -> bool,
) -> Result<bool, Error> {
    let mut shard = TarShard::create(path)?;
    for clips in together(clips) {
        if !goes_on(clips.start) {
            return Ok(false);
        }
        for (index, sample) in clips.clone().zip(read(samples, clips)?) {
            // Names of files may have dots, and be alike but for their endings: a number is a key that is never wrong.
            shard.add(&format!("{index:09}.{}", sample.ending), &sample.bytes)?;
            if let Some(class) = samples.class(index) {
                shard.add(&format!("{index:09}.cls"), class.to_string().as_bytes())?;
            }
            let about = samples.about(index, &sample).to_string();
            shard.add(&format!("{index:09}.json"), about.as_bytes())?;
        }
    }
    shard.finish()?;
    Ok(true)
}

/// Writes a Parquet file, unless it is stopped.
fn parquet(
    samples: &Samples<'_>,
    path: &Path,
    clips: Range<usize>,
    mut goes_on: impl FnMut(usize) -> bool,
) -> Result<bool, Error> {
    let columns = samples.parquet_columns();
    let mut shard = ParquetShard::create(path, None, &columns)?;
    for clips in together(clips) {
        if !goes_on(clips.start) {
            return Ok(false);
        }
        let sounds = read(samples, clips.clone())?.into_iter();
        let sounds = sounds.map(|sample| (sample.path, sample.bytes.to_vec()));
        shard.add(sounds.collect(), &samples.parquet_values(&columns, clips))?;
    }
    shard.finish()?;
    Ok(true)
}
