//! Cells of an interactive session: text of the language, questions for help, and commands that begin with `%`.

use crate::command::{COMMANDS, command_name, no_command};
use crate::history::Cell;
use crate::last_value::{as_written, with_last};
use crate::made::{By, names_made};
use crate::question::Question;
use crate::rust_text::is_rust;
use crate::script::{Diagnostic, Unknown, path_at_home};
use crate::{Outcome, Session};
use rhai::Dynamic;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a cell came to.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A value.
    Value(Outcome),
    /// The answer to a question.
    Text(String),
    /// Text for the user to change and to run as a cell of its own.
    Edit(String),
}

impl Session {
    /// Runs a cell. `name` stands for it in messages.
    ///
    /// # Errors
    /// A diagnostic of what is wrong and where.
    pub fn cell(&mut self, name: &str, text: &str) -> Result<Reply, Diagnostic> {
        self.assistant().forget_values();
        if is_rust(text) {
            return self.kept_rust(name, text);
        }
        if let Some(question) = self.assistant().question(text) {
            return self.answered(name, question);
        }
        let Some(command) = text.trim().strip_prefix('%') else {
            return self.kept(name, text).map(Reply::Value);
        };
        let (word, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let rest = rest.trim();
        match word {
            "time" => self.timed(name, rest),
            "who" => Ok(Reply::Text(self.who())),
            "reset" => {
                self.reset();
                self.history.discount();
                Ok(Reply::Text("the session is empty".into()))
            }
            "load" => self.load(&file(rest, "%load FILE")?),
            "save" => {
                let file = file(rest, "%save FILE")?;
                self.history.save(&file).map(Reply::Text)
            }
            "edit" => self.history.chosen(rest).map(Reply::Edit),
            "history" => Ok(Reply::Text(self.history.shown(rest))),
            "help" => Ok(Reply::Text(self.assistant().answer(rest))),
            _ => Err(no_command(word)),
        }
    }

    /// Checks a cell without data, in a session of [`Mode::Check`](crate::script::Mode::Check); gives what is wrong with
    /// it. Commands that look back or write do nothing.
    pub fn check_cell(&mut self, name: &str, text: &str) -> Vec<Diagnostic> {
        if is_rust(text) {
            return self.rust(name, text).err().into_iter().collect();
        }
        if let Some(question) = self.assistant().question(text) {
            return if question.before.trim().is_empty() {
                Vec::new()
            } else {
                self.check_cell(name, question.before)
            };
        }
        let Some(command) = text.trim().strip_prefix('%') else {
            return self.checked(name, text);
        };
        let (word, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        match word {
            "time" => self.checked(name, rest.trim()),
            "load" => {
                match file(rest.trim(), "%load FILE").and_then(|path| Ok((read(&path)?, path))) {
                    Ok((text, path)) => self.checked(&path.display().to_string(), &text),
                    Err(diagnostic) => vec![diagnostic],
                }
            }
            "reset" => {
                self.reset();
                Vec::new()
            }
            _ if COMMANDS
                .iter()
                .any(|(usage, _)| command_name(usage)[1..] == *word) =>
            {
                Vec::new()
            }
            _ => vec![no_command(word)],
        }
    }

    /// Checks text of the language. Later cells must not be blamed for what this one could not make: its names are known
    /// from then on, and their values are not.
    fn checked(&mut self, name: &str, text: &str) -> Vec<Diagnostic> {
        let replaced = with_last(text);
        if replaced.is_some() {
            self.keep_last(Dynamic::from(Unknown));
        }
        let found = self
            .check(name, replaced.as_deref().unwrap_or(text))
            .err()
            .unwrap_or_default();
        let chars: Vec<char> = text.chars().collect();
        for made in names_made(&chars) {
            let is_known = self.assistant().is_made(&made.name);
            match made.by {
                _ if is_known => {}
                // The words of the command line are not known to a check, and so is what such a function gives.
                By::Fn(parameters) => {
                    drop(self.eval(name, &format!("fn {}({parameters}) {{ args }}", made.name)))
                }
                By::Let(_) => self.keep(&made.name, Dynamic::from(Unknown)),
                By::Other => {}
            }
        }
        found.into_iter().map(as_written).collect()
    }

    /// Runs what stands before a question, and answers it.
    fn answered(&mut self, name: &str, question: Question<'_>) -> Result<Reply, Diagnostic> {
        let first = match question.before.trim() {
            "" => None,
            _ => Some(self.cell(name, question.before)?),
        };
        // The question may be about something that has just been made.
        self.assistant().remember_values(self.values());
        let answer = self.assistant().answer(question.name);
        Ok(Reply::Text(match first {
            Some(Reply::Text(text)) => format!("{text}\n\n{answer}"),
            _ => answer,
        }))
    }

    /// Runs text and keeps it for `%history` and `%save`.
    fn kept(&mut self, name: &str, text: &str) -> Result<Outcome, Diagnostic> {
        let result = match with_last(text) {
            Some(_) if !self.has_last() => {
                let hint = "`_` is the last value that a cell showed".to_owned();
                Err(Diagnostic::error(
                    "no cell has shown a value yet that `_` could be",
                    None,
                    "",
                    Some(hint),
                ))
            }
            Some(replaced) => self.eval(name, &replaced).map_err(as_written),
            None => self.eval(name, text),
        };
        self.history.push(Cell {
            name: name.to_owned(),
            text: text.to_owned(),
            script: None,
            counts: result.is_ok(),
        });
        if let Ok(outcome) = &result
            && outcome.shown
        {
            self.keep_last(outcome.value.clone());
        }
        result
    }

    /// Makes stages of a cell of Rust and keeps it.
    fn kept_rust(&mut self, name: &str, text: &str) -> Result<Reply, Diagnostic> {
        let result = self.rust(name, text);
        self.history.push(Cell {
            name: name.to_owned(),
            text: text.to_owned(),
            script: result.as_ref().ok().and_then(|(_, script)| script.clone()),
            counts: result.is_ok(),
        });
        result.map(|(reply, _)| reply)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the user asks for the time; no result depends on it"
    )]
    fn timed(&mut self, name: &str, code: &str) -> Result<Reply, Diagnostic> {
        let start = Instant::now();
        let outcome = self.kept(name, code)?;
        let seconds = start.elapsed().as_secs_f64();
        self.note(&match seconds {
            s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
            s if s < 1.0 => format!("{:.1} ms", s * 1e3),
            s => format!("{s:.2} s"),
        });
        Ok(Reply::Value(outcome))
    }

    fn who(&self) -> String {
        let values = self
            .variable_types()
            .into_iter()
            .map(|(name, type_name)| format!("{name:20} {type_name}"));
        let functions = self
            .written_functions()
            .into_iter()
            .map(|signature| format!("{signature:20} function"));
        let lines: Vec<String> = values.chain(functions).collect();
        if lines.is_empty() {
            "nothing yet".into()
        } else {
            lines.join("\n")
        }
    }

    fn load(&mut self, path: &Path) -> Result<Reply, Diagnostic> {
        let text = read(path)?;
        self.kept(&path.display().to_string(), &text)
            .map(Reply::Value)
    }
}

/// The file of a command, without the quotes it may have.
fn file(text: &str, usage: &str) -> Result<PathBuf, Diagnostic> {
    match text.trim_matches('"') {
        "" => Err(Diagnostic::error(
            format!("a file is missing: `{usage}`"),
            None,
            "",
            None,
        )),
        path => path_at_home("FILE", path)
            .map_err(|error| Diagnostic::error(error.message, None, "", error.hint)),
    }
}

fn read(path: &Path) -> Result<String, Diagnostic> {
    let cannot = |error| format!("`{}` cannot be read: {error}", path.display());
    std::fs::read_to_string(path).map_err(|error| Diagnostic::error(cannot(error), None, "", None))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Settings;
    use crate::script::{Shown, Silent};
    use std::sync::Arc;

    pub(crate) fn session() -> Session {
        Session::new(Settings::default(), Arc::new(Silent)).unwrap()
    }

    /// What a cell comes to, as text.
    pub(crate) fn text(session: &mut Session, cell: &str) -> String {
        match session.cell("cell 1", cell) {
            Ok(Reply::Value(outcome)) => Shown::text_of(&outcome.value),
            Ok(Reply::Text(text) | Reply::Edit(text)) => text,
            Err(diagnostic) => diagnostic.render(false),
        }
    }

    #[test]
    fn commands_work_on_the_session() {
        let mut session = session();
        for (cell, want) in [
            ("let x = 2", ""),
            ("fn twice(x) { 2 * x }", ""),
            ("%time twice(x)", "4"),
            ("%edit", "twice(x)"),
            ("%history 1", "// cell 1\ntwice(x)"),
            ("%history let", "// cell 1\nlet x = 2"),
            ("%history nothing of the kind", ""),
            ("%reset", "the session is empty"),
            ("%who", "args                 array"),
        ] {
            assert_eq!(text(&mut session, cell), want, "{cell}");
        }
        assert!(text(&mut session, "x").contains("x"));
        assert!(text(&mut session, "%tiem 1").contains("did you mean `%time`?"));
        assert!(text(&mut session, "%load nowhere.rhai").contains("`nowhere.rhai` cannot be read"));
        assert!(text(&mut session, "%save").contains("a file is missing"));
        assert!(text(&mut session, "%help noise").starts_with("noise("));
        assert!(text(&mut session, "%edit 77").contains("there is no cell 77"));
    }

    #[test]
    fn a_question_mark_in_a_comment_asks_nothing() {
        let mut session = session();
        for (cell, want) in [
            ("let x = 41;\nx + 1 // is it 42?", "42"),
            ("let y = 2;\n// why?", ""),
            ("y", "2"),
            ("let z = 5;\nz?", "z: whole number\n    5"),
            ("?z", "z: whole number\n    5"),
            ("z // z?", "5"),
        ] {
            assert_eq!(text(&mut session, cell), want, "{cell}");
        }
        assert!(text(&mut session, "nope();\nz?").contains("there is no function `nope`"));
    }

    #[test]
    fn the_last_value_that_was_shown_is_at_hand() {
        let mut session = session();
        assert!(text(&mut session, "_ + 1").contains("no cell has shown a value yet"));
        for (cell, want) in [
            ("40 + 1", "41"),
            ("let unseen = 7;", ""),
            ("_ + 1", "42"),
            ("`${_} and ${_ + 1}`", "42 and 43"),
            ("switch 3 { 1 => 2, _ => 5 }", "5"),
            ("_ * 2", "10"),
            (
                "%who",
                "args                 array\nunseen               whole number",
            ),
        ] {
            assert_eq!(text(&mut session, cell), want, "{cell}");
        }
        let wrong = text(&mut session, "_.nope()");
        assert!(
            wrong.contains("_.nope()") && !wrong.contains(crate::last_value::LAST),
            "{wrong}"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.rhai").display().to_string();
        let saved = text(&mut session, &format!("%save {file}"));
        assert!(saved.contains("a script has no `_`"), "{saved}");
        assert!(
            std::fs::read_to_string(&file)
                .unwrap()
                .contains("\n// _ * 2\n")
        );
        assert!(!text(&mut session, &format!("%load {file}")).contains("error"));
        text(&mut session, "%reset");
        assert!(text(&mut session, "_").contains("no cell has shown a value yet"));
    }

    #[test]
    fn a_file_may_lie_in_the_users_folder() {
        let mut session = session();
        for command in ["%load", "%save"] {
            let told = text(&mut session, &format!("{command} ~nobody/a.rhai"));
            assert!(told.contains("another user"), "{told}");
        }
        let home = std::env::home_dir().unwrap();
        let told = text(&mut session, "%load ~/no such file.rhai");
        let whole = home.join("no such file.rhai").display().to_string();
        assert!(
            told.contains(&format!("`{whole}` cannot be read")),
            "{told}"
        );
    }

    #[test]
    fn every_listed_command_is_known() {
        for (usage, _) in COMMANDS {
            let word = usage.split(' ').next().unwrap();
            let answer = text(&mut session(), word);
            assert!(!answer.contains("there is no command"), "{word}: {answer}");
        }
    }

    #[test]
    fn a_saved_session_is_a_script_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.rhai").display().to_string();
        let mut first = session();
        for cell in [
            "let x = 2",
            "x + 1 // shown",
            "nope(1)",
            "fn f(a) { a * 3 }",
            "let m = #{ a: 1 }",
            "fn f(a) { a * 5 }",
            "let y = f(x);",
        ] {
            text(&mut first, cell);
        }
        assert_eq!(
            text(&mut first, &format!("%save {file}")),
            format!("6 cells in {file}")
        );
        let mut second = session();
        text(&mut second, &format!("%load \"{file}\""));
        assert_eq!(text(&mut second, "y + m.a"), "11");
    }
}
