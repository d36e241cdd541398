//! What all pages have in common: head, search and style.

use crate::script::escape;

pub(super) const STYLE_FILE: &str = "style.css";
pub(super) const STYLE: &str = include_str!("style.css");
pub(super) const SEARCH_FILE: &str = "search.js";

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
