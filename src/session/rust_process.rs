//! Plain Rust of cells: a program beside this one, `auricle-rust-cells`, runs it by evcxr.

use crate::rust_fault::at_the_cell;
use crate::script::{CancelToken, Diagnostic, Display, Sink};
use auricle_native::Fault;
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The program, and the variable that says where it is.
const PROGRAM: &str = "auricle-rust-cells";
const PLACE: &str = "AURICLE_RUST_CELLS";

/// Time between two looks whether the user wants to stop.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What an end of the cell's own process costs.
const LOST: &str = "the variables of Rust are lost, those of the session are not";

/// The running program, with the variables of the cells so far.
pub(crate) struct RustProcess {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Json>,
}

impl RustProcess {
    /// Starts the program.
    ///
    /// # Errors
    /// A diagnostic that says how to install it, or why it does not start.
    pub(crate) fn start() -> Result<RustProcess, Diagnostic> {
        let Some(program) = program() else {
            let hint = format!(
                "`cargo install --locked --path rust-cells` in Auricle's folder installs `{PROGRAM}`, which runs plain Rust; \
                 operators need the Rust compiler alone, and `op(\"tanh(drive * x)\", #{{ drive: 2..8 }})` needs nothing"
            );
            return Err(Diagnostic::error(
                "this cell makes no operator, and there is no program that runs plain Rust",
                None,
                "",
                Some(hint),
            ));
        };
        let mut command = Command::new(&program);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // `Ctrl-C` at a terminal is for the session, which stops the cell and keeps the program.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn();
        let broken = |why: String| {
            Diagnostic::error(format!("`{}` {why}", program.display()), None, "", None)
        };
        let mut child = child.map_err(|error| broken(format!("does not start: {error}")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken("has no pipes".into()));
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                let answer = serde_json::from_str(&line).unwrap_or_default();
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        Ok(RustProcess {
            child,
            input,
            lines,
        })
    }

    /// Runs a cell and hands on what it prints and shows.
    ///
    /// # Errors
    /// A diagnostic at the cell's own lines; `None` beside it if the program is gone.
    pub(crate) fn run(
        &mut self,
        name: &str,
        text: &str,
        cell: &str,
        sink: &dyn Sink,
        token: &CancelToken,
    ) -> Result<(), (Diagnostic, bool)> {
        self.say(&json!({ "run": text }));
        let mut stopped = false;
        let mut failed = None;
        loop {
            if token.is_cancelled() && !stopped {
                stopped = true;
                self.say(&json!({ "stop": true }));
            }
            let answer = match self.lines.recv_timeout(LOOK_EVERY) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    let hint = "its variables are lost; the next cell starts it again".to_owned();
                    return Err((
                        Diagnostic::error(
                            "the program that runs Rust has ended",
                            None,
                            "",
                            Some(hint),
                        ),
                        false,
                    ));
                }
            };
            if let Some(line) = answer["out"].as_str() {
                sink.out(line);
            } else if let Some(line) = answer["err"].as_str() {
                sink.error(line);
            } else if let Json::Object(parts) = &answer["shown"] {
                sink.display(&display(parts), None);
            } else if answer["failed"].is_object() {
                failed = Some(answer["failed"].clone());
            } else if answer["done"] == true {
                break;
            }
        }
        match failed {
            None => Ok(()),
            Some(_) if stopped => {
                let hint = LOST.to_owned();
                Err((Diagnostic::error("interrupted", None, "", Some(hint)), true))
            }
            Some(failed) => Err((explain(&failed, name, cell), true)),
        }
    }

    /// A program that is gone says nothing any more, which `run` notices.
    fn say(&mut self, request: &Json) {
        let _ = writeln!(self.input, "{request}");
        let _ = self.input.flush();
    }
}

impl Drop for RustProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the program is: where the variable says, beside this one, or on the path.
fn program() -> Option<PathBuf> {
    if let Some(place) = std::env::var_os(PLACE) {
        return Some(place.into());
    }
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| own.parent().map(PathBuf::from));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_cargo = std::env::home_dir().map(|home| home.join(".cargo/bin"));
    let folders = beside
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(of_cargo);
    folders
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}

/// What a cell shows: the forms that front ends know.
fn display(parts: &serde_json::Map<String, Json>) -> Display {
    let text = parts
        .get("text/plain")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let known = [
        "text/html",
        "text/markdown",
        "text/latex",
        "image/svg+xml",
        "image/png",
        "application/json",
    ];
    let parts = known
        .into_iter()
        .filter_map(|name| Some((name, parts.get(name)?.clone())));
    Display {
        text: text.trim_end().to_owned(),
        parts: parts.collect(),
        picture: None,
    }
}

fn explain(failed: &Json, name: &str, cell: &str) -> Diagnostic {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let number = |json: &Json| json.as_u64().unwrap_or(1).max(1) as usize;
    let labels = failed["labels"].as_array().map(Vec::as_slice);
    let label = |label: &Json| auricle_native::Label {
        line: number(&label["line"]),
        column: number(&label["column"]),
        width: number(&label["width"]),
        text: text(&label["text"]),
    };
    let fault = Fault {
        message: text(&failed["message"]),
        labels: labels.unwrap_or_default().iter().map(label).collect(),
        hint: failed["hint"].as_str().map(str::to_owned),
        others: failed["others"].as_u64().unwrap_or_default() as usize,
    };
    let mut diagnostic = at_the_cell(&fault, name, cell);
    if failed["lost"] == true {
        diagnostic.hints.push(LOST.to_owned());
    }
    diagnostic
}
