//! `auricle run` and `auricle check`.

use crate::arguments::{Output, exit};
use crate::terminal::Terminal;
use auricle_session::script::{CancelToken, Diagnostic, Mode, Shown, Silent};
use auricle_session::{Session, Settings};
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

/// Runs a script; gives the exit code.
pub(crate) fn run_script(file: &Path, settings: Settings, output: &Output) -> u8 {
    let terminal = Arc::new(Terminal::new(output.json).quiet(output.quiet));
    let Some(text) = read(file, &terminal) else {
        return exit::USAGE;
    };
    let mut session = match Session::new(settings, terminal.clone()) {
        Ok(session) => session,
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            return exit::SCRIPT;
        }
    };
    let token = session.cancel_token();
    terminal.stops(token.clone());
    stop_on_interrupt(token.clone());
    let result = session.eval(&file.display().to_string(), &text);
    terminal.clear();
    match result {
        Ok(outcome) => {
            if output.json {
                let report = session
                    .last_report()
                    .or_else(|| Shown::json_of(&outcome.value));
                terminal.print(&report.unwrap_or(serde_json::Value::Null).to_string());
            }
            exit::OK
        }
        Err(diagnostic) => {
            show(&diagnostic, &terminal);
            keep(&session, &terminal);
            if token.is_cancelled() {
                exit::INTERRUPTED
            } else {
                exit::SCRIPT
            }
        }
    }
}

/// A session, and the request to stop that an interrupt makes.
pub(crate) fn session(
    settings: Settings,
    terminal: &Arc<Terminal>,
) -> Result<(Session, CancelToken), u8> {
    let session = Session::new(settings, terminal.clone()).map_err(|error| {
        terminal.error(&format!("error: {error}"));
        exit::SCRIPT
    })?;
    let token = session.cancel_token();
    stop_on_interrupt(token.clone());
    Ok((session, token))
}

/// The last value of a script that is given as a text or as a file, with its session and the request to stop. `what` names
/// a text in errors.
pub(crate) fn last_value(
    script: &str,
    what: &str,
    settings: Settings,
    terminal: &Arc<Terminal>,
) -> Result<(Session, CancelToken, Dynamic), u8> {
    let (mut session, token) = session(settings, terminal)?;
    let (name, text) = if script.ends_with(".rhai") {
        let text = read(Path::new(script), terminal);
        (script, text.ok_or(exit::USAGE)?)
    } else {
        (what, script.to_owned())
    };
    match session.eval(name, &text) {
        Ok(outcome) => Ok((session, token, outcome.value)),
        Err(diagnostic) => {
            show(&diagnostic, terminal);
            Err(exit::SCRIPT)
        }
    }
}

/// Waits until an interrupted run is kept.
pub(crate) fn keep(session: &Session, terminal: &Terminal) {
    session.settle(|| {
        terminal.error(
            "the step under way is finished and kept; another Ctrl-C ends the program at once",
        )
    });
}

/// Checks a script without data; gives the exit code.
pub(crate) fn check(file: &Path, settings: Settings, output: &Output) -> u8 {
    let terminal = Terminal::new(true).quiet(true);
    let Some(text) = read(file, &terminal) else {
        return exit::USAGE;
    };
    let settings = Settings {
        mode: Mode::Check,
        ..settings
    };
    // What the script would print depends on data that a check does not read.
    let checked = match Session::new(settings, Arc::new(Silent)) {
        Ok(mut session) => session.check(&file.display().to_string(), &text),
        Err(error) => Err(vec![Diagnostic::error(
            error.to_string(),
            None,
            "",
            error.hint,
        )]),
    };
    match checked {
        Ok(()) => {
            if !output.quiet {
                terminal.print(&format!("{}: no errors found", file.display()));
            }
            exit::OK
        }
        Err(diagnostics) => {
            diagnostics
                .iter()
                .for_each(|diagnostic| show(diagnostic, &terminal));
            exit::SCRIPT
        }
    }
}

/// The text of a script; says what is wrong if it cannot be read.
pub(crate) fn read(file: &Path, terminal: &Terminal) -> Option<String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) => {
            terminal.error(&format!(
                "error: the script `{}` cannot be read: {error}",
                file.display()
            ));
            None
        }
    }
}

/// Shows a diagnostic on standard error.
pub(crate) fn show(diagnostic: &Diagnostic, terminal: &Terminal) {
    terminal.error(&diagnostic.render(terminal.color()));
}

/// `Ctrl-C` asks the session to stop, which it does at its next call or training step; a second one ends the program.
pub(crate) fn stop_on_interrupt(token: CancelToken) {
    // A process that has a handler already keeps it.
    let _ = ctrlc::set_handler(move || {
        if token.is_cancelled() {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
        token.cancel();
    });
}
