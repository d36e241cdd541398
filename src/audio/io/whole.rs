//! Writing a file whole or not at all.

use crate::Error;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::Xxh3;

/// Writes a file so that a reader sees the old content or the new one, never a part: into a temporary file beside it,
/// to the disk, then renamed over it. Missing folders are made.
///
/// # Errors
/// [`Error::File`] if the folder cannot be made or written to.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write(path, bytes, true)
}

/// As [`write_whole`], without waiting for the disk: for files that check themselves when they are read.
pub(crate) fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write(path, bytes, false)
}

fn write(path: &Path, bytes: &[u8], sync: bool) -> Result<(), Error> {
    let mut file = WholeFile::create_all(path)?;
    file.write_all(bytes)
        .map_err(|error| unwritable(path, &error))?;
    let file = if sync {
        file.seal()?
    } else {
        file.seal_unsynced()?
    };
    file.place()
}

/// The error of a file that the system does not write.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, format!("cannot be written: {error}"))
}

/// A file that is being written, under a temporary name beside its own. What is dropped before it is placed is gone.
pub struct WholeFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    /// What was written so far, while it was written from the beginning to the end.
    content: Option<(Xxh3, u64)>,
}

impl WholeFile {
    /// Begins a file and makes the folders that it lies in.
    ///
    /// # Errors
    /// [`Error::File`] if that is no name of a file, or the folder cannot be written to.
    pub fn create_all(path: &Path) -> Result<WholeFile, Error> {
        let Some(folder) = path.parent() else {
            return Err(Error::file(path, "this is no name for a file"));
        };
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(path, &error))?;
        }
        WholeFile::create(path, ".auricle-")
    }

    /// Begins a file in a folder that exists. `prefix` begins the temporary name; six letters or digits follow it.
    ///
    /// # Errors
    /// [`Error::File`] if the folder cannot be written to.
    pub(crate) fn create(path: &Path, prefix: &str) -> Result<WholeFile, Error> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(prefix).tempfile_in(folder);
        let file = file.map_err(|error| unwritable(path, &error))?;
        // Few large writes: a sound is converted a block at a time.
        let file = BufWriter::with_capacity(1 << 16, file);
        Ok(WholeFile {
            file,
            path: path.to_owned(),
            content: Some((Xxh3::new(), 0)),
        })
    }

    /// Ends the content, waits until it is on the disk, and gives the file its name.
    ///
    /// # Errors
    /// [`Error::File`] if not all of it could be written.
    pub fn finish(self) -> Result<(), Error> {
        self.seal()?.place()
    }

    /// Ends the content and waits until it is on the disk.
    ///
    /// # Errors
    /// [`Error::File`] if not all of it could be written.
    pub(crate) fn seal(self) -> Result<Sealed, Error> {
        let sealed = self.seal_unsynced()?;
        sealed
            .file
            .as_file()
            .sync_all()
            .map_err(|error| unwritable(&sealed.path, &error))?;
        Ok(sealed)
    }

    fn seal_unsynced(self) -> Result<Sealed, Error> {
        let WholeFile {
            file,
            path,
            content,
        } = self;
        let mut file = file
            .into_inner()
            .map_err(|error| unwritable(&path, error.error()))?;
        let (hash, n_bytes) = match content {
            Some((hash, n_bytes)) => (hash.digest(), n_bytes),
            None => file
                .rewind()
                .and_then(|()| content_of(&mut file))
                .map_err(|error| unwritable(&path, &error))?,
        };
        #[cfg(unix)]
        {
            // A temporary file is private; what the user asked for is as readable as any other new file.
            use std::os::unix::fs::PermissionsExt;
            let readable = file
                .as_file()
                .set_permissions(std::fs::Permissions::from_mode(0o644));
            readable.map_err(|error| unwritable(&path, &error))?;
        }
        Ok(Sealed {
            file,
            path,
            hash,
            n_bytes,
        })
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.file.write(bytes)?;
        if let Some((hash, n_bytes)) = &mut self.content {
            hash.update(&bytes[..n]);
            *n_bytes += n as u64;
        }
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for WholeFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        // Where it goes on is not known: what it holds is read once more at the end.
        self.content = None;
        self.file.seek(to)
    }

    fn stream_position(&mut self) -> std::io::Result<u64> {
        self.file.stream_position()
    }
}

/// The XXH3 hash and the length of the rest of a file.
///
/// # Errors
/// Whatever the system says.
pub(crate) fn content_of(file: &mut impl Read) -> std::io::Result<(u64, u64)> {
    let mut hash = Xxh3::new();
    let mut n_bytes = 0;
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok((hash.digest(), n_bytes)),
            Ok(n) => {
                hash.update(&block[..n]);
                n_bytes += n as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A complete file that is not yet at its place.
pub(crate) struct Sealed {
    file: NamedTempFile,
    path: PathBuf,
    hash: u64,
    n_bytes: u64,
}

impl Sealed {
    /// The XXH3 hash of the content.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The length of the content.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Gives the file its name, in place of what had it before.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be renamed, such as over a folder.
    pub(crate) fn place(self) -> Result<(), Error> {
        let Sealed { file, path, .. } = self;
        file.persist(&path)
            .map(drop)
            .map_err(|error| unwritable(&path, &error.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/the/way/out.txt");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            write_whole(folder.path(), b"x"),
            Err(Error::File { .. })
        ));
    }

    #[test]
    fn what_is_written_in_parts_is_counted_hashed_and_absent_until_it_is_placed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let content: Vec<u8> = (0..200_000u64).map(|i| ((i * i) >> 7) as u8).collect();
        let write = || {
            let mut file = WholeFile::create(&path, ".auricle-1-of-2-").unwrap();
            content
                .chunks(7001)
                .for_each(|part| file.write_all(part).unwrap());
            file.seal().unwrap()
        };
        drop(write());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let sealed = write();
        assert_eq!(
            (sealed.hash(), sealed.n_bytes()),
            (xxh3_64(&content), 200_000)
        );
        assert!(!path.exists());
        sealed.place().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content);
        // The same, but for a head that is completed at the end.
        let mut file = WholeFile::create_all(&path).unwrap();
        file.write_all(b"head")
            .and_then(|()| file.write_all(&content[4..]))
            .unwrap();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&content[..4]))
            .unwrap();
        let sealed = file.seal().unwrap();
        assert_eq!(
            (sealed.hash(), sealed.n_bytes()),
            (xxh3_64(&content), 200_000)
        );
        sealed.place().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
