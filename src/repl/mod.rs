//! The interactive session.

mod complete;
mod edit;
mod external;
mod highlight;
mod modes;

use crate::arguments::exit;
use crate::run::{keep, show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_session::script::{CancelToken, Shown, Sink};
use auricle_session::{Reply, Session, Settings};
use edit::Editor;
pub(crate) use edit::Keys;
use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs the session until the user leaves; gives the exit code.
pub(crate) fn run(settings: Settings, keys: Keys) -> u8 {
    let terminal = Arc::new(Terminal::new(false).asking());
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
    let _modes = modes::Unflushed::new();
    terminal.stops(session.cancel_token());
    let presses = stop_cells(session.cancel_token(), terminal.clone());
    let mut editor = match Editor::new(session.assistant(), keys, &terminal) {
        Ok(editor) => editor,
        Err(error) => {
            terminal.error(&format!("error: the terminal cannot be used: {error}"));
            return exit::USAGE;
        }
    };
    terminal.print(concat!(
        "Auricle ",
        env!("CARGO_PKG_VERSION"),
        ". `help()` lists the functions; `exit` leaves."
    ));
    let mut cell = 1;
    let mut failures = 0;
    loop {
        match editor.read(cell) {
            Ok(Some(text)) if text.trim().is_empty() => failures = 0,
            Ok(Some(text)) if !leaves(&text, &session) => {
                failures = 0;
                presses.store(0, Ordering::Relaxed);
                let wanted = eval(&mut session, cell, &text, &terminal);
                presses.store(AT_REST, Ordering::Relaxed);
                editor.offer(&format!(
                    "{}{}",
                    wanted.unwrap_or_default(),
                    terminal.take_typed()
                ));
                cell += 1;
            }
            Ok(_) => {
                presses.store(LEAVING, Ordering::Relaxed);
                keep(&session, &terminal);
                return exit::OK;
            }
            // Once may be an accident, which is no reason to lose every variable; a terminal that is gone stays so.
            Err(error) => {
                terminal.error(&format!("error: {error}"));
                failures += 1;
                if failures == PATIENCE {
                    return exit::USAGE;
                }
            }
        }
    }
}

/// Failures to read from the terminal in a row that end the session.
const PATIENCE: u32 = 3;

/// Whether a cell is what people type to leave. A variable or function of such a name is theirs.
fn leaves(text: &str, session: &Session) -> bool {
    let word = text.trim().trim_end_matches(';').trim_end();
    let word = word.strip_suffix("()").unwrap_or(word);
    ["exit", "quit"].contains(&word) && !session.assistant().is_made(word)
}

/// Presses of `Ctrl-C` while no cell runs do not count.
const AT_REST: u32 = u32::MAX;

/// A press of `Ctrl-C` ends the program.
const LEAVING: u32 = 2;

/// `Ctrl-C` asks the running cell to stop. Who is impatient is warned; a third press ends the program, because a cell may
/// hang where nothing asks.
fn stop_cells(token: CancelToken, terminal: Arc<Terminal>) -> Arc<AtomicU32> {
    let presses = Arc::new(AtomicU32::new(AT_REST));
    let counted = presses.clone();
    // A process that has a handler already keeps it.
    let _ = ctrlc::set_handler(move || {
        let running = |n: u32| (n != AT_REST).then_some(n + 1);
        let Ok(before) = counted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, running) else {
            return;
        };
        token.cancel();
        match before {
            0 => {}
            1 => terminal.error(
                "stopping; another Ctrl-C ends the program, and everything in the session is lost",
            ),
            _ => {
                modes::restore();
                std::process::exit(i32::from(exit::INTERRUPTED));
            }
        }
    });
    presses
}

/// Runs a cell and shows what it came to; gives text that the user wants to change.
fn eval(session: &mut Session, cell: usize, text: &str, terminal: &Terminal) -> Option<String> {
    let result = session.cell(&format!("cell {cell}"), text);
    terminal.clear();
    match result {
        Ok(Reply::Value(outcome)) if outcome.shown => {
            terminal.print(&shortened(&Shown::source_of(&outcome.value)));
            if terminal.draws_pictures()
                && let Some(picture) = Shown::picture_of(&outcome.value)
            {
                terminal.picture(&picture);
            }
        }
        Ok(Reply::Value(_)) => {}
        Ok(Reply::Text(text)) => terminal.print(&text),
        Ok(Reply::Edit(text)) => return Some(text),
        Err(diagnostic) => show(&diagnostic, terminal),
    }
    None
}

/// Longer texts of values are cut in the middle; `print` shows all.
const LONGEST: usize = 1600;

/// The beginning and the end of a text that nobody would read.
fn shortened(text: &str) -> String {
    let n = text.chars().count();
    if n <= LONGEST {
        return text.to_owned();
    }
    let from = |skip: usize| {
        text.char_indices()
            .nth(skip)
            .map_or(text.len(), |(at, _)| at)
    };
    format!(
        "{} … {}\n({n} characters; `print` shows all)",
        &text[..from(LONGEST / 2)],
        &text[from(n - LONGEST / 8)..]
    )
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
                terminal.print(&Shown::source_of(&outcome.value));
            }
            exit::OK
        }
        Err(diagnostic) => {
            show(&diagnostic, terminal);
            keep(&session, terminal);
            exit::SCRIPT
        }
    }
}
