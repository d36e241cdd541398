//! Scripts with what they should do written into them.
//!
//! A line `// prints: text` at the end of a script is a line that it prints. In `corpus/errors` every script is wrong: the
//! comment with carets below a line is the error, those that follow are the advice. `UPDATE=1 cargo test` rewrites both.

use crate::root;
use auricle_session::script::{Diagnostic, Mode, Progress, Sink};
use auricle_session::{Session, Settings, language};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Keeps what a script prints.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Sink for Lines {
    fn out(&self, text: &str) {
        self.0
            .lock()
            .unwrap()
            .extend(text.lines().map(str::to_owned));
    }
    fn note(&self, _: &str) {}
    fn progress(&self, _: &Progress) {}
}

fn scripts(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("tests/corpus").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rhai") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn session(mode: Mode) -> (Session, Arc<Lines>) {
    let lines = Arc::new(Lines::default());
    let settings = Settings {
        arguments: vec!["first".into(), "--epochs".into(), "3".into()],
        mode,
        ..Settings::default()
    };
    (Session::new(settings, lines.clone()).unwrap(), lines)
}

/// Compares a file with what it should be, or rewrites it.
fn settle(path: &Path, text: &str, want: &str, wrong: &mut Vec<String>) {
    if text == want {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, want).unwrap();
    } else {
        wrong.push(format!(
            "{}\n--- is\n{text}\n--- should be\n{want}",
            path.display()
        ));
    }
}

#[test]
fn every_script_prints_what_it_says() {
    let mut wrong = Vec::new();
    for path in scripts("")
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("errors"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let body: String = text
            .lines()
            .filter(|line| !line.starts_with("// prints: "))
            .map(|l| format!("{l}\n"))
            .collect();
        let (mut session, lines) = session(Mode::Run);
        if let Err(diagnostic) = session.eval(&path.display().to_string(), &body) {
            wrong.push(diagnostic.render(false));
            continue;
        }
        let printed = lines.0.lock().unwrap();
        let printed: String = printed
            .iter()
            .map(|line| format!("// prints: {line}\n"))
            .collect();
        settle(&path, &text, &format!("{body}{printed}"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A line of a script that states an error: a comment whose carets stand under the place.
fn is_expectation(line: &str) -> bool {
    line.starts_with("//") && (line.contains("^ error: ") || line.contains(" help: "))
}

/// The expectation that a diagnostic amounts to.
fn expectation(diagnostic: &Diagnostic) -> (usize, String) {
    let Some(label) = diagnostic.labels.first() else {
        return (0, format!("// ^ error: {}\n", diagnostic.message));
    };
    let span = &label.span;
    // The comment takes two columns; what begins there is said to begin further left.
    let (carets, left) = match span.column {
        column @ 3.. => (" ".repeat(column - 3), ""),
        _ => (String::new(), "<- "),
    };
    let mut text = format!(
        "//{carets}{left}{} error: {}\n",
        "^".repeat(span.width),
        diagnostic.message
    );
    for hint in &diagnostic.hints {
        text += &format!("//{carets} help: {hint}\n");
    }
    (span.line, text)
}

#[test]
fn every_wrong_script_is_explained() {
    let mut wrong = Vec::new();
    let scripts = scripts("errors");
    assert!(scripts.len() >= 40, "{} wrong scripts", scripts.len());
    for path in scripts {
        let text = std::fs::read_to_string(&path).unwrap();
        let body: Vec<&str> = text.lines().filter(|line| !is_expectation(line)).collect();
        let source: String = body.iter().map(|line| format!("{line}\n")).collect();
        let (mut session, _) = session(Mode::Run);
        let Err(diagnostic) = session.eval("script", &source) else {
            wrong.push(format!("{} is not wrong", path.display()));
            continue;
        };
        assert!(
            !diagnostic.render(false).contains("internal error"),
            "{}",
            path.display()
        );
        let (line, expected) = expectation(&diagnostic);
        let mut want = String::new();
        for (index, content) in body.iter().enumerate() {
            want += &format!("{content}\n");
            if index + 1 == line || (index + 1 == body.len() && line > body.len()) {
                want += &expected;
            }
        }
        settle(&path, &text, &want, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn examples_and_presets_pass_the_check() {
    for folder in [
        "examples",
        "stdlib",
        "scripts",
        "scripts/clar",
        "scripts/doppelgangers",
        "scripts/health",
        "scripts/patch_mix",
        "benches/peers",
    ] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "rhai") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let (mut session, _) = session(Mode::Check);
            if let Err(diagnostics) = session.check(&path.display().to_string(), &text) {
                panic!(
                    "{}",
                    diagnostics
                        .iter()
                        .map(|d| d.render(false))
                        .collect::<Vec<_>>()
                        .join("\n")
                );
            }
        }
    }
}

#[test]
fn no_name_is_taken_twice_and_every_text_is_a_sentence() {
    let table = language();
    let mut seen = BTreeSet::new();
    for function in table.functions() {
        // An operator has one entry for each pair of types it works between.
        let is_operator = function.signature() == format!("a {} b", function.name());
        assert!(
            is_operator || seen.insert(function.signature()),
            "{}",
            function.signature()
        );
        let about = function.about_text();
        assert!(
            about.ends_with('.') && about.starts_with(char::is_uppercase),
            "{}: {about}",
            function.name()
        );
        assert!(
            !function.example_source().is_empty(),
            "{} has no example",
            function.name()
        );
        for parameter in function.described_parameters() {
            assert!(
                !parameter.about.is_empty(),
                "{}: {}",
                function.name(),
                parameter.name
            );
        }
    }
}
