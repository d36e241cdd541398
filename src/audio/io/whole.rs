//! Writing a file whole or not at all.

use crate::Error;
use std::io::Write;
use std::path::Path;

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
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(Error::file(path, "this is no name for a file")),
    };
    let fault = |error: std::io::Error| Error::file(path, format!("cannot be written: {error}"));
    std::fs::create_dir_all(folder).map_err(fault)?;
    let mut file = tempfile::Builder::new().prefix(".auricle-").tempfile_in(folder).map_err(fault)?;
    file.write_all(bytes).map_err(fault)?;
    if sync {
        file.as_file().sync_all().map_err(fault)?;
    }
    #[cfg(unix)]
    {
        // A temporary file is private; what the user asked for is as readable as any other new file.
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(fault)?;
    }
    file.persist(path).map_err(|error| fault(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/the/way/out.txt");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(write_whole(folder.path(), b"x"), Err(Error::File { .. })));
    }
}
