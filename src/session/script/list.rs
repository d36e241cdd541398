//! Arrays as front ends show them: maps as the rows of a table, sounds and pictures below each other.

use super::{Display, Shown, aligned, escape, table};
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeSet;

/// Rows of a table that are shown at most; what is beyond is counted.
const MOST_ROWS: usize = 100;

/// Values with players or pictures that are shown at most: each may bring a sound into the notebook.
const MOST_PLAYERS: usize = 16;

/// Characters of a cell that are shown at most.
const MOST_CHARACTERS: usize = 100;

/// An array whose elements have a better form than rhai's text; `None` for every other value.
pub(super) fn display(value: &Dynamic) -> Option<Display> {
    let array = value
        .as_array_ref()
        .ok()
        .filter(|array| !array.is_empty())?;
    if array.iter().all(Dynamic::is_map) {
        Some(rows(&array))
    } else {
        players(&array)
    }
}

/// Maps as a table with a column for every key.
fn rows(array: &Array) -> Display {
    let maps = || array.iter().filter_map(|item| item.as_map_ref().ok());
    let keys: BTreeSet<String> = maps()
        .flat_map(|map| map.keys().map(ToString::to_string).collect::<Vec<_>>())
        .collect();
    let head: Vec<String> = keys.into_iter().collect();
    let cells = |map: &Map| {
        head.iter()
            .map(|key| map.get(key.as_str()).map_or_else(String::new, cell))
            .collect()
    };
    let rows: Vec<Vec<String>> = maps().take(MOST_ROWS).map(|map| cells(&map)).collect();
    let more = array.len() - rows.len();
    let (text_end, html_end) = match more {
        0 => (String::new(), String::new()),
        n => (
            format!("\n… and {n} more"),
            format!("<p>… and {n} more</p>"),
        ),
    };
    let titles: Vec<&str> = head.iter().map(String::as_str).collect();
    let html = format!("{}{html_end}", table(&titles, rows.iter().map(Vec::clone)));
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    Display {
        text: format!("{}{text_end}", aligned(&lines)),
        parts: vec![("text/html", html.into())],
        picture: None,
    }
}

/// The first line of a value, not too long.
fn cell(value: &Dynamic) -> String {
    let text = Shown::text_of(value);
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line} …"),
        None => line.to_owned(),
    }
}

/// Values that have a form for pages, below each other; `None` if one of them has none.
fn players(array: &Array) -> Option<Display> {
    let shown: Vec<Display> = array
        .iter()
        .take(MOST_PLAYERS)
        .map(Shown::display_of)
        .collect();
    let html: Vec<String> = shown.iter().map(Display::to_html).collect::<Option<_>>()?;
    let lines: Vec<String> = array.iter().map(Shown::text_of).collect();
    let more = match array.len() - shown.len() {
        0 => String::new(),
        n => format!("<p>… and {n} more</p>"),
    };
    Some(Display {
        text: lines.join("\n"),
        parts: vec![("text/html", format!("{}{more}", html.concat()).into())],
        picture: None,
    })
}

impl Display {
    /// The value as a piece of a page, if it has a form other than text.
    pub fn to_html(&self) -> Option<String> {
        let part = |kind: &str| {
            self.parts
                .iter()
                .find(|(known, _)| *known == kind)?
                .1
                .as_str()
        };
        if let Some(html) = part("text/html") {
            return Some(html.to_owned());
        }
        let png = part("image/png")?;
        Some(format!(
            "<div><img alt=\"{}\" src=\"data:image/png;base64,{png}\"></div>",
            escape(&self.text)
        ))
    }

    /// The same with a line above it, in every form that a page or a terminal shows.
    pub fn captioned(self, caption: &str) -> Display {
        let html = self
            .to_html()
            .unwrap_or_else(|| format!("<pre>{}</pre>", escape(&self.text)));
        let html = format!("<div><b>{}</b></div>{html}", escape(caption));
        let others = self
            .parts
            .into_iter()
            .filter(|(kind, _)| *kind != "text/html");
        let parts = std::iter::once(("text/html", html.into()))
            .chain(others)
            .collect();
        Display {
            text: format!("{caption}\n{}", self.text),
            parts,
            picture: self.picture,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(script: &str) -> Dynamic {
        rhai::Engine::new().eval(script).unwrap()
    }

    #[test]
    fn maps_are_rows_whatever_keys_they_have() {
        let display = display(&array("[#{ a: 1, b: \"<x>\" }, #{ a: 20, c: () }]")).unwrap();
        assert_eq!(display.text, "a   b    c\n1   <x>\n20");
        let html = display.to_html().unwrap();
        assert!(
            html.contains("<th>b</th>") && html.contains("<td>&lt;x&gt;</td>"),
            "{html}"
        );
    }

    #[test]
    fn long_tables_and_cells_are_cut() {
        let display = display(&array(
            "let a = []; for i in 0..105 { a.push(#{ i: i }) } a",
        ))
        .unwrap();
        assert!(display.text.ends_with("\n… and 5 more") && display.text.lines().count() == 102);
        assert_eq!(
            cell(&"é".repeat(101).into()),
            format!("{}…", "é".repeat(100))
        );
        assert_eq!(cell(&"a\nb".into()), "a …");
    }

    #[test]
    fn a_caption_stands_above_whatever_is_shown() {
        let shown = |kind, part: &str| Display {
            text: "t".into(),
            parts: vec![(kind, part.into())],
            picture: None,
        };
        let captioned = shown("text/html", "<i>x</i>").captioned("a < b");
        assert_eq!(
            (captioned.text.as_str(), captioned.parts.len()),
            ("a < b\nt", 1)
        );
        assert_eq!(
            captioned.to_html().unwrap(),
            "<div><b>a &lt; b</b></div><i>x</i>"
        );
        let kept = shown("image/png", "AAAA").captioned("c");
        assert!(kept.parts.len() == 2 && kept.to_html().unwrap().contains("base64,AAAA"));
        assert!(
            Display {
                text: "1".into(),
                ..Display::default()
            }
            .captioned("c")
            .to_html()
            .unwrap()
            .contains("<pre>1</pre>")
        );
    }

    #[test]
    fn other_arrays_stay_as_they_are() {
        for script in ["[]", "[1, 2]", "[#{ a: 1 }, 2]", "1", "#{ a: 1 }"] {
            assert_eq!(display(&array(script)), None, "{script}");
        }
    }
}
