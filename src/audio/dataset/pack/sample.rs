//! What is packed of a clip: its bytes, its name, and what is known of it.

use super::parquet_shard::{ColumnKind, ColumnValues, ParquetColumn};
use crate::Error;
use crate::dataset::{Clip, Dataset, Encoding, Source};
use crate::io::{SampleFormat, read_header_of};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names that mean something of their own, and are no columns.
const OWN: [&str; 8] = [
    "audio", "path", "label", "labels", "target", "fold", "part", "index",
];

/// A dataset as it is packed.
pub(super) struct Samples<'a> {
    data: &'a Dataset,
    /// The folder that all files lie in.
    root: PathBuf,
    /// Further columns.
    columns: Vec<String>,
}

/// A clip that is ready to be packed.
pub(super) struct Sample {
    /// Where its file lies below the folder of all, with slashes.
    pub(super) path: String,
    /// Ending of its file.
    pub(super) ending: String,
    pub(super) bytes: Arc<[u8]>,
}

impl<'a> Samples<'a> {
    /// # Errors
    /// [`Error::File`] for a clip that is a part of a file.
    pub(super) fn new(data: &'a Dataset) -> Result<Samples<'a>, Error> {
        let mut root: Option<PathBuf> = None;
        let mut columns = BTreeSet::new();
        for clip in data.clips() {
            let names = clip.columns.iter().map(|(name, _)| name.as_ref());
            columns.extend(names.filter(|name| !OWN.contains(name)).map(str::to_owned));
            let Source::File(path) = &clip.source else {
                continue;
            };
            if clip.span.is_some() {
                let hint = "cut the files first, such as by `wave.save(path)` of each clip";
                let reason = "a clip is a part of it, and files are packed as they are";
                return Err(Error::file_with_hint(path, reason, hint));
            }
            let folder = path.parent().unwrap_or(Path::new(""));
            root = Some(match root {
                None => folder.to_owned(),
                Some(root) => common(&root, folder),
            });
        }
        Ok(Samples {
            data,
            root: root.unwrap_or_default(),
            columns: columns.into_iter().collect(),
        })
    }

    /// The path of a clip below the folder of all.
    pub(super) fn path(&self, index: usize) -> String {
        match &self.data.clips()[index].source {
            Source::File(path) => {
                let inside = path.strip_prefix(&self.root).unwrap_or(path);
                let parts = inside.components();
                let parts: Vec<_> = parts.map(|p| p.as_os_str().to_string_lossy()).collect();
                parts.join("/")
            }
            Source::Wave(_) => format!("{index:09}.wav"),
        }
    }

    /// Reads a clip's file; a sound in memory becomes one of floating-point samples.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, or is no sound that is known.
    pub(super) fn read(&self, index: usize) -> Result<Sample, Error> {
        let path = self.path(index);
        let bytes: Arc<[u8]> = match &self.data.clips()[index].source {
            Source::File(file) => {
                let bytes = std::fs::read(file).map_err(|error| Error::file(file, error))?;
                let bytes: Arc<[u8]> = bytes.into();
                read_header_of(file, bytes.clone())?;
                bytes
            }
            Source::Wave(wave) => Encoding::Wav(SampleFormat::Float32).bytes(wave)?.into(),
        };
        let ending = Path::new(&path).extension();
        let ending = ending.map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(Sample {
            ending: ending.unwrap_or_else(|| "wav".into()),
            path,
            bytes,
        })
    }

    fn clip(&self, index: usize) -> &Clip {
        &self.data.clips()[index]
    }

    /// Index of a clip's class.
    pub(super) fn class(&self, index: usize) -> Option<usize> {
        self.clip(index).label
    }

    /// What is known of a clip.
    pub(super) fn about(&self, index: usize, sample: &Sample) -> Json {
        let clip = self.clip(index);
        let names = self.data.classes();
        let mut about = Map::new();
        about.insert("path".into(), sample.path.clone().into());
        let label = clip.label.map(|label| names[label].clone().into());
        about.extend(label.map(|label| ("label".into(), label)));
        let several = clip.labels.as_ref();
        let several = several.map(|all| all.iter().map(|&l| names[l].clone()).collect::<Vec<_>>());
        about.extend(several.map(|all| ("labels".into(), all.into())));
        about.extend(clip.target.map(|target| ("target".into(), target.into())));
        about.extend(clip.fold.map(|fold| ("fold".into(), fold.into())));
        let part = clip.part.map(|part| part.word().into());
        about.extend(part.map(|part| ("part".into(), part)));
        for name in &self.columns {
            let value = clip.column(name).map(|value| value.into());
            about.extend(value.map(|value| (name.clone(), value)));
        }
        about.into()
    }

    /// The columns beside the sounds.
    pub(super) fn parquet_columns(&self) -> Vec<ParquetColumn> {
        let column = |name: &str, kind: ColumnKind| ParquetColumn {
            name: name.to_owned(),
            kind,
            is_optional: true,
        };
        let any = |has: fn(&Clip) -> bool| self.data.clips().iter().any(has);
        let mut columns = Vec::new();
        if any(|clip| clip.label.is_some()) {
            let names = self.data.classes().to_vec();
            columns.push(column("label", ColumnKind::Class(names)));
        }
        if any(|clip| clip.labels.is_some()) {
            columns.push(column("labels", ColumnKind::Text));
        }
        if any(|clip| clip.target.is_some()) {
            columns.push(column("target", ColumnKind::Number));
        }
        if any(|clip| clip.fold.is_some()) {
            columns.push(column("fold", ColumnKind::Whole));
        }
        if any(|clip| clip.part.is_some()) {
            columns.push(column("part", ColumnKind::Text));
        }
        let texts = self.columns.iter();
        columns.extend(texts.map(|name| column(name, ColumnKind::Text)));
        columns
    }

    /// The values of some clips in those columns.
    pub(super) fn parquet_values(
        &self,
        columns: &[ParquetColumn],
        clips: std::ops::Range<usize>,
    ) -> Vec<ColumnValues> {
        let all = || self.data.clips()[clips.clone()].iter();
        let names = self.data.classes();
        let one = |column: &ParquetColumn| match column.name.as_str() {
            "label" => ColumnValues::Whole(all().map(|c| c.label.map(|l| l as i64)).collect()),
            "fold" => ColumnValues::Whole(all().map(|c| c.fold.map(i64::from)).collect()),
            "target" => ColumnValues::Number(all().map(|c| c.target).collect()),
            "part" => {
                let part = |clip: &Clip| clip.part.map(|part| part.word().to_owned());
                ColumnValues::Text(all().map(part).collect())
            }
            "labels" => {
                let join = |clip: &Clip| {
                    let labels = clip.labels.as_ref()?.iter();
                    Some(
                        labels
                            .map(|&l| names[l].as_str())
                            .collect::<Vec<_>>()
                            .join(","),
                    )
                };
                ColumnValues::Text(all().map(join).collect())
            }
            name => ColumnValues::Text(all().map(|c| c.column(name).map(str::to_owned)).collect()),
        };
        columns.iter().map(one).collect()
    }
}

/// The folder that two folders lie in.
fn common(a: &Path, b: &Path) -> PathBuf {
    let pairs = a.components().zip(b.components());
    pairs
        .take_while(|(a, b)| a == b)
        .map(|(part, _)| part)
        .collect()
}
