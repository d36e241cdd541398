//! A folder of sounds, a folder a class.

use super::{Cache, Clip, Dataset, Form, Source};
use crate::Error;
use crate::io::sounds;
use std::path::{Path, PathBuf};

/// Reads a folder whose sub-folders are classes; sounds directly in it are not labelled.
///
/// Only names are read: no file is opened. Clips are in the order of their paths.
///
/// # Errors
/// [`Error::File`] if there is no such folder, it cannot be walked, or holds no sound.
pub fn folder(dir: &Path, form: Form, cache: Option<Cache>) -> Result<Dataset, Error> {
    let files = sounds(dir)?;
    let class = |file: &PathBuf| {
        let inside = file.strip_prefix(dir).ok()?;
        let mut parts = inside.components();
        let first = parts.next()?.as_os_str().to_string_lossy().into_owned();
        parts.next().map(|_| first)
    };
    let mut classes: Vec<String> = files.iter().filter_map(class).collect();
    classes.sort();
    classes.dedup();
    let clips = files
        .iter()
        .map(|file| {
            let label = class(file).and_then(|name| classes.binary_search(&name).ok());
            Clip::new(Source::File(file.clone()), label)
        })
        .collect();
    let name = dir.file_name().map_or_else(|| "folder".into(), |name| name.to_string_lossy().into_owned());
    Dataset::new(&name, clips, classes, form, cache)
}
