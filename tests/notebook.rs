//! `auricle run` and `auricle check` on notebooks, as a user runs them.

use crate::cli::{err, run_in as auricle};
use serde_json::{Value, json};
use std::path::Path;

fn write(path: &Path, language: &str, cells: &[&str]) {
    let cell = |source: &&str| {
        let tags: &[&str] = if source.contains("let n =") {
            &["parameters"]
        } else {
            &[]
        };
        json!({
            "cell_type": "code", "metadata": { "tags": tags }, "source": source, "outputs": [], "execution_count": null,
        })
    };
    let cells: Vec<Value> = cells.iter().map(cell).collect();
    let metadata =
        json!({ "kernelspec": { "name": "k", "display_name": "K", "language": language } });
    let content =
        json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells });
    std::fs::write(path, content.to_string()).unwrap();
}

/// The text of the last cell's first output.
fn shown(path: &Path) -> String {
    let content: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let output = content["cells"].as_array().unwrap().last().unwrap()["outputs"][0].clone();
    let text = output["data"]["text/plain"]
        .as_str()
        .or_else(|| output["text"].as_str());
    text.unwrap_or_default()
        .trim_matches(['"', '\n', ' '])
        .to_owned()
}

#[test]
fn parameters_are_set_and_set_again_on_the_output() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("a.ipynb"),
        "rhai",
        &["let n = 1; let s = \"\";", "print(`${n} ${s}`)"],
    );
    let run = |arguments: &[&str]| {
        let output = auricle(folder.path(), arguments);
        (output.status.code(), err(&output))
    };
    assert_eq!(
        run(&["a.ipynb", "-p", "n=2", "-p", "s=x \"y\" \\ \u{1b}ä"]).0,
        Some(0)
    );
    assert_eq!(
        shown(&folder.path().join("a.out.ipynb")),
        "2 x \"y\" \\ \u{1b}ä"
    );
    let (code, told) = run(&[
        "run",
        "a.out.ipynb",
        "-p",
        "n=[1, 2]",
        "-p",
        "m=3",
        "-o",
        "a.out.ipynb",
    ]);
    assert_eq!(code, Some(0));
    assert!(
        told.contains("note: the cell tagged `parameters` makes no `m`"),
        "{told}"
    );
    assert_eq!(shown(&folder.path().join("a.out.ipynb")), "[1, 2]");
    for wrong in ["n", "let=3", "a b=1"] {
        assert_eq!(run(&["a.ipynb", "-p", wrong]).0, Some(2), "{wrong}");
    }
}

#[test]
fn paths_begin_at_the_notebook_unless_a_folder_is_given() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["books", "data"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(
            folder.path().join(name).join("one.rhai"),
            format!("print(\"in {name}\")"),
        )
        .unwrap();
    }
    let book = folder.path().join("books/a.ipynb");
    write(&book, "rhai", &["%load one.rhai"]);
    let out = folder.path().join("b.ipynb");
    assert!(
        auricle(folder.path(), &["books/a.ipynb", "-o", "b.ipynb"])
            .status
            .success()
    );
    assert_eq!(shown(&out), "in books");
    assert!(
        auricle(
            folder.path(),
            &["books/a.ipynb", "-o", "b.ipynb", "--cwd", "data"]
        )
        .status
        .success()
    );
    assert_eq!(shown(&out), "in data");
    assert!(auricle(folder.path(), &["books/a.ipynb"]).status.success());
    assert_eq!(shown(&folder.path().join("books/a.out.ipynb")), "in books");
    assert!(
        auricle(folder.path(), &["check", "books/a.ipynb"])
            .status
            .success()
    );
    for arguments in [
        &["books/a.ipynb", "--cwd", "nowhere"][..],
        &["books/a.ipynb", "-o", "nowhere/b.ipynb"],
    ] {
        let output = auricle(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains("nowhere"), "{}", err(&output));
    }
}

#[test]
fn a_notebook_of_another_language_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.ipynb"), "python", &["1 + 1"]);
    for arguments in [&["run", "a.ipynb"][..], &["check", "a.ipynb"]] {
        let output = auricle(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            err(&output).contains("it is a notebook of `python`, not of `rhai`"),
            "{}",
            err(&output)
        );
    }
    assert!(!folder.path().join("a.out.ipynb").exists());
}

#[test]
fn a_check_names_cells_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ipynb");
    write(
        &path,
        "rhai",
        &[
            "tone(440, 1).save(\"made.wav\");",
            "%save made.rhai",
            "noise(10)",
        ],
    );
    let output = auricle(folder.path(), &["check", "a.ipynb"]);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "a.ipynb: no errors found\n"
    );
    assert!(!folder.path().join("made.wav").exists() && !folder.path().join("made.rhai").exists());
    write(
        &path,
        "rhai",
        &["let x = nosie(10);", "x |> fade()", "fad()"],
    );
    let output = auricle(folder.path(), &["check", "a.ipynb"]);
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    assert!(
        told.contains("cell 1:1:9") && told.contains("cell 3:1:1") && !told.contains("cell 2"),
        "{told}"
    );
}
