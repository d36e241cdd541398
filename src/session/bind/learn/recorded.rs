//! What a run's folder says of how the run was started, the script, its arguments, seed, versions and state of the code, and
//! what was said of it, with the time.

use super::super::Environment;
use auricle_audio::io::write_whole;
use auricle_learn::train::{EpochRecord, Run};
use chrono::{Local, SecondsFormat};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Keeps the record of a run in its folder, once the run trains: one that is only loaded keeps what it has.
pub(super) struct Recorder<'a> {
    run: &'a Run,
    environment: &'a Environment,
    begun: bool,
    /// Lines from before it began.
    before: String,
    /// Whether the log cannot be written, which is said once.
    is_lost: bool,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(run: &'a Run, environment: &'a Environment) -> Recorder<'a> {
        Recorder {
            run,
            environment,
            begun: false,
            before: String::new(),
            is_lost: false,
        }
    }

    /// The run trains.
    pub(super) fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            record(self.run, self.environment);
            let before = std::mem::take(&mut self.before);
            self.append(&before);
        }
    }

    /// An epoch is done.
    pub(super) fn epoch(&mut self, record: &EpochRecord) {
        let figures = record.figures.iter();
        let figures: Vec<String> = figures
            .map(|(name, value)| format!("{name} {value:.4}"))
            .collect();
        self.line(&format!("epoch {}: {}", record.epoch, figures.join(", ")));
    }

    /// Something is said of the run.
    pub(super) fn line(&mut self, text: &str) {
        let now = Local::now().to_rfc3339_opts(SecondsFormat::Secs, false);
        let line = format!("{now} {text}\n");
        match self.begun {
            true => self.append(&line),
            false => self.before += &line,
        }
    }

    fn append(&mut self, lines: &str) {
        let Some(folder) = self.run.folder().filter(|_| !self.is_lost) else {
            return;
        };
        let file = folder.join("log.txt");
        let opened = OpenOptions::new().create(true).append(true).open(file);
        if let Err(error) = opened.and_then(|mut open| open.write_all(lines.as_bytes())) {
            self.is_lost = true;
            let text = format!("the log of the run is not kept: {error}");
            self.environment.sink.note(&text);
        }
    }
}

/// Writes `recipe.rhai`, the script as source, and `run.json` into the folder of a run that is about to train. What cannot be
/// written is no reason not to train: it is said, and that is all.
fn record(run: &Run, environment: &Environment) {
    let Some(folder) = run.folder() else {
        return;
    };
    let running = environment
        .sources()
        .running()
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
    let (script, source) = running.unwrap_or_default();
    let settings = &environment.settings;
    let about = json!({
        "script": script,
        "arguments": settings.arguments,
        "seed": environment.seed(),
        "device": settings.device,
        "threads": settings.threads,
        "auricle": env!("CARGO_PKG_VERSION"),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "started": Local::now().to_rfc3339(),
        "git": git(Path::new(&script)),
    });
    let text = serde_json::to_string_pretty(&about).unwrap_or_default() + "\n";
    let written = write_whole(&folder.join("run.json"), text.as_bytes());
    if let Err(error) = written.and(write_whole(&folder.join("recipe.rhai"), source.as_bytes())) {
        environment
            .sink
            .note(&format!("how the run was started is not kept: {error}"));
    }
}

/// The commit that a script's folder stands at, and whether something there differs from it; null where git knows nothing.
fn git(script: &Path) -> Value {
    let folder = script
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let ask = |arguments: &[&str]| {
        let said = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8(said.stdout).ok()?;
        said.status.success().then(|| text.trim().to_owned())
    };
    match ask(&["rev-parse", "HEAD"]) {
        None => Value::Null,
        Some(commit) => {
            let changed = ask(&["status", "--porcelain", "--untracked-files=no", "--", "."]);
            json!({ "commit": commit, "changed": changed.map(|changed| !changed.is_empty()) })
        }
    }
}
