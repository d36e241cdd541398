//! The columns of a corpus in Parquet: the sound, its index, by what it was multiplied, and the parameters.

use super::Corpus;
use super::encoded::Encoded;
use crate::{Error, Patches};
use auricle_audio::dataset::{ColumnKind, ColumnValues, ParquetColumn, ParquetShard};
use std::path::Path;

/// Begins a file.
///
/// # Errors
/// [`auricle_audio::Error::File`] if its folder cannot be written to.
pub(super) fn begin(path: &Path, corpus: &Corpus) -> Result<ParquetShard, Error> {
    let column = |name: String, kind: ColumnKind| ParquetColumn {
        name,
        kind,
        is_optional: false,
    };
    let mut columns = vec![
        column("index".into(), ColumnKind::Whole),
        column("gain".into(), ColumnKind::Number),
    ];
    let parameters = corpus.synth.parameters().iter();
    columns.extend(parameters.map(|p| column(p.to_string(), ColumnKind::Number)));
    let rate = corpus.synth.options().sample_rate;
    Ok(ParquetShard::create(path, Some(rate), &columns)?)
}

/// Adds sounds as a group of rows.
///
/// # Errors
/// [`auricle_audio::Error::File`] if they cannot be written.
pub(super) fn add(
    shard: &mut ParquetShard,
    sounds: Vec<Encoded>,
    patches: &Patches,
) -> Result<(), Error> {
    let indices = sounds.iter().map(|s| Some(s.index as i64)).collect();
    let gains = sounds.iter().map(|s| Some(s.gain)).collect();
    let mut values = vec![ColumnValues::Whole(indices), ColumnValues::Number(gains)];
    let parameters: Vec<Vec<f64>> = sounds.iter().map(|s| patches.values(s.row)).collect();
    for column in 0..patches.parameters().len() {
        let of_column = parameters.iter().map(|row| Some(row[column]));
        values.push(ColumnValues::Number(of_column.collect()));
    }
    let sounds = sounds.into_iter().map(|s| (s.name, s.bytes)).collect();
    Ok(shard.add(sounds, &values)?)
}
