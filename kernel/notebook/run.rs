//! The running of a notebook, as nbclient does it.

use super::file::{Cell, Notebook};
use super::recorder::Recorder;
use crate::Error;
use crate::cell::error_content;
use auricle_session::script::{CancelToken, Diagnostic, Shown, Sink};
use auricle_session::{Reply, Session, Settings};
use serde_json::json;
use std::sync::Arc;

/// What came of a notebook.
#[derive(Debug)]
pub struct Execution {
    /// Cells that were run.
    pub n_cells: usize,
    /// What stopped it, if anything did.
    pub failure: Option<Diagnostic>,
}

/// Who looks on while a notebook runs.
pub trait Watch {
    /// The session is there; `token` stops it.
    fn ready(&self, token: CancelToken);
    /// A cell is about to be run: its number from 1, and how many there are.
    fn cell(&self, number: usize, total: usize);
}

impl Notebook {
    /// Runs the cells in order and keeps what they show. An error ends the run, unless its cell is tagged
    /// `raises-exception`; cells that were not run have no number.
    ///
    /// # Errors
    /// The session cannot be started.
    pub fn run(&mut self, settings: Settings, watch: &dyn Watch) -> Result<Execution, Error> {
        let recorder = Arc::new(Recorder::new());
        let mut session = Session::new(settings, recorder.clone())
            .map_err(|error| Error::Session(error.to_string()))?;
        let token = session.cancel_token();
        watch.ready(token.clone());
        self.cells
            .iter_mut()
            .filter(|cell| cell.is_code())
            .for_each(Cell::clear);
        let total = self.cells.iter().filter(|cell| cell.is_run()).count();
        let mut execution = Execution {
            n_cells: 0,
            failure: None,
        };
        for cell in self.cells.iter_mut().filter(|cell| cell.is_run()) {
            execution.n_cells += 1;
            watch.cell(execution.n_cells, total);
            let failure = run(&mut session, &recorder, cell, execution.n_cells);
            // Whoever stops a run means all of it.
            execution.failure = failure.filter(|_| !cell.may_fail() || token.is_cancelled());
            if execution.failure.is_some() {
                break;
            }
        }
        for (cell, outputs) in self
            .cells
            .iter_mut()
            .filter(|cell| cell.is_run())
            .zip(recorder.finish())
        {
            cell.set_outputs(outputs);
        }
        Ok(execution)
    }
}

/// Runs one cell; gives what went wrong.
fn run(
    session: &mut Session,
    recorder: &Recorder,
    cell: &mut Cell,
    number: usize,
) -> Option<Diagnostic> {
    recorder.begin(number);
    cell.set_count(number);
    let failure = match session.cell(&format!("cell {number}"), &cell.source()) {
        Ok(Reply::Value(outcome)) if outcome.shown => {
            recorder.result(number, &Shown::display_of(&outcome.value));
            None
        }
        Ok(Reply::Value(_)) => None,
        Ok(Reply::Text(text) | Reply::Edit(text)) => {
            recorder.out(&text);
            None
        }
        Err(diagnostic) => {
            let mut content = error_content(&diagnostic, session);
            content["output_type"] = json!("error");
            recorder.push(content, None);
            Some(diagnostic)
        }
    };
    recorder.end();
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_session::Parameter;
    use serde_json::Value;
    use std::path::Path;

    struct Nobody;

    impl Watch for Nobody {
        fn ready(&self, _: CancelToken) {}
        fn cell(&self, _: usize, _: usize) {}
    }

    fn tagged(source: &str, tags: &[&str]) -> Value {
        json!({
            "cell_type": "code", "metadata": { "tags": tags }, "source": [source], "outputs": [], "execution_count": 9,
        })
    }

    /// Runs a notebook file in place; gives its cells of code.
    fn run_file(path: &Path, parameters: &[&str]) -> (Vec<Value>, Execution) {
        let mut notebook = Notebook::read(path).unwrap();
        notebook.set(
            &parameters
                .iter()
                .map(|word| Parameter::read(word).unwrap())
                .collect::<Vec<_>>(),
        );
        let execution = notebook.run(Settings::default(), &Nobody).unwrap();
        notebook.write(path).unwrap();
        let written: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let cells = written["cells"].as_array().unwrap();
        (
            cells
                .iter()
                .filter(|cell| cell["cell_type"] == "code")
                .cloned()
                .collect(),
            execution,
        )
    }

    fn executed(cells: &[Value]) -> (Vec<Value>, Execution) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let title = json!({ "cell_type": "markdown", "metadata": {}, "source": "# Title" });
        let list: Vec<&Value> = std::iter::once(&title).chain(cells).collect();
        let notebook = json!({ "nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list });
        std::fs::write(&path, notebook.to_string()).unwrap();
        run_file(&path, &[])
    }

    fn plain(sources: &[&str]) -> (Vec<Value>, Execution) {
        executed(
            &sources
                .iter()
                .map(|source| tagged(source, &[]))
                .collect::<Vec<_>>(),
        )
    }

    /// The text of a cell's outputs.
    fn texts(cell: &Value) -> Vec<Value> {
        let text = |output: &Value| match &output["data"]["text/plain"] {
            Value::Null => output
                .get("text")
                .or(output.get("evalue"))
                .cloned()
                .unwrap_or_default(),
            text => text.clone(),
        };
        cell["outputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect()
    }

    #[test]
    fn outputs_are_those_a_server_would_keep() {
        let (cells, execution) = plain(&[
            "print(1); print(2); eprint(3); 4",
            "display_id(\"a\", 1); for i in 0..4 { progress(i, 3) }",
            "update_display(\"a\", 2); print(5); clear_output(); print(6)",
            "nope()",
            "7",
        ]);
        assert_eq!(
            cells[0]["outputs"][0],
            json!({ "output_type": "stream", "name": "stdout", "text": "1\n2\n" })
        );
        assert_eq!(
            cells[0]["outputs"][1],
            json!({ "output_type": "stream", "name": "stderr", "text": "3\n" })
        );
        assert_eq!(texts(&cells[0])[2], "4");
        assert_eq!(texts(&cells[1])[0], "2");
        assert_eq!(cells[1]["outputs"].as_array().unwrap().len(), 2);
        assert_eq!(
            cells[2]["outputs"],
            json!([{ "output_type": "stream", "name": "stdout", "text": "6\n" }])
        );
        assert_eq!(cells[3]["outputs"][0]["output_type"], "error");
        assert_eq!((execution.n_cells, execution.failure.is_some()), (4, true));
    }

    #[test]
    fn cells_that_were_not_run_have_no_number() {
        let counts = |(cells, _): (Vec<Value>, Execution)| {
            cells
                .into_iter()
                .map(|cell| cell["execution_count"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            counts(plain(&["1", " ", "nope()", "2"])),
            [json!(1), Value::Null, json!(2), Value::Null]
        );
        let skipped = [
            tagged("let n = 1;", &[]),
            tagged("n = 2;", &["skip-execution"]),
            tagged("n", &[]),
        ];
        let (cells, execution) = executed(&skipped);
        assert_eq!((texts(&cells[2]), execution.n_cells), (vec![json!("1")], 2));
        assert_eq!(
            counts((cells, execution)),
            [json!(1), Value::Null, json!(2)]
        );
    }

    #[test]
    fn an_error_that_is_expected_does_not_end_the_run() {
        let (cells, execution) = executed(&[
            tagged("nope()", &["raises-exception"]),
            tagged("1 + 1", &[]),
        ]);
        assert!(execution.failure.is_none());
        assert_eq!(
            (&cells[0]["outputs"][0]["output_type"], texts(&cells[1])),
            (&json!("error"), vec![json!("2")])
        );
    }

    #[test]
    fn whoever_stops_an_expected_error_stops_the_run() {
        struct Impatient;
        impl Watch for Impatient {
            fn ready(&self, token: CancelToken) {
                std::thread::spawn(move || {
                    std::thread::sleep(std::time::Duration::from_millis(200));
                    token.cancel();
                });
            }
            fn cell(&self, _: usize, _: usize) {}
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let cells = [tagged("loop { }", &["raises-exception"]), tagged("1", &[])];
        let notebook =
            json!({ "nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells });
        std::fs::write(&path, notebook.to_string()).unwrap();
        let execution = Notebook::read(&path)
            .unwrap()
            .run(Settings::default(), &Impatient)
            .unwrap();
        assert_eq!((execution.n_cells, execution.failure.is_some()), (1, true));
    }

    #[test]
    fn a_display_under_an_earlier_name_replaces_that() {
        let (cells, _) = plain(&[
            "display_id(\"a\", 1); update_display(\"a\", 2); display_id(\"b\", 7)",
            "display_id(\"a\", 3); update_display(\"nobody\", 4)",
            "clear_output(); update_display(\"b\", 8)",
        ]);
        assert_eq!(texts(&cells[0]), ["3", "8"]);
        assert_eq!(
            (texts(&cells[1]), texts(&cells[2])),
            (vec![json!("3")], vec![])
        );
    }

    #[test]
    fn a_run_of_its_own_output_takes_the_new_parameters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let cells = [
            tagged("let n = 1; let s = \"\";", &["parameters"]),
            tagged("`${n} ${s.len}`", &[]),
        ];
        let notebook =
            json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells });
        std::fs::write(&path, notebook.to_string()).unwrap();
        let shown = |parameters: &[&str]| texts(run_file(&path, parameters).0.last().unwrap());
        for (parameters, want) in [
            (&["n=2"][..], "2 0"),
            (&["n=3", "s=a\n\"b\\\u{1b}"], "3 6"),
            (&[], "3 6"),
            (&["n=[1, true]"], "[1, true] 0"),
        ] {
            let shown = shown(parameters);
            assert!(
                shown[0].as_str().unwrap().trim_matches('"') == want,
                "{parameters:?}: {shown:?}"
            );
        }
        let written: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let ids: std::collections::BTreeSet<&str> = written["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn many_lines_take_time_in_proportion() {
        let seconds = |n: usize| {
            let start = std::time::Instant::now();
            let (cells, _) = plain(&[&format!("for i in 0..{n} {{ print(i) }}")]);
            assert_eq!(texts(&cells[0])[0].as_str().unwrap().lines().count(), n);
            start.elapsed().as_secs_f64()
        };
        // Eight times the lines took sixty times as long when each was appended to a copy of all.
        let (few, many) = (seconds(10_000), seconds(80_000));
        assert!(
            many < 25.0 * few,
            "{few} s for 10,000 lines, {many} s for 80,000"
        );
    }
}
