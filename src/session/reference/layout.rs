//! What all pages have in common: head, search and style.

use super::index::Entry;
use crate::script::escape;
use serde_json::json;

pub(super) const STYLE_FILE: &str = "style.css";
pub(super) const STYLE: &str = include_str!("style.css");
pub(super) const SEARCH_FILE: &str = "search.js";
const SEARCH: &str = include_str!("search.js");

/// A page. `up` leads from its folder to that of the index.
pub(super) fn page(title: &str, up: &str, body: &str) -> String {
    let title = escape(title);
    let home = if up.is_empty() {
        "Reference"
    } else {
        "Auricle"
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"{up}{STYLE_FILE}\"></head><body>\
         <header><a class=\"home\" href=\"{up}index.html\">{home}</a><div class=\"search\">\
         <input id=\"search\" type=\"search\" placeholder=\"Search  ( / )\" aria-label=\"Search\" autocomplete=\"off\">\
         <ol id=\"found\" hidden></ol></div></header><main>{body}</main>\
         <script src=\"{up}{SEARCH_FILE}\" data-up=\"{up}\"></script></body></html>\n"
    )
}

/// The script that searches, with everything that can be found.
pub(super) fn search_script(entries: &[Entry]) -> String {
    let rows: Vec<String> = entries
        .iter()
        .map(|entry| json!([entry.name, entry.about, entry.kind, entry.link]).to_string())
        .collect();
    format!("const entries = [\n{}\n];\n{SEARCH}", rows.join(",\n"))
}
