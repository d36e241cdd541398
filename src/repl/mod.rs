//! The interactive session.

mod edit;

use crate::cli::exit;
use crate::run::{show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_session::script::Shown;
use auricle_session::{Session, Settings};
use edit::Editor;
use std::io::{IsTerminal, Read};
use std::sync::Arc;

/// Runs the session until the user leaves; gives the exit code.
pub(crate) fn run(settings: Settings) -> u8 {
    let terminal = Arc::new(Terminal::new(false));
    let mut session = match Session::new(settings, terminal.clone()) {
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
    let mut editor = match Editor::new(session.assistant(), &terminal) {
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
    if let Some(answer) = session.assistant().answer(text) {
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
