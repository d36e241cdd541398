//! The hold on a run's folder: one process trains a run, and whoever wants the same one waits for what it makes.

use crate::Error;
use crate::feed::Stop;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// A hold on a run's folder, which ends with this value or with its process.
pub(in super::super) struct Held {
    _file: File,
}

const LOCK: &str = "in_use.lock";

/// Time between two looks whether another process is done, unnoticed beside a training.
const NAP: Duration = Duration::from_millis(100);

impl Held {
    /// Takes hold of a folder, and makes it where there is none. Nothing where that cannot be written or its file system
    /// knows no locks: then what is to be kept there says so itself.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop while another process holds it.
    pub(in super::super) fn wait(
        folder: &Path,
        stop: Stop<'_>,
        note: &mut dyn FnMut(String),
    ) -> Result<Option<Held>, Error> {
        let made = std::fs::create_dir_all(folder);
        let Ok(file) = made.and_then(|()| File::create(folder.join(LOCK))) else {
            return Ok(None);
        };
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Held { _file: file })),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(_)) => return Ok(None),
            }
            if !told {
                let place = folder.display();
                note(format!(
                    "another process trains this run, in {place}: waiting for it"
                ));
                told = true;
            }
            if stop() {
                return Err(Error::Stopped);
            }
            std::thread::sleep(NAP);
        }
    }
}
