//! What files hold, told by their length and a hash.

use crate::io::content_of;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Length of a stretch of a sampled file, bytes.
const STRETCH: u64 = 1 << 14;

/// The content of a file: its length, and the 64-bit XXH3 hash of its bytes.
///
/// Neither names nor times are trusted, which copying and restoring set at will: a file is read again to know it again. The
/// hash is faster than a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileContent {
    pub(super) n_bytes: u64,
    pub(super) hash: u64,
}

impl FileContent {
    pub(super) fn read(path: &Path) -> std::io::Result<FileContent> {
        let (hash, n_bytes) = content_of(&mut File::open(path)?)?;
        Ok(FileContent { n_bytes, hash })
    }

    /// The content of a file that would hold some bytes.
    pub(super) fn of(bytes: &[u8]) -> FileContent {
        FileContent {
            n_bytes: bytes.len() as u64,
            hash: xxh3_64(bytes),
        }
    }

    /// The length of a file and a hash of three stretches of it, its beginning, its middle and its end; of all of it where
    /// it is short. Many files are told from others by it without reading them whole.
    pub(super) fn sampled(path: &Path) -> std::io::Result<FileContent> {
        let mut file = File::open(path)?;
        let n_bytes = file.metadata()?.len();
        if n_bytes <= 3 * STRETCH {
            return FileContent::read(path);
        }
        let mut bytes = Vec::new();
        for start in [0, (n_bytes - STRETCH) / 2, n_bytes - STRETCH] {
            file.seek(SeekFrom::Start(start))?;
            file.by_ref().take(STRETCH).read_to_end(&mut bytes)?;
        }
        Ok(FileContent {
            n_bytes,
            hash: xxh3_64(&bytes),
        })
    }

    /// The hash as a manifest has it.
    pub(super) fn text(self) -> String {
        hash_text(self.hash)
    }
}

/// A hash as a manifest has it: 16 hexadecimal digits.
pub(super) fn hash_text(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_told_by_its_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for n in [0, 1, 65_536, 200_001_usize] {
            let bytes: Vec<u8> = (0..n as u64).map(|i| ((i * i) >> 5) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let content = FileContent::read(&path).unwrap();
            assert_eq!(
                (content, content.n_bytes),
                (FileContent::of(&bytes), n as u64)
            );
            assert_eq!(content.text().len(), 16);
        }
        assert!(FileContent::read(&folder.path().join("b")).is_err());
        // Of a long file the ends and the middle count, of a short one everything.
        for (n, at, seen) in [
            (200_000, 0, true),
            (200_000, 100_000, true),
            (200_000, 199_999, true),
            (200_000, 40_000, false),
            (40_000, 25_000, true),
        ] {
            let mut bytes = vec![1; n];
            std::fs::write(&path, &bytes).unwrap();
            let before = FileContent::sampled(&path).unwrap();
            bytes[at] = 2;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(
                FileContent::sampled(&path).unwrap() != before,
                seen,
                "{n} bytes, {at}"
            );
        }
    }
}
