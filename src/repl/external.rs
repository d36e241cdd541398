//! The user's own editor, for text that is better written there than on a line.

use std::io::{Error, Result};
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Where the user says which editor is theirs: `VISUAL` first, as programs that can show a whole screen do.
const SETTINGS: [&str; 2] = ["VISUAL", "EDITOR"];

/// Editors that are there where none is chosen, the easier ones first; the last is on every Unix.
const USUAL: [&str; 4] = ["nano", "vim", "nvim", "vi"];

/// The editor that the user chose, or one that is there: a command line, which may have options.
fn chosen(setting: impl Fn(&str) -> Option<String>) -> String {
    let named = SETTINGS
        .iter()
        .filter_map(|name| setting(name))
        .find(|line| !line.trim().is_empty());
    let folders: Vec<_> = setting("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let is_there = |name: &&&str| {
        folders
            .iter()
            .any(|folder: &std::path::PathBuf| folder.join(name).is_file())
    };
    let usual = || {
        USUAL
            .iter()
            .find(is_there)
            .unwrap_or(&USUAL[USUAL.len() - 1])
            .to_string()
    };
    named.unwrap_or_else(usual)
}

/// Lets the user change a text in their editor.
///
/// # Errors
/// The editor cannot be started or says that the text is not to be taken, or the text cannot be read back.
pub(super) fn edited(text: &str) -> Result<String> {
    let line = chosen(|name| std::env::var(name).ok());
    let file = tempfile::Builder::new()
        .prefix("auricle-")
        .suffix(".rhai")
        .tempfile()?;
    // Editors like files whose last line ends.
    std::fs::write(
        file.path(),
        if text.is_empty() {
            String::new()
        } else {
            format!("{text}\n")
        },
    )?;
    let status = run(&line, file.path())
        .map_err(|error| Error::other(format!("the editor `{line}`: {error}")))?;
    if !status.success() {
        let hint = "; `EDITOR` says which program is taken";
        return Err(Error::other(format!(
            "the editor `{line}` ended with {status}, so the text is as it was{hint}"
        )));
    }
    // An editor may have put another file in its place.
    Ok(std::fs::read_to_string(file.path())?.trim_end().to_owned())
}

/// Runs the command line as git does, by the shell, which knows quotes. A path with spaces is a program, too.
#[cfg(unix)]
fn run(line: &str, file: &Path) -> Result<ExitStatus> {
    if Path::new(line).is_file() {
        return Command::new(line).arg(file).status();
    }
    Command::new("sh")
        .arg("-c")
        .arg(format!("{line} \"$@\""))
        .arg(line)
        .arg(file)
        .status()
}

#[cfg(not(unix))]
fn run(line: &str, file: &Path) -> Result<ExitStatus> {
    let mut words = line.split_whitespace();
    Command::new(words.next().unwrap_or(line))
        .args(words)
        .arg(file)
        .status()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_choice_comes_first_and_blank_is_none() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect();
            chosen(|name| {
                pairs
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, value)| value.clone())
            })
        };
        assert_eq!(
            of(&[("VISUAL", "code --wait"), ("EDITOR", "ed")]),
            "code --wait"
        );
        assert_eq!(of(&[("VISUAL", " "), ("EDITOR", "ed")]), "ed");
        assert_eq!(of(&[("VISUAL", ""), ("PATH", "")]), "vi");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("nano"), "").unwrap();
        assert_eq!(
            of(&[("PATH", &folder.path().display().to_string())]),
            "nano"
        );
    }
}
