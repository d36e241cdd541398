//! What a run writes beside its checkpoint: settings, history, and event files for TensorBoard.

use super::super::History;
use super::events;
use super::seen::{Seen, What};
use crate::Error;
use auricle_audio::io::write_whole;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The history as a table, and as lines of JSON.
pub(super) const TABLE: &str = "history.csv";
pub(super) const LINES: &str = "history.jsonl";
/// What the run was told.
pub(super) const SETTINGS: &str = "settings.txt";
/// What TensorBoard looks for in the names of files, and what ours end in.
const EVENTS: (&str, &str) = ("events.out.tfevents.", ".auricle");

/// What is written at every checkpoint.
#[derive(Default)]
pub(in crate::train) struct Kept {
    /// The event file of this process, and the epochs in it.
    events: Option<(PathBuf, usize)>,
    /// What stands in it before the first epoch.
    seen: Vec<Seen>,
}

impl Kept {
    /// With what the encoder is shown first.
    pub(in crate::train) fn with(seen: Vec<Seen>) -> Kept {
        Kept { events: None, seen }
    }

    /// Writes all that is to be read beside the checkpoint. Files are whole or absent, but for the event file, to which
    /// epochs are appended, because whoever watches it has it open; its records tell themselves whether they are whole.
    pub(in crate::train) fn write(
        &mut self,
        folder: &Path,
        settings: &[(String, String)],
        history: &History,
    ) -> Result<(), Error> {
        write_whole(&folder.join(TABLE), history.to_csv().as_bytes())?;
        write_whole(&folder.join(LINES), history.to_json_lines().as_bytes())?;
        let settings = settings.iter();
        let settings: String = settings
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        write_whole(&folder.join(SETTINGS), settings.as_bytes())?;
        self.follow(folder, history)
    }

    fn follow(&mut self, folder: &Path, history: &History) -> Result<(), Error> {
        let now = now();
        let records = |from: usize| -> Vec<u8> {
            let new = history.epochs.iter().skip(from);
            new.flat_map(|epoch| events::scalars(now, epoch.epoch as u64, &epoch.figures))
                .collect()
        };
        let n = history.epochs.len();
        match &mut self.events {
            Some((file, written)) if *written <= n => {
                let appended = OpenOptions::new().append(true).open(&*file);
                appended
                    .and_then(|mut open| open.write_all(&records(*written)))
                    .map_err(|error| Error::file(file, error))?;
                *written = n;
            }
            _ => {
                // An epoch must not stand in two files, so what an earlier process wrote is written anew.
                remove_events(folder);
                let file = folder.join(format!("{}{}{}", EVENTS.0, now as u64, EVENTS.1));
                let seen = self.seen.iter().flat_map(|it| shown(now, it));
                let seen: Vec<u8> = seen.collect();
                write_whole(&file, &[events::head(now), seen, records(0)].concat())?;
                self.events = Some((file, n));
            }
        }
        Ok(())
    }
}

fn shown(now: f64, seen: &Seen) -> Vec<u8> {
    match &seen.what {
        What::Picture { size, file } => events::picture(now, &seen.name, *size, file),
        What::Sound {
            sample_rate,
            channels,
            length,
            file,
        } => events::sound(now, &seen.name, *sample_rate, [*channels, *length], file),
    }
}

/// Seconds since 1970, which TensorBoard shows beside every number.
#[expect(
    clippy::disallowed_methods,
    reason = "what is learned does not depend on it"
)]
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

fn remove_events(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let is_ours = |name: &str| name.starts_with(EVENTS.0) && name.ends_with(EVENTS.1);
        if name.to_str().is_some_and(is_ours) {
            // One that cannot be removed shows its epochs twice, which harms nobody.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::EpochRecord;
    use super::*;

    fn history(n: usize) -> History {
        let epoch = |number: usize| {
            let mut epoch = EpochRecord::new(number);
            epoch.push("loss", 1.0 / number as f64);
            epoch
        };
        History {
            epochs: (1..=n).map(epoch).collect(),
        }
    }

    fn event_files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.to_string_lossy().contains("tfevents"))
            .collect()
    }

    #[test]
    fn epochs_are_appended_and_stand_once_whoever_wrote_them() {
        let folder = tempfile::tempdir().unwrap();
        let settings = [("seed".to_owned(), "0".to_owned())];
        let mut first = Kept::default();
        first.write(folder.path(), &settings, &history(1)).unwrap();
        first.write(folder.path(), &settings, &history(3)).unwrap();
        let files = event_files(folder.path());
        assert_eq!(files.len(), 1);
        let length = std::fs::metadata(&files[0]).unwrap().len();
        Kept::default()
            .write(folder.path(), &settings, &history(3))
            .unwrap();
        let files = event_files(folder.path());
        assert_eq!(files.len(), 1);
        assert_eq!(std::fs::metadata(&files[0]).unwrap().len(), length);
        let lines = std::fs::read_to_string(folder.path().join(LINES)).unwrap();
        assert_eq!(lines.lines().next(), Some(r#"{"epoch":1,"loss":1.0}"#));
        assert_eq!(lines.lines().count(), 3);
    }
}
