//! Writing tar files as WebDataset reads them: what shares a name up to its first dot is one sample.

use crate::Error;
use crate::io::{WholeFile, unwritable};
use std::path::{Path, PathBuf};
use tar::{Builder, Header};

/// A tar file that is being written. It is there when it is finished, or not at all.
pub struct TarShard {
    path: PathBuf,
    builder: Builder<WholeFile>,
}

impl TarShard {
    /// Begins a tar file.
    ///
    /// # Errors
    /// [`Error::File`] if its folder cannot be written to.
    pub fn create(path: &Path) -> Result<TarShard, Error> {
        Ok(TarShard {
            path: path.to_owned(),
            builder: Builder::new(WholeFile::create_all(path)?),
        })
    }

    /// Adds a member. Its time is 0, so that the bytes are the same whenever it is made.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        let added = self.builder.append_data(&mut header, name, bytes);
        added.map_err(|error| unwritable(&self.path, &error))
    }

    /// Ends the file: now it is there.
    ///
    /// # Errors
    /// [`Error::File`] if not all of it could be written.
    pub fn finish(self) -> Result<(), Error> {
        let file = self.builder.into_inner();
        let file = file.map_err(|error| unwritable(&self.path, &error))?;
        file.finish()
    }
}
