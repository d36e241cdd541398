//! ESC-50 and ESC-10 (Piczak, 2015) in the layout of the official release.

use super::{Cache, Clip, Dataset, Form, Source};
use crate::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Row {
    filename: String,
    fold: u32,
    target: u32,
    category: String,
    esc10: String,
    src_file: String,
    take: String,
}

/// Reads ESC-50: `meta/esc50.csv` and the files it names in `audio/`, five folds.
///
/// The names come from the table; where a named file is absent, one of the same stem with another ending is taken, so
/// that a copy in Ogg or FLAC works with the original table. `only_esc10` keeps the ten classes of ESC-10.
///
/// # Errors
/// [`Error::File`] if the table or a file is absent, or the table has other columns.
pub fn esc50(
    dir: &Path,
    only_esc10: bool,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let table = dir.join("meta").join("esc50.csv");
    let hint = "give the folder that holds `meta/esc50.csv` and `audio/`";
    if !table.is_file() {
        return Err(Error::file_with_hint(&table, "there is no such file", hint));
    }
    let mut reader = csv::Reader::from_path(&table).map_err(|error| Error::file(&table, error))?;
    let mut rows: Vec<Row> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| Error::file_with_hint(&table, error, hint))?;
    rows.retain(|row| !only_esc10 || row.esc10.eq_ignore_ascii_case("true"));
    if rows.is_empty() {
        return Err(Error::file(&table, "the table has no rows that are wanted"));
    }
    let names: BTreeMap<u32, String> = rows
        .iter()
        .map(|row| (row.target, row.category.clone()))
        .collect();
    let targets: Vec<u32> = names.keys().copied().collect();
    let clips = rows
        .into_iter()
        .map(|row| {
            Ok(Clip {
                fold: Some(row.fold),
                columns: vec![("src_file".into(), row.src_file), ("take".into(), row.take)],
                ..Clip::new(
                    Source::File(find(&dir.join("audio").join(&row.filename), hint)?),
                    targets.binary_search(&row.target).ok(),
                )
            })
        })
        .collect::<Result<_, Error>>()?;
    let name = if only_esc10 { "ESC-10" } else { "ESC-50" };
    // Clips cut from one recording of Freesound lie in one fold.
    Ok(
        Dataset::new(name, clips, names.into_values().collect(), form, cache)?
            .grouped_by(["src_file".into()]),
    )
}

fn find(named: &Path, hint: &str) -> Result<PathBuf, Error> {
    let endings = ["ogg", "flac", "mp3", "m4a", "wav"];
    let candidates = std::iter::once(named.to_owned())
        .chain(endings.iter().map(|ending| named.with_extension(ending)));
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Error::file_with_hint(
                named,
                "the table names this file, but it is not there",
                hint,
            )
        })
}
