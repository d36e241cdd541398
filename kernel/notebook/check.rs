//! The check of a notebook: every cell as far as it can be judged without data.

use super::file::Notebook;
use crate::Error;
use auricle_session::script::{Diagnostic, Mode, Silent};
use auricle_session::{Session, Settings};
use std::sync::Arc;

impl Notebook {
    /// Checks the cells in order, those apart that are not run or may fail. They are numbered as they would be when they
    /// run.
    ///
    /// # Errors
    /// The session cannot be started.
    pub fn check(&self, settings: Settings) -> Result<Vec<Diagnostic>, Error> {
        let settings = Settings {
            mode: Mode::Check,
            ..settings
        };
        let mut session = Session::new(settings, Arc::new(Silent))
            .map_err(|error| Error::Session(error.to_string()))?;
        let mut found = Vec::new();
        for (cell, number) in self.cells.iter().filter(|cell| cell.is_run()).zip(1..) {
            let problems = session.check_cell(&format!("cell {number}"), &cell.source());
            if !cell.may_fail() {
                found.extend(problems);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(cells: &[(&str, &str)]) -> Vec<String> {
        let cell = |(source, tag): &(&str, &str)| {
            json!({
                "cell_type": "code", "metadata": { "tags": [tag] }, "source": source, "outputs": [], "execution_count": null,
            })
        };
        let cells: Vec<_> = cells.iter().map(cell).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let content = json!({ "nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells });
        std::fs::write(&path, content.to_string()).unwrap();
        let found = Notebook::read(&path)
            .unwrap()
            .check(Settings::default())
            .unwrap();
        found
            .iter()
            .map(|problem| {
                problem
                    .render(false)
                    .lines()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect()
    }

    #[test]
    fn cells_are_checked_one_after_the_other() {
        let found = messages(&[
            ("let w = tone(440, 1); w", ""),
            ("w |> noise(10)", ""),
            ("_\n// what is it?", ""),
            ("%time nosie(3)", ""),
            ("%who", ""),
            ("noise?", ""),
            ("nope()", "raises-exception"),
            ("nope()", "skip-execution"),
            (" ", ""),
            ("let d = folder(\"nowhere\"); d.train.len() + 1", ""),
            ("let x = )", ""),
            ("fade(#{ shap: 1 });\nfade?", ""),
        ]);
        let wants = [
            "error: there is no function `nosie`| --> cell 4:1:1",
            " --> cell 9:1:9",
            "error: `fade` has no option `shap`| --> cell 10:1:1",
        ];
        assert_eq!(found.len(), wants.len(), "{found:?}");
        assert!(
            found
                .iter()
                .zip(wants)
                .all(|(message, want)| message.ends_with(want)),
            "{found:?}"
        );
    }

    #[test]
    fn a_notebook_without_errors_has_none() {
        assert!(
            messages(&[
                ("let n = 1;", "parameters"),
                ("`${n}`", ""),
                ("%reset", ""),
                ("let n = 2", "")
            ])
            .is_empty()
        );
    }
}
