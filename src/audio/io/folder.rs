//! Finding sound files.

use super::EXTENSIONS;
use crate::Error;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// All sound files under a folder, sorted by path. Hidden files and folders are passed over.
///
/// # Errors
/// [`Error::File`] if there is no such folder, it cannot be walked, or holds no sound.
pub fn sounds(dir: &Path) -> Result<Vec<PathBuf>, Error> {
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
        if entry.file_type().is_file() && extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str())) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        let hint = format!("sounds are files that end in {}", EXTENSIONS.join(", "));
        return Err(Error::file_with_hint(dir, "there is no sound in this folder", hint));
    }
    files.sort();
    Ok(files)
}
