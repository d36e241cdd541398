//! Decoded and resampled clips on disk, shared by all programs of a user.
//!
//! A file a clip, named by a hash of the source's path, size, time of change and the target rate. Files appear by
//! renaming, so that no program sees a part of one; a file that is damaged all the same fails its checksum and is made
//! again. Nothing here is precious: the whole folder may be deleted at any time.

use crate::{Error, Waveform, io};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// A cache in one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    folder: PathBuf,
}

/// Changes when the content of the files changes: the layout, the decoder or the resampler.
const FORMAT: &[u8; 16] = b"auricle clip v2\n";
const HEAD: usize = 16 + 8 + 8 + 8;

impl Cache {
    /// A cache in a folder, which is made when the first clip is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Cache {
        Cache {
            folder: folder.into(),
        }
    }

    /// The clip made from `source` at `rate`, from the cache or by `make`.
    ///
    /// A clip that costs nothing to make, one of an uncompressed file at the right rate, is not kept. A cache that
    /// cannot be written to is no error: the clip is made again the next time.
    ///
    /// # Errors
    /// Whatever `make` reports.
    pub(super) fn get_or_make(
        &self,
        source: &Path,
        rate: Option<u32>,
        make: impl FnOnce() -> Result<Waveform, Error>,
    ) -> Result<Waveform, Error> {
        let Some(path) = self.path(source, rate) else {
            return make();
        };
        if let Some(wave) = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes)) {
            return Ok(wave);
        }
        let wave = make()?;
        if !is_plain(source, wave.sample_rate()) {
            let _ = io::write_unsynced(&path, &encode(&wave));
        }
        Ok(wave)
    }

    fn path(&self, source: &Path, rate: Option<u32>) -> Option<PathBuf> {
        let rate = u64::from(rate.unwrap_or(0)).to_le_bytes();
        self.named(source, FORMAT, &rate)
    }

    /// Where something else is kept that is made from `source`, by what it is.
    pub(super) fn beside(&self, source: &Path, what: &str) -> Option<PathBuf> {
        self.named(source, what.as_bytes(), &[])
    }

    fn named(&self, source: &Path, what: &[u8], by: &[u8]) -> Option<PathBuf> {
        let metadata = source.metadata().ok()?;
        let changed = metadata
            .modified()
            .ok()?
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        let mut hash = Xxh3::new();
        hash.update(what);
        hash.update(source.canonicalize().ok()?.as_os_str().as_encoded_bytes());
        for number in [metadata.len(), changed.as_nanos() as u64] {
            hash.update(&number.to_le_bytes());
        }
        hash.update(by);
        let name = format!("{:032x}", hash.digest128());
        Some(self.folder.join(&name[..2]).join(&name[2..]))
    }
}

/// Whether the source is a WAV file at this rate: decoding it again is as fast as reading the cache.
fn is_plain(source: &Path, sample_rate: u32) -> bool {
    let wav = source
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wav"));
    wav && io::read_header(source).is_ok_and(|header| header.sample_rate == sample_rate)
}

fn encode(wave: &Waveform) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + wave.samples().len() * 4);
    bytes.extend_from_slice(FORMAT);
    bytes.extend_from_slice(&u64::from(wave.sample_rate()).to_le_bytes());
    bytes.extend_from_slice(&(wave.samples().len() as u64).to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    for sample in wave.samples() {
        bytes.extend_from_slice(&sample.to_le_bytes());
    }
    let checksum = xxh3_64(&bytes[HEAD..]) ^ xxh3_64(&bytes[..HEAD - 8]);
    bytes[HEAD - 8..HEAD].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Waveform> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let number = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
    let whole = head.starts_with(FORMAT)
        && number(24)?.checked_mul(4)? == body.len() as u64
        && number(32)? == xxh3_64(body) ^ xxh3_64(&head[..HEAD - 8]);
    if !whole {
        return None;
    }
    let samples = body
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    Waveform::mono(samples, u32::try_from(number(16)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave() -> Waveform {
        Waveform::mono((0..100).map(|i| i as f32 / 100.0).collect(), 8000).unwrap()
    }

    #[test]
    fn a_clip_is_made_once_and_again_when_its_source_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (source, cache) = (
            folder.path().join("a.ogg"),
            Cache::new(folder.path().join("cache")),
        );
        std::fs::write(&source, b"one").unwrap();
        let made = std::cell::Cell::new(0);
        let get = || {
            cache
                .get_or_make(&source, Some(8000), || {
                    made.set(made.get() + 1);
                    Ok(wave())
                })
                .unwrap()
        };
        assert_eq!((get(), get(), made.get()), (wave(), wave(), 1));
        std::fs::write(&source, b"longer").unwrap();
        assert_eq!((get(), made.get()), (wave(), 2));
    }

    #[test]
    fn a_damaged_file_is_not_believed() {
        let good = encode(&wave());
        assert_eq!(decode(&good), Some(wave()));
        assert_eq!(decode(&good[..good.len() - 1]), None);
        assert_eq!(decode(&good[..10]), None);
        for at in [0, 16, 24, 33, HEAD, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(decode(&bad), None, "byte {at}");
        }
    }

    #[test]
    fn many_threads_may_share_a_cache() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.ogg");
        std::fs::write(&source, b"x").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let cache = Cache::new(folder.path().join("cache"));
                let source = &source;
                scope.spawn(move || {
                    for _ in 0..50 {
                        assert_eq!(
                            cache.get_or_make(source, None, || Ok(wave())).unwrap(),
                            wave()
                        );
                    }
                });
            }
        });
    }
}
