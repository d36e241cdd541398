//! What a run's folder says of how the run was started: the script, its arguments, seed, versions and state of the code.

use super::super::Environment;
use auricle_audio::io::write_whole;
use auricle_learn::train::Run;
use chrono::Local;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Writes `recipe.rhai`, the script as source, and `run.json` into the folder of a run that is about to train. What cannot be
/// written is no reason not to train: it is said, and that is all.
pub(super) fn record(run: &Run, environment: &Environment) {
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
