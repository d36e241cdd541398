//! What the search of the pages finds, and the script that searches.

use super::stage;
use super::topic::Chapter;
use crate::script::{function_anchor, written_anchor};
use auricle_audio::augment::catalogue;
use serde_json::json;
use std::collections::BTreeSet;

/// The script, behind what it searches.
const SCRIPT: &str = include_str!("search.js");

/// Something that can be found.
struct Entry {
    name: String,
    about: String,
    /// The topic it belongs to.
    kind: &'static str,
    /// Where it is explained, from the index.
    link: String,
}

/// The script that searches, with everything that can be found.
pub(super) fn script(topics: &[Chapter<'_>]) -> String {
    let rows: Vec<String> = entries(topics)
        .iter()
        .map(|entry| json!([entry.name, entry.about, entry.kind, entry.link]).to_string())
        .collect();
    format!("const entries = [\n{}\n];\n{SCRIPT}", rows.join(",\n"))
}

/// What the search finds: every name once, with where it leads.
fn entries(topics: &[Chapter<'_>]) -> Vec<Entry> {
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
