//! Faults of the program itself: told once, where the user looks, with their place.

use crate::script::{Diagnostic, Span};
use std::any::Any;
use std::sync::{Mutex, PoisonError};

/// Where the last fault was.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the system's own message of a fault back, which would be written across a prompt or a notebook's log: a session
/// tells the fault as the error of its cell. With `RUST_BACKTRACE` the message and the way to the fault are written.
pub fn tell_faults_once() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |fault| {
        let place = fault
            .location()
            .map(|at| format!("{}:{}", at.file(), at.line()));
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
            usual(fault);
        }
    }));
}

/// A fault as an error that names its place.
pub fn explain_fault(fault: &(dyn Any + Send)) -> Diagnostic {
    let text = fault
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| fault.downcast_ref::<&str>().copied());
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    let message = format!(
        "internal error: {}{place}",
        text.unwrap_or("no reason given")
    );
    let hint = "please report this with the script that led to it".to_owned();
    Diagnostic::error(message, None::<Span>, "", Some(hint))
}
