//! The cells that ran, for `%history`, `%edit` and `%save`.

use crate::last_value::with_last;
use crate::rust_text::is_rust;
use crate::script::{Definition, Diagnostic, definitions, without};
use auricle_audio::io::write_whole;
use std::collections::HashSet;
use std::path::Path;

/// All cells of a session that ran, in order.
#[derive(Debug, Default)]
pub(crate) struct History(Vec<Cell>);

/// A cell that ran.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The same as a script, where the text is no script.
    pub(crate) script: Option<String>,
    /// Whether the session is as it is because of it: it ran without an error, and nothing was forgotten since.
    pub(crate) counts: bool,
}

impl History {
    /// Keeps a cell that ran.
    pub(crate) fn push(&mut self, cell: Cell) {
        self.0.push(cell);
    }

    /// What the cells made is forgotten: none counts any more.
    pub(crate) fn discount(&mut self) {
        self.0.iter_mut().for_each(|cell| cell.counts = false);
    }

    /// Writes the cells that count as a script; gives what is said of it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn save(&self, path: &Path) -> Result<String, Diagnostic> {
        let good = || self.0.iter().filter(|cell| cell.counts);
        // A script has one function of a name and a number of parameters, the last.
        let (mut defined, mut statements) = (HashSet::new(), Vec::new());
        for cell in good().rev() {
            statements.push(cell.statement(|definition| defined.contains(&definition.signature)));
            defined.extend(
                definitions(cell.source())
                    .into_iter()
                    .map(|own| own.signature),
            );
        }
        statements.reverse();
        write_whole(path, (statements.join("\n\n") + "\n").as_bytes())
            .map_err(|error| Diagnostic::error(error.to_string(), None, "", None))?;
        let left_out: Vec<&str> = good()
            .filter(|cell| with_last(&cell.text).is_some())
            .map(|cell| &*cell.name)
            .collect();
        let remark = match left_out.as_slice() {
            [] => String::new(),
            names => format!(
                "; a script has no `_`, so these are comments in it: {}",
                names.join(", ")
            ),
        };
        Ok(format!(
            "{} cells in {}{remark}",
            statements.len() - left_out.len(),
            path.display()
        ))
    }

    /// The text of a cell by its number; of the last one if that is empty.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn chosen(&self, number: &str) -> Result<String, Diagnostic> {
        let found = match number {
            "" => self.0.last(),
            number => self
                .0
                .iter()
                .rev()
                .find(|cell| cell.name == format!("cell {number}")),
        };
        found.map(|cell| cell.text.clone()).ok_or_else(|| {
            let hint = "`%history` lists the cells".to_owned();
            Diagnostic::error(format!("there is no cell {number}"), None, "", Some(hint))
        })
    }

    /// The last cells, as many as a number says or those that hold a text, with their names.
    pub(crate) fn shown(&self, wanted: &str) -> String {
        let first = wanted.parse().map_or(0, |n| self.0.len().saturating_sub(n));
        let text = if wanted.parse::<usize>().is_ok() {
            ""
        } else {
            wanted
        };
        let shown = self.0[first..]
            .iter()
            .filter(|cell| cell.text.contains(text));
        let shown = shown.map(|cell| format!("// {}\n{}", cell.name, cell.text.trim_end()));
        shown.collect::<Vec<_>>().join("\n")
    }
}

impl Cell {
    /// The script that was run for it.
    fn source(&self) -> &str {
        self.script.as_deref().unwrap_or(&self.text)
    }

    /// It as part of a script, without the functions that are replaced.
    fn statement(&self, is_replaced: impl Fn(&Definition) -> bool) -> String {
        match &self.script {
            Some(script) => without(script, is_replaced).trim_end().to_owned(),
            None if is_rust(&self.text) => commented(&self.text),
            None => statement(&without(&self.text, is_replaced)),
        }
    }
}

/// A cell as a statement that others may follow: an end mark is added where it has none. One that no script could run is a
/// comment.
fn statement(text: &str) -> String {
    let text = text.trim_end();
    if with_last(text).is_some() {
        return commented(text);
    }
    let last = text.lines().last().unwrap_or("");
    match last {
        _ if text.ends_with(';') => text.to_owned(),
        // A mark behind a comment would belong to it.
        last if last.contains("//") => format!("{text}\n;"),
        _ => format!("{text};"),
    }
}

fn commented(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| format!("// {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
