//! The runs that a folder holds.

use super::super::checkpoint::Checkpoint;
use super::kept::{SETTINGS, TABLE};
use crate::Error;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A run on disk, as its folder tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFolder {
    /// Its folder.
    pub path: PathBuf,
    /// Whether all epochs are done.
    pub finished: bool,
    /// When it was last written.
    pub written: SystemTime,
    /// What it was told, in order.
    pub settings: Vec<(String, String)>,
    /// The figures of its last epoch, `epoch` first.
    pub figures: Vec<(String, f64)>,
}

impl RunFolder {
    /// The name of its folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What is in a folder, if it is a run's.
    fn read(path: PathBuf) -> Option<RunFolder> {
        let file = path.join("checkpoint.safetensors");
        let brief = Checkpoint::brief(&file)?;
        let text = |name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
        let settings = text(SETTINGS);
        let settings = settings.lines().filter_map(|line| line.split_once(": "));
        let table = text(TABLE);
        let mut lines = table.lines();
        let names = lines.next().unwrap_or_default().split(',');
        let last = lines.next_back().unwrap_or_default().split(',');
        let figures = names.zip(last);
        Some(RunFolder {
            finished: brief.finished,
            written: std::fs::metadata(&file)
                .and_then(|about| about.modified())
                .ok()?,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            figures: figures
                .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
                .collect(),
            path,
        })
    }

    /// Removes the folder with all that is in it.
    ///
    /// # Errors
    /// [`Error::File`] if the system refuses.
    pub fn remove(&self) -> Result<(), Error> {
        std::fs::remove_dir_all(&self.path).map_err(|error| Error::file(&self.path, error))
    }
}

/// The runs in a folder, those written last behind the others. Folders that hold no checkpoint are no runs.
///
/// # Errors
/// [`Error::File`] if the folder cannot be read.
pub fn run_folders(out: &Path) -> Result<Vec<RunFolder>, Error> {
    let entries = std::fs::read_dir(out).map_err(|error| Error::file(out, error))?;
    let folders = entries.flatten().map(|entry| entry.path());
    let mut runs: Vec<RunFolder> = folders.filter_map(RunFolder::read).collect();
    runs.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
    Ok(runs)
}
