//! The commands of a session, which begin with `%`: how each is written and what it does.

use crate::script::{Diagnostic, nearest};

/// The commands: how each is written and what it does.
pub const COMMANDS: [(&str, &str); 9] = [
    ("%time CODE", "runs code and says how long it took"),
    (
        "%who",
        "lists the variables and functions of the session, with their types",
    ),
    ("%reset", "forgets them"),
    ("%load FILE", "runs a script in the session"),
    (
        "%save FILE",
        "writes the cells that ran without an error as a script",
    ),
    (
        "%edit [N]",
        "opens cell N, or the last one, to be changed and run",
    ),
    (
        "%history [N|TEXT]",
        "shows the last N cells, those that hold a text, or all",
    ),
    ("%help [NAME]", "explains a name, or lists all functions"),
    (
        "%%rust CODE",
        "makes stages of the functions of Rust in the rest of the cell: `fn name(x: &mut [f32], sample_rate: u32, drive: f32)` becomes \
         `name(#{ drive: 2..8 })`; `help(rust_op)` has all shapes. Other Rust is run as it is where `auricle-rust-cells` is installed",
    ),
];

/// A command without what follows it.
pub(crate) fn command_name(usage: &str) -> &str {
    usage.split(' ').next().unwrap_or(usage)
}

/// The error of a command that there is not.
pub(crate) fn no_command(word: &str) -> Diagnostic {
    let names = COMMANDS.iter().map(|(usage, _)| &command_name(usage)[1..]);
    let hint = nearest(word, names).map(|name| format!("did you mean `%{name}`?"));
    let all = || {
        COMMANDS
            .map(|(usage, about)| format!("{usage}: {about}"))
            .join("; ")
    };
    Diagnostic::error(
        format!("there is no command `%{word}`"),
        None,
        "",
        hint.or_else(|| Some(all())),
    )
}
