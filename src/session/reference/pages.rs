//! Writing all pages into a folder.

use super::sound::Sounds;
use super::{index, layout, parallel, search, stage, topic};
use crate::script::ScriptError;
use crate::{Settings, language};
use auricle_audio::augment::catalogue;
use auricle_audio::io::write_whole;
use std::path::{Path, PathBuf};

/// Writes the reference pages into a folder; gives the file to open first.
///
/// # Errors
/// A file that cannot be written.
pub fn write_reference(folder: &Path, settings: &Settings) -> Result<PathBuf, ScriptError> {
    let table = language();
    let sounds = Sounds::new()?;
    let stages = parallel::map(catalogue(), |declaration| {
        stage::page(declaration, &sounds, folder, settings)
    });
    let mut cards = Vec::new();
    for (declaration, page) in catalogue().iter().zip(stages) {
        let page = page?;
        write(folder, &stage::path(declaration), &page.html)?;
        cards.push(page.card);
    }
    let topics = topic::all(&table);
    for (topic, html) in topics.iter().zip(topic::pages(&topics, settings)) {
        write(folder, &topic.path(), &html)?;
    }
    write(folder, layout::STYLE_FILE, layout::STYLE)?;
    write(folder, layout::SEARCH_FILE, &search::script(&topics))?;
    write(folder, INDEX_FILE, &index::page(&cards, &topics))?;
    Ok(folder.join(INDEX_FILE))
}

/// The page that leads to all others.
const INDEX_FILE: &str = "index.html";

fn write(folder: &Path, path: &str, text: &str) -> Result<(), ScriptError> {
    Ok(write_whole(&folder.join(path), text.as_bytes())?)
}
