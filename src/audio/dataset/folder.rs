//! A folder of sounds, a folder a class.

use super::{Cache, Clip, Dataset, Form, Source};
use crate::{Error, io};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

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

/// All sound files under a folder, sorted by path. Hidden files and folders are passed over.
pub(super) fn sounds(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    if !dir.is_dir() {
        let hint = "give a folder; relative paths start where the program was started";
        return Err(Error::file_with_hint(dir, "there is no such folder", hint));
    }
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let mut files = Vec::new();
    for entry in
        WalkDir::new(dir).follow_links(true).into_iter().filter_entry(|e| e.depth() == 0 || !hidden(e.file_name()))
    {
        let entry = entry.map_err(|error| Error::file(dir, format!("cannot be walked: {error}")))?;
        let extension = entry.path().extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if entry.file_type().is_file() && extension.is_some_and(|e| io::EXTENSIONS.contains(&e.as_str())) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        let hint = format!("sounds are files that end in {}", io::EXTENSIONS.join(", "));
        return Err(Error::file_with_hint(dir, "there is no sound in this folder", hint));
    }
    files.sort();
    Ok(files)
}
