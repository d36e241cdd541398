//! Recordings that stages mix in or convolve with.

use crate::dsp::resample;
use crate::{Error, Waveform, io};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Decoded samples that are kept at most, bytes. Beyond, what was not used for longest is decoded again when it is
/// needed: a large collection of noises must not fill the memory.
const KEPT_BYTES: usize = 1 << 30;

/// What recordings are taken for, which decides what a change of their rate does to their level.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// A sound keeps its samples' size.
    Sound,
    /// A filter keeps its gain: its samples are a density over time, so they grow with the time between them.
    Filter,
}

/// Sound files in a fixed order. Each is decoded when it is first needed, and shared by all users of the stage.
pub(super) struct Recordings {
    files: Vec<File>,
    purpose: Purpose,
    clock: AtomicU64,
    kept_bytes: AtomicUsize,
    limit_bytes: usize,
}

struct File {
    path: PathBuf,
    kept: Mutex<Kept>,
}

/// What is in memory of one file: the sound at each rate that was asked for.
#[derive(Default)]
struct Kept {
    waves: Vec<Waveform>,
    last_used: u64,
}

impl Recordings {
    /// The files that some paths stand for, in the order given; the files of a folder are sorted by path.
    ///
    /// # Errors
    /// [`Error::File`], naming the path, if there is nothing at one, or no sound in a folder.
    pub(super) fn find(paths: &[String], purpose: Purpose) -> Result<Recordings, Error> {
        let mut found = Vec::new();
        for path in paths.iter().map(Path::new) {
            if path.is_dir() {
                found.extend(io::sounds(path)?);
            } else if path.exists() {
                found.push(path.to_owned());
            } else {
                let hint = "give a sound file or a folder; relative paths start where the program was started";
                return Err(Error::file_with_hint(path, "there is no such file or folder", hint));
            }
        }
        let files = found.into_iter().map(|path| File { path, kept: Mutex::default() }).collect();
        let (clock, kept_bytes) = (AtomicU64::new(0), AtomicUsize::new(0));
        Ok(Recordings { files, purpose, clock, kept_bytes, limit_bytes: KEPT_BYTES })
    }

    /// How many files there are; at least one.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The recording that a drawn index chooses, at a sample rate. An index out of range, as a trace may hold, takes the
    /// last one.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be decoded, and as [`resample`].
    pub(super) fn get(&self, index: f64, sample_rate: u32) -> Result<Waveform, Error> {
        let index = (index.max(0.0) as usize).min(self.files.len().saturating_sub(1));
        let Some(file) = self.files.get(index) else { return Err(Error::Empty { what: "paths" }) };
        // Holding the lock while decoding makes every other thread that wants this file wait for the one result.
        let mut kept = file.lock();
        kept.last_used = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(wave) = kept.waves.iter().find(|wave| wave.sample_rate() == sample_rate) {
            return Ok(wave.clone());
        }
        let read = io::read(&file.path)?;
        let mut wave = resample(&read, sample_rate)?;
        if self.purpose == Purpose::Filter && read.sample_rate() != sample_rate {
            wave = wave.scaled(f64::from(read.sample_rate()) / f64::from(sample_rate))?;
        }
        self.kept_bytes.fetch_add(bytes(&wave), Ordering::Relaxed);
        kept.waves.push(wave.clone());
        drop(kept);
        self.make_room(index);
        Ok(wave)
    }

    /// Forgets what was not used for longest until the rest fits. `spared` was just used.
    fn make_room(&self, spared: usize) {
        while self.kept_bytes.load(Ordering::Relaxed) > self.limit_bytes {
            // A file that another thread holds is in use.
            let idle = self.files.iter().enumerate().filter(|(index, _)| *index != spared).filter_map(|(_, file)| {
                let kept = file.kept.try_lock().ok()?;
                (!kept.waves.is_empty()).then_some((kept.last_used, file))
            });
            let Some((_, oldest)) = idle.min_by_key(|(last_used, _)| *last_used) else { return };
            let mut kept = oldest.lock();
            let freed = kept.waves.drain(..).map(|wave| bytes(&wave)).sum();
            self.kept_bytes.fetch_sub(freed, Ordering::Relaxed);
        }
    }
}

impl File {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn bytes(wave: &Waveform) -> usize {
    std::mem::size_of_val(wave.samples())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{SampleFormat, write_wav};

    fn folder(n: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..n {
            let wave = Waveform::mono(vec![i as f32; 1000], 8000).unwrap();
            write_wav(&folder.path().join(format!("{i}.wav")), &wave, SampleFormat::Float32).unwrap();
        }
        folder
    }

    #[test]
    fn a_recording_is_decoded_once_for_each_rate() {
        let folder = folder(3);
        let recordings = Recordings::find(&[folder.path().display().to_string()], Purpose::Sound).unwrap();
        assert_eq!(recordings.len(), 3);
        let first = recordings.get(1.0, 8000).unwrap();
        std::fs::remove_file(folder.path().join("1.wav")).unwrap();
        assert_eq!(recordings.get(1.0, 8000).unwrap(), first);
        assert!(matches!(recordings.get(1.0, 16_000), Err(Error::File { .. })));
        assert_eq!(recordings.get(99.0, 16_000).unwrap().n_samples(), 2000);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named() {
        let error = Recordings::find(&["no/such.wav".into()], Purpose::Sound).err().unwrap();
        assert!(error.to_string().contains("no/such.wav"), "{error}");
    }

    #[test]
    fn no_more_is_kept_than_allowed() {
        let folder = folder(4);
        let mut recordings = Recordings::find(&[folder.path().display().to_string()], Purpose::Sound).unwrap();
        recordings.limit_bytes = 9000;
        for index in [0.0, 1.0, 2.0, 3.0, 0.0, 3.0] {
            assert_eq!(recordings.get(index, 8000).unwrap().samples()[0], index as f32);
            assert!(recordings.kept_bytes.load(Ordering::Relaxed) <= 9000);
        }
    }
}
