//! Values as front ends show them: maps of an array as the rows of a table, its sounds and pictures below each other.

use super::value::own_parts;
use super::{Display, Shown, Sink, aligned};
use auricle_figure::table;
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeSet;

/// Rows of a table that are shown at most; what is beyond is counted.
const MOST_ROWS: usize = 100;

/// Values with players or pictures that are shown at most: each may bring a sound into the notebook.
const MOST_PLAYERS: usize = 16;

/// Characters of a cell that are shown at most.
const MOST_CHARACTERS: usize = 100;

impl Shown {
    /// The value as front ends show it.
    pub fn display_of(value: &Dynamic) -> Display {
        if let Some(display) = display(value) {
            return display;
        }
        Display {
            text: Shown::source_of(value),
            parts: own_parts(value).unwrap_or_default(),
            picture: None,
        }
    }

    /// The same for a given front end, with a picture if it draws any.
    pub fn display_for(value: &Dynamic, sink: &dyn Sink) -> Display {
        let picture = if sink.draws_pictures() {
            Shown::picture_of(value)
        } else {
            None
        };
        Display {
            picture,
            ..Shown::display_of(value)
        }
    }
}

/// An array whose elements have a better form than rhai's text; `None` for every other value.
fn display(value: &Dynamic) -> Option<Display> {
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
    fn other_arrays_stay_as_they_are() {
        for script in ["[]", "[1, 2]", "[#{ a: 1 }, 2]", "1", "#{ a: 1 }"] {
            assert_eq!(display(&array(script)), None, "{script}");
        }
    }
}
