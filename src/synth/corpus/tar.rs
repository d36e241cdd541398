//! Tar files as WebDataset reads them: what shares a name up to its first dot is one sample.

use super::part::Encoded;
use crate::Error;
use auricle_audio::io::{WholeFile, unwritable};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use tar::{Builder, Header};

pub(super) struct TarPart {
    path: PathBuf,
    builder: Builder<WholeFile>,
}

impl TarPart {
    pub(super) fn new(path: &Path, file: WholeFile) -> TarPart {
        TarPart {
            path: path.to_owned(),
            builder: Builder::new(file),
        }
    }

    /// Adds a sound and its JSON.
    pub(super) fn add(&mut self, sound: &Encoded, about: &Json) -> Result<(), Error> {
        let (key, _) = sound.name.split_once('.').unwrap_or((&sound.name, ""));
        self.entry(&sound.name, &sound.bytes)?;
        self.entry(&format!("{key}.json"), about.to_string().as_bytes())
    }

    /// A file of the archive. Its time is 0, so that the bytes are the same whenever it is made.
    fn entry(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        let added = self.builder.append_data(&mut header, name, bytes);
        Ok(added.map_err(|error| unwritable(&self.path, &error))?)
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let file = self.builder.into_inner();
        let file = file.map_err(|error| unwritable(&self.path, &error))?;
        Ok(file.finish()?)
    }
}
