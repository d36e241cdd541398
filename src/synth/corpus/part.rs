//! A part of a corpus, and how its sounds get into it.

use super::encoded::{Encoded, encode};
use super::{Corpus, Storage, metadata, parquet};
use crate::{Error, Patches, Playback};
use auricle_audio::dataset::{ParquetShard, TarShard};
use auricle_audio::io::{WholeFile, unwritable, write_whole};
use rayon::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Some sounds of a corpus that are stored together.
pub(super) struct Part {
    /// Index of the first sound.
    pub(super) first: u64,
    /// Number of sounds.
    pub(super) sounds: u64,
    storage: Storage,
    /// The file that is there when the part is whole.
    file: PathBuf,
    /// The folder of the sounds that are files of their own.
    folder: PathBuf,
}

impl Part {
    pub(super) fn new(out: &Path, name: &str, storage: Storage, first: u64, sounds: u64) -> Part {
        let extension = match storage {
            Storage::Files => "jsonl",
            Storage::Tar => "tar",
            Storage::Parquet => "parquet",
        };
        Part {
            first,
            sounds,
            storage,
            file: out.join(format!("{name}.{extension}")),
            folder: out.join(name),
        }
    }

    /// Whether it is whole.
    pub(super) fn is_there(&self) -> bool {
        self.file.is_file()
    }

    /// Begins to write it.
    ///
    /// # Errors
    /// [`auricle_audio::Error::File`] if its folder cannot be written to.
    pub(super) fn begin<'a>(&'a self, corpus: &'a Corpus) -> Result<Writer<'a>, Error> {
        let target = match self.storage {
            Storage::Files => Target::Files {
                folder: &self.folder,
                list: Box::new(WholeFile::create_all(&self.file)?),
            },
            Storage::Tar => Target::Tar(Box::new(TarShard::create(&self.file)?)),
            Storage::Parquet => Target::Parquet(Box::new(parquet::begin(&self.file, corpus)?)),
        };
        Ok(Writer {
            corpus,
            part: self,
            target,
        })
    }
}

enum Target<'a> {
    Files {
        folder: &'a Path,
        list: Box<WholeFile>,
    },
    Tar(Box<TarShard>),
    Parquet(Box<ParquetShard>),
}

/// A part that is being written.
pub(super) struct Writer<'a> {
    corpus: &'a Corpus,
    part: &'a Part,
    target: Target<'a>,
}

impl Writer<'_> {
    /// Renders, encodes and adds some sounds.
    ///
    /// # Errors
    /// What rendering, the recipe, encoding and writing report.
    pub(super) fn add(&mut self, first: u64, patches: &Patches) -> Result<(), Error> {
        let waves = self.corpus.synth.waves(patches, &Playback::default())?;
        let sounds = waves.into_par_iter().enumerate();
        let sounds = sounds.map(|(row, wave)| encode(self.corpus, first + row as u64, row, wave));
        let sounds: Vec<Encoded> = sounds.collect::<Result<_, Error>>()?;
        let about =
            |sound: &Encoded| metadata::of_sound(sound.index, patches, sound.row, sound.gain);
        match &mut self.target {
            Target::Files { folder, list } => {
                sounds
                    .par_iter()
                    .try_for_each(|sound| write_whole(&folder.join(&sound.name), &sound.bytes))?;
                for sound in &sounds {
                    let mut line = about(sound);
                    line["file"] = format!("{}/{}", name_of(folder), sound.name).into();
                    writeln!(list, "{line}")
                        .map_err(|error| unwritable(&self.part.file, &error))?;
                }
                Ok(())
            }
            Target::Tar(tar) => {
                for sound in &sounds {
                    let (key, _) = sound.name.split_once('.').unwrap_or((&sound.name, ""));
                    tar.add(&sound.name, &sound.bytes)?;
                    tar.add(&format!("{key}.json"), about(sound).to_string().as_bytes())?;
                }
                Ok(())
            }
            Target::Parquet(shard) => parquet::add(shard, sounds, patches),
        }
    }

    /// Ends the part: now it is there.
    ///
    /// # Errors
    /// [`auricle_audio::Error::File`] if not all of it could be written.
    pub(super) fn finish(self) -> Result<(), Error> {
        match self.target {
            Target::Files { list, .. } => Ok(list.finish()?),
            Target::Tar(tar) => Ok(tar.finish()?),
            Target::Parquet(shard) => Ok(shard.finish()?),
        }
    }
}

fn name_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
