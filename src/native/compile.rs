//! The Rust compiler of the machine, and what it says.

use crate::shim::FILE;
use crate::{Error, Fault, Label};
use serde_json::Value as Json;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long it may take: some hundred times what it does.
const LIMIT: Duration = Duration::from_secs(120);
/// Time between two looks whether a process has ended.
const NAP: Duration = Duration::from_millis(4);

/// Compiles a text with what is put behind it into a library.
///
/// # Errors
/// [`Error::Source`] at the user's lines, [`Error::NoCompiler`], [`Error::Compiler`], [`Error::Stopped`].
pub(crate) fn compile(
    text: &str,
    shim: &str,
    name: &str,
    out: &Path,
    stopped: &dyn Fn() -> bool,
) -> Result<(), Error> {
    let folder = tempfile::tempdir()
        .map_err(|error| Error::Compiler(format!("has no folder to work in: {error}")))?;
    let file = folder.path().join(FILE);
    std::fs::write(&file, format!("{text}{shim}")).map_err(|error| Error::file(&file, error))?;
    let mut command = Command::new(compiler());
    command
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "cdylib",
            "--crate-name",
            name,
            "--error-format",
            "json",
            "--cap-lints",
            "warn",
        ])
        .args([
            "-C",
            "opt-level=3",
            "-C",
            "codegen-units=1",
            "-C",
            "panic=unwind",
            "-C",
            "strip=symbols",
            "-C",
            "debuginfo=0",
        ])
        .arg("-o")
        .arg(out)
        .arg(FILE)
        .current_dir(folder.path());
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.map_err(|error| {
        Error::NoCompiler(format!(
            "`{}` does not start: {error}",
            compiler().display()
        ))
    })?;
    let (status, said) = wait(child, LIMIT, stopped)?;
    match status {
        Some(status) if status.success() && out.exists() => Ok(()),
        // An interrupt at a terminal ends the compiler, too.
        _ if stopped() => Err(Error::Stopped),
        Some(status) => Err(said_by_compiler(&said, text.lines().count().max(1), status)),
        None => Err(Error::Compiler(format!(
            "did not end within {} s and was stopped",
            LIMIT.as_secs()
        ))),
    }
}

/// Whether there is a compiler on this machine.
pub fn compiler_is_there() -> bool {
    let mut command = Command::new(compiler());
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The compiler: `$RUSTC`, the one on the path, or rustup's.
fn compiler() -> PathBuf {
    if let Some(given) = std::env::var_os("RUSTC") {
        return given.into();
    }
    let name = format!("rustc{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file());
    let of_rustup = || {
        std::env::home_dir()
            .map(|home| home.join(".cargo/bin").join(&name))
            .filter(|file| file.is_file())
    };
    on_path.or_else(of_rustup).unwrap_or_else(|| name.into())
}

/// Waits for a process and reads what it says on standard error; no status if the time was up.
pub(crate) fn wait(
    mut child: Child,
    limit: Duration,
    stopped: &dyn Fn() -> bool,
) -> Result<(Option<ExitStatus>, String), Error> {
    let mut pipe = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(pipe) = &mut pipe {
            let _ = pipe.read_to_end(&mut said);
        }
        String::from_utf8_lossy(&said).into_owned()
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) => {}
            Err(error) => return Err(Error::Compiler(format!("cannot be waited for: {error}"))),
        }
        let stop = stopped();
        if stop || begun.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            if stop {
                return Err(Error::Stopped);
            }
            break None;
        }
        std::thread::sleep(NAP);
    };
    Ok((status, reader.join().unwrap_or_default()))
}

/// The first error of the compiler's messages, at the user's own lines.
fn said_by_compiler(said: &str, n_lines: usize, status: ExitStatus) -> Error {
    let messages: Vec<Json> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // The sum of the errors is one more message of the compiler's, which only its words tell from the errors.
    let is_error = |message: &&Json| {
        message["level"] == "error" && !text(&message["message"]).starts_with("aborting due to")
    };
    let errors: Vec<&Json> = messages.iter().filter(is_error).collect();
    let Some(first) = errors.first() else {
        let broke = said
            .lines()
            .find(|line| !line.starts_with('{') && !line.trim().is_empty());
        return Error::Compiler(match broke {
            Some(line) => format!("broke ({status}): {}", line.trim()),
            None => format!("ended without a word ({status})"),
        });
    };
    let message = text(&first["message"]);
    // The compiler has no code for a linker that is missing or fails.
    if message.contains("linker") {
        return Error::NoCompiler(format!(
            "it needs a linker: {}",
            message.lines().next().unwrap_or("")
        ));
    }
    let all = first["spans"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut labels: Vec<(bool, Label)> = all
        .iter()
        .filter_map(|span| {
            let own = written(span, n_lines)?;
            let remark = Label {
                text: text(&span["label"]),
                ..label(own)
            };
            Some((span["is_primary"] == true, remark))
        })
        .collect();
    labels.sort_by_key(|(is_main, _)| !is_main);
    let children = first["children"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let hint = children
        .iter()
        .find(|child| child["level"] == "help")
        .map(|child| {
            let replacement = child["spans"]
                .as_array()
                .and_then(|spans| spans.first())
                .map(|span| text(&span["suggested_replacement"]));
            match replacement.filter(|text| !text.trim().is_empty()) {
                Some(replacement) => {
                    format!("{}: `{}`", text(&child["message"]), replacement.trim())
                }
                None => text(&child["message"]),
            }
        });
    Error::Source(Box::new(Fault {
        message,
        labels: labels.into_iter().map(|(_, label)| label).collect(),
        hint,
        others: errors.len() - 1,
    }))
}

/// The place of the user's text that a span belongs to: a macro's is where the macro is called.
fn written(span: &Json, n_lines: usize) -> Option<&Json> {
    let is_own = text(&span["file_name"]).ends_with(FILE) && number(&span["line_start"]) <= n_lines;
    match &span["expansion"]["span"] {
        outer @ Json::Object(_) => written(outer, n_lines),
        _ => is_own.then_some(span),
    }
}

fn label(span: &Json) -> Label {
    let (from, to) = (number(&span["column_start"]), number(&span["column_end"]));
    let one_line = span["line_start"] == span["line_end"];
    Label {
        line: number(&span["line_start"]).max(1),
        column: from.max(1),
        width: if one_line {
            to.saturating_sub(from).max(1)
        } else {
            1
        },
        text: text(&span["label"]),
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn number(json: &Json) -> usize {
    json.as_u64().unwrap_or_default() as usize
}
