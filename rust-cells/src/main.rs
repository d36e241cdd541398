//! Runs the plain Rust of `%%rust` cells, by evcxr.
//!
//! A request is a line of JSON on standard input, `{"run": "let x = 1;"}` or `{"stop": true}`; answers are lines of JSON on
//! standard output: `{"out": ..}` and `{"err": ..}` while a cell runs, then `{"shown": {"text/plain": ..}}` or `{"failed": ..}`,
//! and `{"done": true}`. A cell runs in a child of this process, which an endless loop, a crash or a stop ends; what breaks the
//! compiler's library ends this process, and not the session that started it.

use evcxr::{CommandContext, CompilationError, Error};
use serde_json::{Value as Json, json};
use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long what a cell printed last may be on its way when the cell has ended.
const LAST_WORDS: Duration = Duration::from_millis(10);

fn main() {
    // In the child that runs cells this does not return.
    evcxr::runtime_hook();
    let (mut context, outputs) = match CommandContext::new() {
        Ok(made) => made,
        Err(error) => {
            say(json!({ "failed": { "message": error.to_string() } }));
            say(json!({ "done": true }));
            return;
        }
    };
    // Dependencies may be fetched, and nothing else asks the network.
    let printed = [outputs.stdout.clone(), outputs.stderr.clone()];
    for (name, lines) in ["out", "err"].into_iter().zip(printed) {
        std::thread::spawn(move || lines.iter().for_each(|line| say(json!({ name: line }))));
    }
    let (sender, cells) = channel();
    let running = context.process_handle();
    std::thread::spawn(move || listen(&sender, &running));
    say(json!({ "ready": true }));
    run(&mut context, &cells, || {
        outputs.stdout.is_empty() && outputs.stderr.is_empty()
    });
}

/// Hands on the cells that come in, and ends the running one when that is asked for.
fn listen(cells: &Sender<String>, running: &Arc<Mutex<std::process::Child>>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let request: Json = serde_json::from_str(&line).unwrap_or_default();
        if request["stop"] == true {
            let _ = lock(running).kill();
        } else if let Some(cell) = request["run"].as_str()
            && cells.send(cell.to_owned()).is_err()
        {
            break;
        }
    }
}

fn run(context: &mut CommandContext, cells: &Receiver<String>, is_silent: impl Fn() -> bool) {
    for cell in cells {
        let result = context.execute(&cell);
        std::thread::sleep(LAST_WORDS);
        while !is_silent() {
            std::thread::sleep(Duration::from_millis(1));
        }
        match result {
            Ok(outputs) if outputs.is_empty() => {}
            Ok(outputs) => say(json!({ "shown": outputs.content_by_mime_type })),
            Err(error) => say(json!({ "failed": failed(error) })),
        }
        say(json!({ "done": true }));
    }
}

/// What went wrong, with places in the cell.
fn failed(error: Error) -> Json {
    let errors = match error {
        Error::CompilationErrors(errors) => errors,
        Error::SubprocessTerminated(message) => {
            return json!({ "message": message, "lost": true });
        }
        error => return json!({ "message": error.to_string() }),
    };
    let is_error = |error: &&CompilationError| error.level() == "error";
    let Some(first) = errors.iter().find(is_error).or(errors.first()) else {
        return json!({ "message": "it does not compile" });
    };
    let mut spans: Vec<_> = first.spanned_messages().iter().collect();
    spans.sort_by_key(|message| !message.is_primary);
    let labels = spans.into_iter().filter_map(|message| {
        let span = message.span?;
        let width = match span.start_line == span.end_line {
            true => span.end_column.saturating_sub(span.start_column).max(1),
            false => 1,
        };
        let (line, column) = (span.start_line, span.start_column);
        Some(json!({ "line": line, "column": column, "width": width, "text": message.label }))
    });
    let help = first.help().into_iter().next();
    json!({
        "message": first.message(),
        "labels": labels.collect::<Vec<Json>>(),
        "hint": first.evcxr_extra_hint().map(str::to_owned).or(help),
        "others": errors.iter().filter(is_error).count().saturating_sub(1),
    })
}

/// Writes a line at once. Where nobody reads any more, there is nothing to be done.
fn say(line: Json) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
