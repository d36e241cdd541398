//! The interactive session.

mod blocks;
mod complete;
mod edit;
mod highlight;

use crate::cli::exit;
use crate::run::{show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_session::script::Shown;
use auricle_session::{Reply, Session, Settings};
use blocks::{Depth, blocks};
use edit::Editor;
pub(crate) use edit::Keys;
use std::io::{IsTerminal, Read};
use std::sync::Arc;

/// Runs the session until the user leaves; gives the exit code.
pub(crate) fn run(settings: Settings, keys: Keys) -> u8 {
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
    let mut editor = match Editor::new(session.assistant(), keys, &terminal) {
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
                if let Some(text) = eval(&mut session, cell, &text, &terminal) {
                    editor.offer(&text);
                }
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

/// Runs a cell and shows what it came to; gives text that the user wants to change.
fn eval(session: &mut Session, cell: usize, text: &str, terminal: &Terminal) -> Option<String> {
    let result = session.cell(&format!("cell {cell}"), text);
    terminal.clear();
    match result {
        Ok(Reply::Value(outcome)) if outcome.shown => {
            terminal.print(&Shown::text_of(&outcome.value));
            let picture = Shown::picture_of(&outcome.value);
            if let (Some(picture), Some(depth)) = (picture, Depth::of_terminal(terminal.color())) {
                terminal.print(&blocks(&picture, terminal.columns(), depth));
            }
        }
        Ok(Reply::Value(_)) => {}
        Ok(Reply::Text(text)) => terminal.print(&text),
        Ok(Reply::Edit(text)) => return Some(text),
        Err(diagnostic) => show(&diagnostic, terminal),
    }
    None
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
