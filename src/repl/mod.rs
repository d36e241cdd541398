//! The interactive session.

mod edit;

use crate::cli::exit;
use crate::run::{show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_session::script::{Shown, function_help, overview};
use auricle_session::{Session, Settings};
use edit::Editor;
use std::io::{IsTerminal, Read};
use std::sync::{Arc, Mutex};

/// Runs the session until the user leaves; gives the exit code.
pub(crate) fn run(settings: Settings) -> u8 {
    let terminal = Arc::new(Terminal::new(false));
    let session = match Session::new(settings, terminal.clone()) {
        Ok(session) => session,
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            return exit::SCRIPT;
        }
    };
    if !std::io::stdin().is_terminal() {
        return run_input(session, &terminal);
    }
    stop_on_interrupt(session.cancel_token());
    let session = Arc::new(Mutex::new(session));
    let mut editor = match Editor::new(session.clone(), &terminal) {
        Ok(editor) => editor,
        Err(error) => {
            terminal.error(&format!("error: the terminal cannot be used: {error}"));
            return exit::USAGE;
        }
    };
    terminal.print(concat!("Auricle ", env!("CARGO_PKG_VERSION"), ". `help()` lists the functions; Ctrl-D leaves."));
    let mut cell = 1;
    loop {
        match editor.read(cell) {
            Ok(Some(text)) if text.trim().is_empty() => {}
            Ok(Some(text)) => {
                let mut session = session.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                eval(&mut session, cell, &text, &terminal);
                cell += 1;
            }
            Ok(None) => return exit::OK,
            Err(error) => {
                terminal.error(&format!("error: {error}"));
                return exit::USAGE;
            }
        }
    }
}

fn eval(session: &mut Session, cell: usize, text: &str, terminal: &Terminal) {
    if let Some(answer) = help(session, text) {
        terminal.print(&answer);
        return;
    }
    let result = session.eval(&format!("cell {cell}"), text);
    terminal.clear();
    match result {
        Ok(outcome) if outcome.shown => terminal.print(&Shown::text_of(&outcome.value)),
        Ok(_) => {}
        Err(diagnostic) => show(&diagnostic, terminal),
    }
}

/// `help()`, `help("name")`, `help(name)` and `name?`.
fn help(session: &Session, text: &str) -> Option<String> {
    let text = text.trim();
    let inside = text.strip_prefix("help(").and_then(|rest| rest.strip_suffix(')'));
    let name = match inside {
        Some(inside) => inside.trim().trim_matches('"'),
        None => text.strip_suffix('?')?.trim(),
    };
    if name.is_empty() {
        return Some(overview(session.table()).trim_end().to_owned());
    }
    let unknown = || match session.table().nearest(name) {
        Some(guess) => format!("there is no function `{name}`; did you mean `{guess}`?"),
        None => format!("there is no function `{name}`"),
    };
    Some(function_help(session.table(), name).unwrap_or_else(unknown))
}

/// What comes through a pipe is one script.
fn run_input(mut session: Session, terminal: &Terminal) -> u8 {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        terminal.error(&format!("error: standard input cannot be read: {error}"));
        return exit::USAGE;
    }
    stop_on_interrupt(session.cancel_token());
    let result = session.eval("standard input", &text);
    terminal.clear();
    match result {
        Ok(outcome) => {
            if outcome.shown {
                terminal.print(&Shown::text_of(&outcome.value));
            }
            exit::OK
        }
        Err(diagnostic) => {
            show(&diagnostic, terminal);
            exit::SCRIPT
        }
    }
}
