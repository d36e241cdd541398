//! The file of a notebook: what is read of it, the parameters put in, and how it is written.

use crate::Error;
use auricle_session::{Parameter, variables_made};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A notebook of the language, of format 4.
#[derive(Debug)]
pub struct Notebook {
    path: PathBuf,
    pub(super) content: Map<String, Value>,
    pub(super) cells: Vec<Cell>,
}

/// A cell as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Cell(Map<String, Value>);

/// The tag of the cell that parameters are put behind, and that of the cell that is put there: papermill's.
const PARAMETERS: &str = "parameters";
const INJECTED: &str = "injected-parameters";

/// Tags by which the author says what nbclient is to do: pass a cell over, or go on after its error.
const SKIPPED: &str = "skip-execution";
const RAISES: &str = "raises-exception";

/// Cells have names from this revision of format 4 on; before, no cell may have one.
const WITH_IDS: u64 = 5;

/// Characters that a cell's name may have.
const LONGEST_ID: usize = 64;

impl Notebook {
    /// Reads a notebook.
    ///
    /// # Errors
    /// The file cannot be read, is no notebook of format 4, or one of another language.
    pub fn read(path: &Path) -> Result<Notebook, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        Notebook::of(path, text.trim_start_matches('\u{feff}')).map_err(|reason| Error::Notebook {
            path: path.into(),
            reason,
        })
    }

    fn of(path: &Path, text: &str) -> Result<Notebook, String> {
        let Value::Object(mut content) =
            serde_json::from_str(text).map_err(|error| error.to_string())?
        else {
            return Err("a notebook is a JSON object".into());
        };
        match content.get("nbformat").and_then(Value::as_u64) {
            Some(4) => {}
            Some(n) => {
                return Err(format!(
                    "it is of format {n}, not 4; `jupyter nbconvert --to notebook` converts it"
                ));
            }
            None => return Err("it does not say its format, `nbformat`".into()),
        }
        let Some(Value::Array(cells)) = content.get_mut("cells").map(Value::take) else {
            return Err("it has no list of `cells`".into());
        };
        let cells = cells.into_iter().zip(1..).map(|(cell, n)| match cell {
            Value::Object(cell) => Ok(Cell(cell)),
            _ => Err(format!("its cell {n} is no JSON object")),
        });
        let notebook = Notebook {
            path: path.into(),
            cells: cells.collect::<Result<_, _>>()?,
            content,
        };
        notebook.refuse_other_languages()?;
        Ok(notebook)
    }

    /// Whoever changes the kernel of a notebook changes `kernelspec` first, and its `language_info` when it is run: the
    /// former decides.
    fn refuse_other_languages(&self) -> Result<(), String> {
        let field = |of: &str, name: &str| {
            let text = self.content.get("metadata")?.get(of)?.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let language = field("kernelspec", "language");
        let kernel = field("kernelspec", "name");
        let of_kernel = || {
            kernel
                .as_ref()
                .filter(|name| !name.to_lowercase().contains("auricle"))
                .cloned()
        };
        let is_known = language.is_some() || kernel.is_some();
        let named = language
            .or_else(of_kernel)
            .or_else(|| field("language_info", "name").filter(|_| !is_known));
        match named {
            Some(name) if !["rhai", "auricle"].contains(&name.to_lowercase().as_str()) => {
                Err(format!(
                    "it is a notebook of `{name}`, not of `rhai`; if its cells are Auricle's, its `metadata.kernelspec` should be \
                 {{\"name\": \"auricle\", \"display_name\": \"Auricle\", \"language\": \"rhai\"}}"
                ))
            }
            _ => Ok(()),
        }
    }

    /// The folder that the notebook is in.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Puts in a cell that makes variables: in the place of the one that an earlier run put in, else behind the cell tagged
    /// `parameters`, else first. Gives the names that the tagged cell does not make, which may be slips.
    pub fn set(&mut self, parameters: &[Parameter]) -> Vec<String> {
        if parameters.is_empty() {
            return Vec::new();
        }
        let mut cell = Cell(Map::new());
        cell.0.insert("cell_type".into(), "code".into());
        if self.has_ids() {
            cell.0.insert("id".into(), INJECTED.into());
        }
        cell.0
            .insert("metadata".into(), json!({ "tags": [INJECTED] }));
        let lines: Vec<String> = parameters.iter().map(Parameter::statement).collect();
        cell.0.insert("source".into(), lines.join("\n").into());
        cell.clear();
        let tagged = self.cells.iter().position(|cell| cell.has_tag(PARAMETERS));
        let earlier = self.cells.iter().position(|cell| cell.has_tag(INJECTED));
        let at = earlier.unwrap_or_else(|| tagged.map_or(0, |at| at + 1));
        let made: Option<Vec<String>> = tagged.map(|at| variables_made(&self.cells[at].source()));
        self.cells.retain(|cell| !cell.has_tag(INJECTED));
        self.cells.insert(at, cell);
        let Some(made) = made else { return Vec::new() };
        parameters
            .iter()
            .map(|p| p.name().to_owned())
            .filter(|name| !made.contains(name))
            .collect()
    }

    /// Writes the notebook, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, out: &Path) -> Result<(), Error> {
        self.describe_language();
        self.name_cells();
        let cells = self
            .cells
            .iter()
            .map(|cell| Value::Object(cell.0.clone()))
            .collect();
        self.content.insert("cells".into(), Value::Array(cells));
        crate::error::write(
            out,
            format!("{:#}\n", Value::Object(self.content.clone())).as_bytes(),
        )
    }

    fn describe_language(&mut self) {
        let metadata = self.content.entry("metadata").or_insert_with(|| json!({}));
        if !metadata.is_object() {
            *metadata = json!({});
        }
        if metadata["kernelspec"]["name"].as_str().is_none() {
            metadata["kernelspec"] =
                json!({ "name": "auricle", "display_name": "Auricle", "language": "rhai" });
        }
        metadata["language_info"] = crate::answer::language_info();
    }

    fn has_ids(&self) -> bool {
        self.content
            .get("nbformat_minor")
            .and_then(Value::as_u64)
            .unwrap_or(0)
            >= WITH_IDS
    }

    /// Gives every cell a name of its own where cells have names, and none where they have none.
    fn name_cells(&mut self) {
        if !self.has_ids() {
            self.content
                .entry("nbformat_minor")
                .or_insert_with(|| 0.into());
            self.cells
                .iter_mut()
                .for_each(|cell| drop(cell.0.shift_remove("id")));
            return;
        }
        let mut taken = BTreeSet::new();
        let is_good = |id: &&str| {
            let fits = id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            fits && !id.is_empty() && id.len() <= LONGEST_ID
        };
        let wanted: Vec<Option<String>> = self
            .cells
            .iter()
            .map(|cell| cell.id().filter(is_good).map(str::to_owned))
            .collect();
        // Names that are given are kept, by whom they come to first.
        let kept: Vec<bool> = wanted
            .iter()
            .map(|id| id.as_ref().is_some_and(|id| taken.insert(id.clone())))
            .collect();
        for (i, cell) in self.cells.iter_mut().enumerate().filter(|(i, _)| !kept[*i]) {
            let free = (i + 1..)
                .map(|n| format!("cell-{n}"))
                .find(|id| taken.insert(id.clone()));
            let id = free.map_or(Value::Null, Value::String);
            // Where the format's own order has it: behind the kind of the cell.
            match cell.0.get_mut("id") {
                Some(place) => *place = id,
                None => drop(cell.0.shift_insert(cell.0.len().min(1), "id".into(), id)),
            }
        }
    }
}

impl Cell {
    /// Whether it is a cell of code that is run: not an empty one, which servers pass over.
    pub(super) fn is_run(&self) -> bool {
        self.is_code() && !self.has_tag(SKIPPED) && !self.source().trim().is_empty()
    }

    /// Whether its author expects an error.
    pub(super) fn may_fail(&self) -> bool {
        self.has_tag(RAISES)
    }

    pub(super) fn is_code(&self) -> bool {
        self.0.get("cell_type").and_then(Value::as_str) == Some("code")
    }

    fn id(&self) -> Option<&str> {
        self.0.get("id")?.as_str()
    }

    fn has_tag(&self, tag: &str) -> bool {
        let tags = self
            .0
            .get("metadata")
            .and_then(|metadata| metadata["tags"].as_array());
        tags.is_some_and(|tags| tags.iter().any(|given| given == tag))
    }

    /// The text, which is a string or a list of lines.
    pub(super) fn source(&self) -> String {
        match self.0.get("source") {
            Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// Takes away what an earlier run left.
    pub(super) fn clear(&mut self) {
        self.0.insert("execution_count".into(), Value::Null);
        self.0.insert("outputs".into(), json!([]));
        // Times of an earlier run, as servers keep them, are not those of this one.
        if let Some(metadata) = self.0.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("execution");
        }
    }

    pub(super) fn set_count(&mut self, count: usize) {
        self.0.insert("execution_count".into(), count.into());
    }

    pub(super) fn set_outputs(&mut self, outputs: Vec<Value>) {
        self.0.insert("outputs".into(), outputs.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(minor: u64, cells: Value) -> Notebook {
        let content =
            json!({ "nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": cells });
        Notebook::of(Path::new("a.ipynb"), &content.to_string()).unwrap()
    }

    fn code(source: &str, tag: &str) -> Value {
        json!({ "cell_type": "code", "metadata": { "tags": [tag] }, "source": source, "outputs": [], "execution_count": null })
    }

    fn given(words: &[&str]) -> Vec<Parameter> {
        words
            .iter()
            .map(|word| Parameter::read(word).unwrap())
            .collect()
    }

    /// The notebook as it would be written, read again.
    fn written(notebook: &mut Notebook) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.ipynb");
        notebook.write(&out).unwrap();
        serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap()
    }

    fn sources(notebook: &Notebook) -> Vec<String> {
        notebook.cells.iter().map(Cell::source).collect()
    }

    #[test]
    fn parameters_stand_behind_the_tagged_cell_and_replace_earlier_ones() {
        let mut book = notebook(
            5,
            json!([
                code("1", ""),
                code("let n = 1; let s = 2;", "parameters"),
                code("n", "")
            ]),
        );
        assert_eq!(book.set(&given(&["n=3", "m=4"])), ["m"]);
        assert_eq!(
            sources(&book),
            ["1", "let n = 1; let s = 2;", "let n = 3;\nlet m = 4;", "n"]
        );
        assert!(book.set(&given(&["s=5"])).is_empty());
        assert_eq!(sources(&book)[2..], ["let s = 5;", "n"]);
        assert!(book.set(&[]).is_empty());
        assert_eq!(sources(&book)[2], "let s = 5;");
        let mut book = notebook(5, json!([code("n", "")]));
        assert!(book.set(&given(&["n=3"])).is_empty());
        assert_eq!(sources(&book), ["let n = 3;", "n"]);
        // Two of them were left by hand: one is enough.
        let mut book = notebook(
            5,
            json!([
                code("let n = 1;", INJECTED),
                code("n", ""),
                code("let n = 2;", INJECTED)
            ]),
        );
        book.set(&given(&["n=3"]));
        assert_eq!(sources(&book), ["let n = 3;", "n"]);
    }

    #[test]
    fn every_cell_has_a_name_of_its_own_where_cells_have_names() {
        let with_id = |id: &str| {
            let mut cell = code("1", "");
            cell["id"] = id.into();
            cell
        };
        let cells = json!([
            with_id("a"),
            code("2", ""),
            with_id("a"),
            with_id("b c"),
            with_id("cell-2"),
            with_id(INJECTED)
        ]);
        let ids = |notebook: &Value| -> Vec<Value> {
            notebook["cells"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cell| cell["id"].clone())
                .collect()
        };
        let mut book = notebook(5, cells.clone());
        book.set(&given(&["n=1"]));
        let found = ids(&written(&mut book));
        assert_eq!(
            found,
            [
                INJECTED, "a", "cell-3", "cell-4", "cell-5", "cell-2", "cell-7"
            ]
        );
        let mut book = notebook(4, cells);
        book.set(&given(&["n=1"]));
        let written = written(&mut book);
        assert!(ids(&written).iter().all(Value::is_null));
        assert!(
            written["cells"]
                .as_array()
                .unwrap()
                .iter()
                .all(|cell| cell.get("id").is_none())
        );
    }

    #[test]
    fn what_is_no_notebook_of_ours_is_refused() {
        let of = |text: &str| {
            Notebook::of(Path::new("a.ipynb"), text)
                .map(|_| ())
                .err()
                .unwrap_or_default()
        };
        let book = |metadata: &str| {
            format!("{{\"nbformat\": 4, \"metadata\": {metadata}, \"cells\": []}}")
        };
        for (text, want) in [
            ("[]", "a notebook is a JSON object"),
            ("{", "EOF"),
            ("{\"cells\": []}", "does not say its format"),
            (
                "{\"nbformat\": 3, \"worksheets\": []}",
                "it is of format 3, not 4",
            ),
            ("{\"nbformat\": 4}", "no list of `cells`"),
            (
                "{\"nbformat\": 4, \"cells\": [1]}",
                "cell 1 is no JSON object",
            ),
            (
                &book("{\"kernelspec\": {\"name\": \"python3\", \"language\": \"python\"}}"),
                "a notebook of `python`",
            ),
            (
                &book("{\"kernelspec\": {\"name\": \"ir\"}}"),
                "a notebook of `ir`",
            ),
            (
                &book("{\"language_info\": {\"name\": \"julia\"}}"),
                "a notebook of `julia`",
            ),
        ] {
            assert!(of(text).contains(want), "{text}: {}", of(text));
        }
        for metadata in [
            "{}",
            "3",
            "{\"kernelspec\": {\"name\": \"auricle-still\"}}",
            "{\"kernelspec\": {\"name\": \"mine\", \"language\": \"rhai\"}}",
            "{\"kernelspec\": {\"name\": \"auricle\"}, \"language_info\": {\"name\": \"python\"}}",
            "{\"language_info\": {\"name\": \"rhai\"}}",
        ] {
            assert_eq!(of(&book(metadata)), "", "{metadata}");
        }
    }

    #[test]
    fn the_kernel_that_a_notebook_names_stays_its_own() {
        let text = "{\"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"name\": \"mine\", \"language\": \"rhai\"}}, \"cells\": []}";
        let mut book = Notebook::of(Path::new("a.ipynb"), text).unwrap();
        let metadata = written(&mut book)["metadata"].clone();
        assert_eq!(
            (
                &metadata["kernelspec"]["name"],
                &metadata["language_info"]["name"]
            ),
            (&json!("mine"), &json!("rhai"))
        );
        let bare = written(
            &mut Notebook::of(
                Path::new("a.ipynb"),
                "{\"nbformat\": 4, \"metadata\": 3, \"cells\": []}",
            )
            .unwrap(),
        );
        assert_eq!(
            (
                &bare["metadata"]["kernelspec"]["name"],
                &bare["nbformat_minor"]
            ),
            (&json!("auricle"), &json!(0))
        );
    }

    #[test]
    fn authors_say_which_cells_are_run_and_which_may_fail() {
        let cells = json!([code(" \n", ""), code("1", SKIPPED), code("1", RAISES), { "cell_type": "raw", "source": "1" }, {}]);
        let book = notebook(5, cells);
        let said: Vec<(bool, bool)> = book
            .cells
            .iter()
            .map(|cell| (cell.is_run(), cell.may_fail()))
            .collect();
        assert_eq!(
            said,
            [
                (false, false),
                (false, false),
                (true, true),
                (false, false),
                (false, false)
            ]
        );
    }
}
