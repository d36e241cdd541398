//! Notebooks run from the command line: cells in order, outputs as a notebook server would keep them.

use crate::Error;
use crate::cell::error_content;
use crate::figures::Figures;
use crate::publish::progress_data;
use auricle_session::script::{CancelToken, Diagnostic, Display, Progress, Sink};
use auricle_session::{Reply, Session, Settings};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// What came of a notebook.
#[derive(Debug)]
pub struct Execution {
    /// Cells that were run.
    pub n_cells: usize,
    /// What stopped it, if anything did.
    pub failure: Option<Diagnostic>,
}

/// The tag of the cell that parameters are put behind.
const PARAMETERS: &str = "parameters";

/// Runs the cells of a notebook and writes a copy with their outputs, also if a cell fails, which ends the run.
/// `parameters` are names and values that replace those of the cell tagged `parameters`. `watch` is told of each cell
/// before it runs: its number from 1, and how many there are; `ready` is given the request to stop.
///
/// # Errors
/// The notebook cannot be read, is none, or the copy cannot be written; the session cannot be started.
pub fn execute(
    settings: Settings,
    notebook: &Path,
    out: &Path,
    parameters: &[(String, String)],
    ready: impl FnOnce(CancelToken),
    watch: &dyn Fn(usize, usize),
) -> Result<Execution, Error> {
    let text = std::fs::read_to_string(notebook).map_err(|error| Error::file(notebook, error))?;
    let wrong = |reason: String| Error::Notebook { path: notebook.into(), reason };
    let mut content: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if content["nbformat"].as_i64() != Some(4) {
        return Err(wrong("it is not of format 4".into()));
    }
    let cells = content["cells"].as_array_mut().ok_or_else(|| wrong("it has no cells".into()))?;
    insert_parameters(cells, parameters);
    let recorder = Arc::new(Recorder { recorded: Mutex::default(), figures: Figures::new() });
    let mut session = Session::new(settings, recorder.clone()).map_err(|error| Error::Session(error.to_string()))?;
    ready(session.cancel_token());
    let code: Vec<&mut Value> = cells.iter_mut().filter(|cell| cell["cell_type"] == "code").collect();
    let total = code.len();
    let mut execution = Execution { n_cells: 0, failure: None };
    for (cell, number) in code.into_iter().zip(1..) {
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
        if execution.failure.is_none() {
            watch(number, total);
            execution.failure = run(&mut session, &recorder, cell, number);
            execution.n_cells = number;
        }
    }
    recorder.update_earlier(cells);
    content["metadata"]["kernelspec"] = json!({ "name": "auricle", "display_name": "Auricle", "language": "rhai" });
    content["metadata"]["language_info"] = crate::answer::language_info();
    crate::error::write(out, format!("{content:#}\n").as_bytes())?;
    Ok(execution)
}

/// Runs one cell and puts its outputs into it; gives what went wrong.
fn run(session: &mut Session, recorder: &Recorder, cell: &mut Value, number: usize) -> Option<Diagnostic> {
    let source = joined(&cell["source"]);
    recorder.figures.begin(Some(&number.to_string()), &[]);
    let result = session.cell(&format!("cell {number}"), &source);
    let mut failure = None;
    match result {
        Ok(Reply::Value(outcome)) if outcome.shown => {
            let data = recorder.figures.bundle(&auricle_session::script::Shown::display_of(&outcome.value));
            let output =
                json!({ "output_type": "execute_result", "execution_count": number, "data": data, "metadata": {} });
            recorder.push(output, None);
        }
        Ok(Reply::Value(_)) => {}
        Ok(Reply::Text(text) | Reply::Edit(text)) => recorder.out(&text),
        Err(diagnostic) => {
            let mut content = error_content(&diagnostic);
            content["output_type"] = "error".into();
            recorder.push(content, None);
            failure = Some(diagnostic);
        }
    }
    cell["execution_count"] = number.into();
    cell["outputs"] = recorder.take();
    failure
}

/// Puts a cell that sets parameters behind the cell tagged so, or first if there is none.
fn insert_parameters(cells: &mut Vec<Value>, parameters: &[(String, String)]) {
    if parameters.is_empty() {
        return;
    }
    let lines: Vec<String> =
        parameters.iter().map(|(name, value)| format!("let {name} = {};", literal(value))).collect();
    let tagged =
        |cell: &Value| cell["metadata"]["tags"].as_array().is_some_and(|tags| tags.contains(&json!(PARAMETERS)));
    let at = cells.iter().position(tagged).map_or(0, |at| at + 1);
    let cell = json!({
        "cell_type": "code",
        "id": "injected-parameters",
        "metadata": { "tags": ["injected-parameters"] },
        "source": lines.join("\n"),
        "execution_count": null,
        "outputs": [],
    });
    cells.insert(at, cell);
}

/// A word of the command line as the language writes it: numbers and flags as they are, all else as text.
fn literal(word: &str) -> String {
    match serde_json::from_str::<Value>(word) {
        Ok(Value::Number(_) | Value::Bool(_)) => word.to_owned(),
        Ok(Value::String(_)) => word.to_owned(),
        _ => format!("{word:?}"),
    }
}

/// The text of a field that is a string or a list of lines.
fn joined(source: &Value) -> String {
    match source {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or("").to_owned(),
    }
}

/// Keeps what cells show.
struct Recorder {
    recorded: Mutex<Recorded>,
    figures: Figures,
}

#[derive(Default)]
struct Recorded {
    /// Outputs of the cell that runs, with the names of those that can be replaced.
    outputs: Vec<(Value, Option<String>)>,
    /// Names of displays of all cells, in the order of their outputs.
    named: Vec<Vec<Option<String>>>,
    /// What displays of earlier cells became.
    later: Vec<(String, Value)>,
    clear_next: bool,
}

/// Name of the display of progress; a script's own names cannot begin so.
const PROGRESS: &str = "\u{1}progress";

impl Recorded {
    /// Takes away what was shown, if the cell asked for that and now shows something new.
    fn clear_if_asked(&mut self) {
        if std::mem::take(&mut self.clear_next) {
            self.outputs.clear();
        }
    }
}

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn push(&self, output: Value, name: Option<String>) {
        let mut recorded = self.lock();
        recorded.clear_if_asked();
        recorded.outputs.push((output, name));
    }

    fn write(&self, stream: &str, text: &str) {
        let mut recorded = self.lock();
        recorded.clear_if_asked();
        match recorded.outputs.last_mut().filter(|(output, _)| output["name"] == stream) {
            Some((output, _)) => output["text"] = format!("{}{text}\n", output["text"].as_str().unwrap_or("")).into(),
            None => {
                let output = json!({ "output_type": "stream", "name": stream, "text": format!("{text}\n") });
                recorded.outputs.push((output, None));
            }
        }
    }

    fn replace(&self, name: &str, data: Value) -> bool {
        let mut recorded = self.lock();
        let shown = recorded.outputs.iter_mut().filter(|(_, given)| given.as_deref() == Some(name));
        let found = shown.map(|(output, _)| output["data"] = data.clone()).count() > 0;
        recorded.later.push((name.to_owned(), data));
        found
    }

    fn take(&self) -> Value {
        let mut recorded = self.lock();
        recorded.clear_next = false;
        let (outputs, names): (Vec<Value>, Vec<Option<String>>) =
            std::mem::take(&mut recorded.outputs).into_iter().unzip();
        // Progress of one cell is not replaced by that of the next.
        recorded.named.push(names.into_iter().map(|name| name.filter(|name| name != PROGRESS)).collect());
        outputs.into()
    }

    /// Replaces what earlier cells displayed under a name that a later cell updated.
    fn update_earlier(&self, cells: &mut [Value]) {
        let recorded = self.lock();
        let code = cells.iter_mut().filter(|cell| cell["cell_type"] == "code");
        for (cell, names) in code.zip(&recorded.named) {
            for (i, name) in names.iter().enumerate() {
                let last = recorded.later.iter().rev().find(|(later, _)| Some(later) == name.as_ref());
                if let Some((_, data)) = last {
                    cell["outputs"][i]["data"] = data.clone();
                }
            }
        }
    }
}

impl Sink for Recorder {
    fn out(&self, text: &str) {
        self.write("stdout", text);
    }

    fn note(&self, text: &str) {
        self.write("stderr", text);
    }

    fn display(&self, display: &Display, name: Option<&str>) {
        let output = json!({ "output_type": "display_data", "data": self.figures.bundle(display), "metadata": {} });
        self.push(output, name.map(str::to_owned));
    }

    fn update(&self, display: &Display, name: &str) {
        self.replace(name, self.figures.bundle(display));
    }

    fn clear(&self, wait: bool) {
        self.figures.clear();
        let mut recorded = self.lock();
        if wait { recorded.clear_next = true } else { recorded.outputs.clear() }
    }

    fn progress(&self, progress: &Progress) {
        let data = progress_data(progress);
        if !self.replace(PROGRESS, data.clone()) {
            self.push(
                json!({ "output_type": "display_data", "data": data, "metadata": {} }),
                Some(PROGRESS.to_owned()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executed(cells: &[&str], parameters: &[(String, String)]) -> (Vec<Value>, Execution) {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.ipynb"), folder.path().join("b.ipynb"));
        let mut list: Vec<Value> = vec![json!({ "cell_type": "markdown", "metadata": {}, "source": "# Title" })];
        list.extend(cells.iter().map(|source| {
            json!({ "cell_type": "code", "metadata": {}, "source": [source], "outputs": [], "execution_count": null })
        }));
        let notebook = json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list });
        std::fs::write(&from, notebook.to_string()).unwrap();
        let execution = execute(Settings::default(), &from, &to, parameters, |_| {}, &|_, _| {}).unwrap();
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&to).unwrap()).unwrap();
        (
            written["cells"].as_array().unwrap().iter().filter(|cell| cell["cell_type"] == "code").cloned().collect(),
            execution,
        )
    }

    #[test]
    fn outputs_are_those_a_server_would_keep() {
        let (cells, execution) = executed(
            &[
                "print(1); print(2); eprint(3); 4",
                "display_id(\"a\", 1); for i in 0..4 { progress(i, 3) }",
                "update_display(\"a\", 2); print(5); clear_output(); print(6)",
                "nope()",
                "7",
            ],
            &[],
        );
        let data = |output: &Value| output["data"]["text/plain"].clone();
        assert_eq!(cells[0]["outputs"][0], json!({ "output_type": "stream", "name": "stdout", "text": "1\n2\n" }));
        assert_eq!((&cells[0]["outputs"][1]["name"], data(&cells[0]["outputs"][2])), (&json!("stderr"), json!("4")));
        assert_eq!(data(&cells[1]["outputs"][0]), "2");
        assert_eq!(cells[1]["outputs"].as_array().unwrap().len(), 2);
        assert_eq!(cells[2]["outputs"], json!([{ "output_type": "stream", "name": "stdout", "text": "6\n" }]));
        assert_eq!(
            (&cells[3]["outputs"][0]["output_type"], &cells[4]["execution_count"]),
            (&json!("error"), &Value::Null)
        );
        assert_eq!((execution.n_cells, execution.failure.is_some()), (4, true));
    }

    #[test]
    fn parameters_come_first_and_keep_their_kind() {
        let given = [("n", "3"), ("name", "a b"), ("on", "true")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let (cells, _) = executed(&["`${n + 1} ${name} ${!on}`"], &given);
        assert_eq!(cells[1]["outputs"][0]["data"]["text/plain"], "4 a b false");
    }
}
