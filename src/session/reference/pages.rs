//! Writing all pages into a folder.

use super::index::Entry;
use super::sound::Sounds;
use super::{index, layout, parallel, stage, topic};
use crate::script::{ScriptError, function_anchor, written_anchor};
use crate::{Settings, language};
use auricle_audio::augment::catalogue;
use auricle_audio::io::write_whole;
use std::collections::BTreeSet;
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
    let entries = entries(&topics);
    write(
        folder,
        layout::SEARCH_FILE,
        &layout::search_script(&entries),
    )?;
    write(folder, INDEX_FILE, &index::page(&cards, &topics))?;
    Ok(folder.join(INDEX_FILE))
}

/// The page that leads to all others.
const INDEX_FILE: &str = "index.html";

fn write(folder: &Path, path: &str, text: &str) -> Result<(), ScriptError> {
    Ok(write_whole(&folder.join(path), text.as_bytes())?)
}

/// Whether a function has a page of its own as a stage.
pub(super) fn is_stage(function: &crate::script::Function) -> bool {
    function.receiver_name().is_none()
        && function.is_called()
        && catalogue()
            .iter()
            .any(|declaration| declaration.name == function.name())
}

/// What the search finds: every name once, with where it leads.
fn entries(topics: &[topic::Chapter<'_>]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = catalogue()
        .iter()
        .map(|declaration| Entry {
            name: declaration.name.to_owned(),
            about: declaration.about.to_owned(),
            kind: "stage",
            link: stage::path(declaration),
        })
        .collect();
    let mut seen = BTreeSet::new();
    for topic in topics {
        entries.extend(topic.functions.iter().map(|function| Entry {
            name: function.qualified_name(),
            about: function.about_text().to_owned(),
            kind: topic.title,
            link: format!("{}#{}", topic.path(), function_anchor(function)),
        }));
        entries.extend(topic.written.iter().map(|function| Entry {
            name: function.name.clone(),
            about: function.about.clone(),
            kind: topic.title,
            link: format!("{}#{}", topic.path(), written_anchor(function)),
        }));
    }
    entries.retain(|entry| seen.insert((entry.name.clone(), entry.link.clone())));
    entries
}
