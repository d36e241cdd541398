//! Finding sound files.

use super::EXTENSIONS;
use crate::Error;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Hands on what a file is known by where reading it would take too long: its name, then its length.
pub(crate) fn identify(path: &Path, add: &mut impl FnMut(&str)) {
    let name = path.file_name().map(|name| name.to_string_lossy());
    add(&name.unwrap_or_default());
    let n_bytes = path.metadata().map_or(0, |metadata| metadata.len());
    add(&n_bytes.to_string());
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The sound files, sorted by path.
    pub files: Vec<PathBuf>,
    /// What else there is.
    pub passed_over: PassedOver,
}

/// What was found in a folder and is not read. Hidden files and folders are not counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassedOver {
    /// Files of kinds that are not read: how many there are of each ending.
    pub kinds: BTreeMap<String, usize>,
    /// Folders that cannot be opened, links that lead back or nowhere.
    pub unreadable: Vec<Error>,
}

impl PassedOver {
    /// Whether everything is read.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.unreadable.is_empty()
    }

    /// Takes in what another folder holds.
    pub fn add(&mut self, other: PassedOver) {
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
        self.unreadable.extend(other.unreadable);
    }

    /// The files of other kinds in words, such as `3 files of kinds that are not read (2 .txt, 1 .mid)`.
    pub fn kinds_in_words(&self) -> Option<String> {
        let mut kinds: Vec<(&String, &usize)> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let listed: Vec<String> = kinds
            .iter()
            .take(LISTED)
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect();
        let more = if kinds.len() > LISTED { ", ..." } else { "" };
        match self.kinds.values().sum::<usize>() {
            0 => None,
            1 => Some(format!(
                "1 file of a kind that is not read ({})",
                listed.join(", ")
            )),
            n => Some(format!(
                "{n} files of kinds that are not read ({}{more})",
                listed.join(", ")
            )),
        }
    }
}

/// Kinds and folders that a remark names at most.
const LISTED: usize = 8;

/// A remark for the person at the terminal, a line for everything that is to be known.
impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.kinds_in_words().into_iter();
        let mut lines: Vec<String> = kinds
            .chain(self.unreadable.iter().take(LISTED).map(Error::to_string))
            .collect();
        if self.unreadable.len() > LISTED {
            lines.push(format!("{} more", self.unreadable.len() - LISTED));
        }
        let lines: Vec<String> = lines
            .iter()
            .map(|line| format!("passed over: {line}"))
            .collect();
        f.write_str(&lines.join("\n"))
    }
}

/// All sound files under a folder. Hidden files and folders are left out; links are followed, but for those that lead back.
///
/// # Errors
/// [`Error::File`] if there is no such folder, it cannot be opened, or holds no sound.
pub fn find_sounds(dir: &Path) -> Result<Found, Error> {
    if !dir.is_dir() {
        let hint = "give a folder; relative paths start where the program was started";
        return Err(Error::file_with_hint(dir, "there is no such folder", hint));
    }
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let mut found = Found::default();
    for entry in WalkDir::new(dir)
        .follow_links(true)
        .into_iter()
        .filter_entry(|e| e.depth() == 0 || !hidden(e.file_name()))
    {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.depth() == 0 => return Err(unreadable(dir, &error)),
            // Links that lead nowhere are reported even where their name is hidden.
            Err(error) if error.path().and_then(Path::file_name).is_some_and(hidden) => continue,
            Err(error) => {
                found.passed_over.unreadable.push(unreadable(dir, &error));
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let extension = entry
            .path()
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        match extension {
            Some(e) if entry.file_type().is_file() && EXTENSIONS.contains(&e.as_str()) => {
                found.files.push(entry.into_path());
            }
            Some(e) => *found.passed_over.kinds.entry(format!(".{e}")).or_default() += 1,
            None => {
                *found
                    .passed_over
                    .kinds
                    .entry("without an ending".into())
                    .or_default() += 1
            }
        }
    }
    if found.files.is_empty() {
        let reason = match found.passed_over.kinds_in_words() {
            Some(kinds) => format!("there is no sound in this folder that is read, but {kinds}"),
            None => match found.passed_over.unreadable.into_iter().next() {
                Some(error) => return Err(error),
                None => "there is no sound in this folder".into(),
            },
        };
        let hint = format!("sounds are files that end in {}", EXTENSIONS.join(", "));
        return Err(Error::file_with_hint(dir, reason, hint));
    }
    found.files.sort();
    Ok(found)
}

/// All sound files under a folder, sorted by path.
///
/// # Errors
/// As [`find_sounds`].
pub fn sounds(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    find_sounds(dir).map(|found| found.files)
}

/// Why a part of a folder is not seen, naming it.
fn unreadable(dir: &Path, error: &walkdir::Error) -> Error {
    let path = error.path().unwrap_or(dir);
    if let Some(ancestor) = error.loop_ancestor() {
        return Error::file(
            path,
            format!("a link that leads back to `{}`", ancestor.display()),
        );
    }
    match error.io_error() {
        Some(reason) if reason.kind() == std::io::ErrorKind::NotFound => {
            Error::file(path, "a link that leads nowhere")
        }
        Some(reason) => Error::file(path, format!("cannot be opened: {reason}")),
        None => Error::file(path, format!("cannot be opened: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        folder
    }

    #[test]
    fn files_of_other_kinds_are_counted() {
        let folder = folder(&[
            "b.WAV",
            "a/c.flac",
            "a/d.mid",
            "e.MID",
            "README",
            "f.txt",
            ".hidden.wav",
            ".git/x.wav",
        ]);
        let found = find_sounds(folder.path()).unwrap();
        let names: Vec<_> = found
            .files
            .iter()
            .map(|f| f.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["c.flac", "b.WAV"]);
        let words =
            "passed over: 4 files of kinds that are not read (2 .mid, 1 .txt, 1 without an ending)";
        assert_eq!(found.passed_over.to_string(), words);
        assert!(
            find_sounds(&folder.path().join("a"))
                .unwrap()
                .passed_over
                .to_string()
                .contains("1 .mid")
        );
    }

    #[test]
    fn a_folder_without_sounds_says_what_it_holds() {
        let error = |names: &[&str]| find_sounds(folder(names).path()).unwrap_err().to_string();
        assert!(
            error(&["a.txt"])
                .contains("that is read, but 1 file of a kind that is not read (1 .txt)")
        );
        assert!(error(&[".a.wav"]).ends_with("there is no sound in this folder"));
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_or_nowhere_are_named_and_passed_over() {
        let folder = folder(&["a.wav", "in/b.wav"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("in/again")).unwrap();
        std::os::unix::fs::symlink("nothing", folder.path().join("gone.wav")).unwrap();
        std::os::unix::fs::symlink("nothing", folder.path().join(".lock")).unwrap();
        let found = find_sounds(folder.path()).unwrap();
        assert_eq!(found.files.len(), 2);
        let told = found.passed_over.to_string();
        assert!(
            told.contains("gone.wav`: a link that leads nowhere"),
            "{told}"
        );
        assert!(told.contains("again`: a link that leads back to"), "{told}");
        assert_eq!(told.lines().count(), 2);
    }
}
