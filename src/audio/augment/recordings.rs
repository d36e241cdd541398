//! Recordings that stages mix in or convolve with.
//!
//! Which recording a clip gets is decided by rendezvous hashing (Thaler & Ravishankar, "Using name-based mappings to increase
//! hit rates", 1998): every file has a score made from the clip's draw and the file's name inside its folder, and the
//! highest score wins. All files have the same chance, and one more file takes only the draws that it wins itself: an
//! index into a sorted list would give nearly every clip another sound. The same order says what is taken where a file
//! cannot be read, so it makes no difference which clip came upon the broken file first.

use super::trace::DrawnRecording;
use crate::dsp::resample;
use crate::io::{PassedOver, find_sounds};
use crate::rng::mix;
use crate::{Error, Waveform, io};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

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

/// Who is told of a recording that cannot be used, once for each.
pub type Listener = Arc<dyn Fn(&Error) + Send + Sync>;

/// Sound files in a fixed order. Each is decoded when it is first needed, and shared by all users of the stage.
pub struct Recordings {
    files: Vec<File>,
    passed_over: PassedOver,
    purpose: Purpose,
    listener: OnceLock<Listener>,
    clock: AtomicU64,
    kept_bytes: AtomicUsize,
    limit_bytes: usize,
}

struct File {
    path: PathBuf,
    /// Path inside the folder that was given, with `/` on every system: what traces call it.
    name: String,
    /// What scores are made of: the name, and for a second file of that name that it is the second.
    hash: u64,
    kept: Mutex<Kept>,
    sound: OnceLock<Sound>,
    broken: OnceLock<Error>,
}

/// What is remembered of a file's decoded sound.
#[derive(Clone, Copy)]
struct Sound {
    hash: u64,
    rms: f64,
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
        let mut files = Vec::new();
        let mut passed_over = PassedOver::default();
        let mut alike: HashMap<String, u64> = HashMap::new();
        let mut add = |path: PathBuf, inside: &Path| {
            let parts: Vec<_> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            let name = parts.join("/");
            let n_before = alike.entry(name.clone()).or_default();
            let hash = xxh3_64(name.as_bytes()) ^ mix(*n_before);
            *n_before += 1;
            let (kept, sound, broken) = (Mutex::default(), OnceLock::new(), OnceLock::new());
            files.push(File {
                path,
                name,
                hash,
                kept,
                sound,
                broken,
            });
        };
        for path in paths.iter().map(Path::new) {
            if path.is_dir() {
                let found = find_sounds(path)?;
                for file in found.files {
                    let inside = file.strip_prefix(path).unwrap_or(&file).to_owned();
                    add(file, &inside);
                }
                passed_over.add(found.passed_over);
            } else if path.exists() {
                add(
                    path.to_owned(),
                    Path::new(path.file_name().unwrap_or(path.as_os_str())),
                );
            } else {
                let hint = "give a sound file or a folder; relative paths start where the program was started";
                return Err(Error::file_with_hint(
                    path,
                    "there is no such file or folder",
                    hint,
                ));
            }
        }
        let (clock, kept_bytes, listener) =
            (AtomicU64::new(0), AtomicUsize::new(0), OnceLock::new());
        Ok(Recordings {
            files,
            passed_over,
            purpose,
            listener,
            clock,
            kept_bytes,
            limit_bytes: KEPT_BYTES,
        })
    }

    /// The files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// What was found in the folders and is not among the files.
    pub(super) fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// Says who is told of files that cannot be used. The first listener stays.
    pub(super) fn listen(&self, listener: &Listener) {
        let _ = self.listener.set(listener.clone());
    }

    /// Draws a recording that can be used at a sample rate, and gives its index. Where there is none, that of one that
    /// cannot.
    pub(super) fn draw(&self, seed: f64, sample_rate: u32) -> f64 {
        let best = |usable: bool| {
            let files = self
                .files
                .iter()
                .enumerate()
                .filter(|(_, file)| !usable || file.broken.get().is_none());
            files
                .max_by_key(|(_, file)| mix(seed as u64 ^ mix(file.hash)))
                .map(|(index, _)| index as f64)
        };
        // Every turn that goes on has found one more file that is broken.
        while let Some(index) = best(true) {
            if self.get(index, sample_rate).is_ok() || !self.is_broken(index) {
                return index;
            }
        }
        best(false).unwrap_or(0.0)
    }

    /// The recording of an index, at a sample rate.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be decoded or holds nothing, and as [`resample`].
    pub(super) fn get(&self, index: f64, sample_rate: u32) -> Result<Waveform, Error> {
        let (index, file) = self.file(index)?;
        // Holding the lock while decoding makes every other thread that wants this file wait for the one result.
        let mut kept = file.lock();
        kept.last_used = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(wave) = kept
            .waves
            .iter()
            .find(|wave| wave.sample_rate() == sample_rate)
        {
            return Ok(wave.clone());
        }
        let read = self.read(file)?;
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

    /// The root mean square of a whole recording, over all its channels.
    ///
    /// # Errors
    /// As [`Recordings::get`].
    pub(super) fn rms(&self, index: f64) -> Result<f64, Error> {
        let (_, file) = self.file(index)?;
        self.sound(file).map(|sound| sound.rms)
    }

    /// What a trace says of a drawn recording.
    ///
    /// # Errors
    /// As [`Recordings::get`].
    pub(super) fn drawn(&self, index: f64) -> Result<DrawnRecording, Error> {
        let (_, file) = self.file(index)?;
        Ok(DrawnRecording {
            file: file.name.clone(),
            sound: self.sound(file)?.written(),
        })
    }

    /// The index of the recording that a trace names. Of several files of that name it is the one whose sound was drawn.
    ///
    /// # Errors
    /// [`Error::Trace`] if there is no such file any more, or its sound is another one; as [`Recordings::get`].
    pub(super) fn named(&self, stage: &str, drawn: &DrawnRecording) -> Result<f64, Error> {
        let mut alike = self
            .files
            .iter()
            .enumerate()
            .filter(|(_, file)| file.name == drawn.file)
            .peekable();
        if alike.peek().is_none() {
            let reason = format!(
                "`{stage}` drew the recording `{}`, which is none of its recordings now",
                drawn.file
            );
            return Err(Error::Trace { reason });
        }
        for (index, file) in alike {
            if drawn.sound.is_empty() || self.sound(file)?.written() == drawn.sound {
                return Ok(index as f64);
            }
        }
        let reason = format!(
            "the recording `{}` that `{stage}` drew has another sound now",
            drawn.file
        );
        Err(Error::Trace { reason })
    }

    fn file(&self, index: f64) -> Result<(usize, &File), Error> {
        let index = (index.max(0.0) as usize).min(self.files.len().saturating_sub(1));
        self.files
            .get(index)
            .map(|file| (index, file))
            .ok_or(Error::Empty { what: "paths" })
    }

    fn is_broken(&self, index: f64) -> bool {
        self.file(index)
            .is_ok_and(|(_, file)| file.broken.get().is_some())
    }

    /// Decodes a file. One that cannot be used is not tried again.
    fn read(&self, file: &File) -> Result<Waveform, Error> {
        if let Some(error) = file.broken.get() {
            return Err(error.clone());
        }
        let read = io::read(&file.path).and_then(|wave| {
            let nothing = |reason: &str| Err(Error::file(&file.path, reason));
            match self.purpose {
                _ if wave.n_samples() == 0 => nothing("it holds no samples"),
                Purpose::Filter if wave.peak() == 0.0 => {
                    nothing("it is silent, which is no impulse response")
                }
                _ => Ok(wave),
            }
        });
        match &read {
            Ok(wave) => {
                file.sound.get_or_init(|| Sound::of(wave));
            }
            Err(error) => {
                if file.broken.set(error.clone()).is_ok()
                    && let Some(listener) = self.listener.get()
                {
                    listener(error);
                }
            }
        }
        read
    }

    fn sound(&self, file: &File) -> Result<Sound, Error> {
        match file.sound.get() {
            Some(sound) => Ok(*sound),
            None => self.read(file).map(|wave| Sound::of(&wave)),
        }
    }

    /// Forgets what was not used for longest until the rest fits. `spared` was just used.
    fn make_room(&self, spared: usize) {
        while self.kept_bytes.load(Ordering::Relaxed) > self.limit_bytes {
            // A file that another thread holds is in use.
            let idle = self
                .files
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != spared)
                .filter_map(|(_, file)| {
                    let kept = file.kept.try_lock().ok()?;
                    (!kept.waves.is_empty()).then_some((kept.last_used, file))
                });
            let Some((_, oldest)) = idle.min_by_key(|(last_used, _)| *last_used) else {
                return;
            };
            let mut kept = oldest.lock();
            let freed = kept.waves.drain(..).map(|wave| bytes(&wave)).sum();
            self.kept_bytes.fetch_sub(freed, Ordering::Relaxed);
        }
    }
}

impl File {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn bytes(wave: &Waveform) -> usize {
    std::mem::size_of_val(wave.samples())
}

impl Sound {
    /// The hash is over the samples as decoded, whatever else the file holds.
    fn of(wave: &Waveform) -> Sound {
        let mut hasher = Xxh3::new();
        hasher.update(&wave.sample_rate().to_le_bytes());
        hasher.update(&(wave.n_channels() as u64).to_le_bytes());
        for part in wave.samples().chunks(1024) {
            let bytes: SmallVec<[u8; 4096]> = part.iter().flat_map(|x| x.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
        Sound {
            hash: hasher.digest(),
            rms: wave.rms(),
        }
    }

    fn written(self) -> String {
        format!("{:016x}", self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{SampleFormat, write_wav};

    fn add(folder: &tempfile::TempDir, name: &str, level: f32) {
        let wave = Waveform::mono(vec![level; 1000], 8000).unwrap();
        write_wav(&folder.path().join(name), &wave, SampleFormat::Float32).unwrap();
    }

    fn folder(n: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        (0..n).for_each(|i| add(&folder, &format!("{i}.wav"), i as f32));
        folder
    }

    fn find(folder: &tempfile::TempDir) -> Recordings {
        Recordings::find(&[folder.path().display().to_string()], Purpose::Sound).unwrap()
    }

    /// The names that some seeds draw.
    fn names(recordings: &Recordings, n: usize) -> Vec<String> {
        (0..n)
            .map(|seed| {
                recordings.files[recordings.draw(seed as f64, 8000) as usize]
                    .name
                    .clone()
            })
            .collect()
    }

    #[test]
    fn a_recording_is_decoded_once_for_each_rate() {
        let folder = folder(3);
        let recordings = find(&folder);
        assert_eq!(recordings.paths().count(), 3);
        let first = recordings.get(1.0, 8000).unwrap();
        std::fs::remove_file(folder.path().join("1.wav")).unwrap();
        assert_eq!(recordings.get(1.0, 8000).unwrap(), first);
        assert!(matches!(
            recordings.get(1.0, 16_000),
            Err(Error::File { .. })
        ));
        assert_eq!(recordings.get(99.0, 16_000).unwrap().n_samples(), 2000);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named() {
        let error = Recordings::find(&["no/such.wav".into()], Purpose::Sound)
            .err()
            .unwrap();
        assert!(error.to_string().contains("no/such.wav"), "{error}");
    }

    #[test]
    fn no_more_is_kept_than_allowed() {
        let folder = folder(4);
        let mut recordings = find(&folder);
        recordings.limit_bytes = 9000;
        for index in [0.0, 1.0, 2.0, 3.0, 0.0, 3.0] {
            assert_eq!(
                recordings.get(index, 8000).unwrap().samples()[0],
                index as f32
            );
            assert!(recordings.kept_bytes.load(Ordering::Relaxed) <= 9000);
        }
    }

    #[test]
    fn every_recording_has_the_same_chance() {
        let folder = folder(7);
        let drawn = names(&find(&folder), 7000);
        for i in 0..7 {
            let n = drawn
                .iter()
                .filter(|name| **name == format!("{i}.wav"))
                .count();
            // Five deviations of a binomial count.
            assert!(
                (n as f64 - 1000.0).abs() < 5.0 * (7000.0 * 6.0 / 49.0f64).sqrt(),
                "{i}: {n}"
            );
        }
    }

    #[test]
    fn one_more_file_takes_only_the_draws_that_it_wins() {
        let folder = folder(9);
        let before = names(&find(&folder), 2000);
        add(&folder, "0 first.wav", 0.5);
        let after = names(&find(&folder), 2000);
        let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
        assert!(changed.iter().all(|(_, b)| *b == "0 first.wav"));
        assert!(
            (changed.len() as f64 - 200.0).abs() < 70.0,
            "{}",
            changed.len()
        );
        // The folder may lie anywhere, and a second one takes only what it wins.
        let moved = tempfile::tempdir().unwrap();
        let inner = moved.path().join("noises");
        std::fs::rename(folder.path(), &inner).unwrap();
        let root = inner.display().to_string();
        assert_eq!(
            names(
                &Recordings::find(std::slice::from_ref(&root), Purpose::Sound).unwrap(),
                2000
            ),
            after
        );
        let other = self::folder(9);
        let both =
            Recordings::find(&[root, other.path().display().to_string()], Purpose::Sound).unwrap();
        let indices: Vec<f64> = (0..2000)
            .map(|seed| both.draw(f64::from(seed), 8000))
            .collect();
        let kept = indices.iter().filter(|&&index| index < 10.0).count() as f64;
        assert!(
            (kept - 2000.0 * 10.0 / 19.0).abs() < 5.0 * 500.0f64.sqrt(),
            "{kept}"
        );
        let first: Vec<_> = indices
            .iter()
            .zip(&after)
            .filter(|(index, _)| **index < 10.0)
            .collect();
        assert!(
            first
                .iter()
                .all(|(index, name)| both.files[**index as usize].name == **name)
        );
    }

    #[test]
    fn a_broken_file_is_told_once_and_drawn_no_more() {
        let folder = folder(5);
        let sound = names(&find(&folder), 300);
        std::fs::write(folder.path().join("2.wav"), b"RIFF, but no more").unwrap();
        write_wav(
            &folder.path().join("3.wav"),
            &Waveform::mono(vec![], 8000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let recordings = find(&folder);
        let heard = told.clone();
        recordings.listen(
            &(Arc::new(move |error: &Error| heard.lock().unwrap().push(error.to_string()))
                as Listener),
        );
        let drawn = names(&recordings, 300);
        let mut told = told.lock().unwrap().clone();
        told.sort();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("2.wav") && told[1].contains("3.wav"),
            "{told:?}"
        );
        assert!(drawn.iter().all(|name| name != "2.wav" && name != "3.wav"));
        // Who drew something else draws what it drew, whichever clip came upon the broken files first.
        assert!(
            sound
                .iter()
                .zip(&drawn)
                .all(|(a, b)| a == b || a == "2.wav" || a == "3.wav")
        );
        let other = find(&folder);
        let backwards: Vec<f64> = (0..300)
            .rev()
            .map(|seed| other.draw(f64::from(seed), 8000))
            .collect();
        assert!(
            backwards
                .iter()
                .rev()
                .zip(&drawn)
                .all(|(&index, name)| other.files[index as usize].name == *name)
        );
        // Where all are broken, the error is that of a file.
        let all = self::folder(0);
        std::fs::write(all.path().join("a.wav"), b"no").unwrap();
        let all = find(&all);
        assert!(matches!(
            all.get(all.draw(1.0, 8000), 8000),
            Err(Error::File { .. })
        ));
    }

    #[test]
    fn a_name_leads_to_the_sound_that_was_drawn_or_nowhere() {
        let folder = folder(2);
        let drawn = find(&folder).drawn(1.0).unwrap();
        assert_eq!(drawn.file, "1.wav");
        add(&folder, "0 first.wav", 0.5);
        assert_eq!(find(&folder).named("background", &drawn).unwrap(), 2.0);
        // Another folder before it holds a file of that name.
        let other = tempfile::tempdir().unwrap();
        add(&other, "1.wav", 0.25);
        let paths = [&other, &folder].map(|folder| folder.path().display().to_string());
        assert_eq!(
            Recordings::find(&paths, Purpose::Sound)
                .unwrap()
                .named("background", &drawn)
                .unwrap(),
            3.0
        );
        let error = |recordings: Recordings| {
            recordings
                .named("background", &drawn)
                .unwrap_err()
                .to_string()
        };
        let refused = "the trace does not belong to this recipe: ";
        assert_eq!(
            error(find(&other)),
            format!("{refused}the recording `1.wav` that `background` drew has another sound now")
        );
        std::fs::remove_file(folder.path().join("1.wav")).unwrap();
        let gone = "`background` drew the recording `1.wav`, which is none of its recordings now";
        assert_eq!(error(find(&folder)), format!("{refused}{gone}"));
    }
}
