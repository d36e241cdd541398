//! The text of a cell of Rust: what begins it, and where it ends.

/// What begins a cell of Rust.
const RUST: &str = "%%rust";

/// Whether a cell is one of Rust.
pub(crate) fn is_rust(text: &str) -> bool {
    let rest = text.trim_start().strip_prefix(RUST);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Whether a cell of Rust that is typed line by line is whole: a line is left empty behind it.
pub(crate) fn is_whole(text: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or("");
    text.trim().contains('\n') && last.trim().is_empty()
}

/// A cell without the command: lines and columns of the rest stay.
pub(crate) fn without_command(cell: &str) -> String {
    let (before, rest) = cell.split_once(RUST).unwrap_or(("", cell));
    match rest.split_once('\n') {
        Some((line, rest)) if line.trim().is_empty() => format!("{before}\n{rest}"),
        _ => format!("{before}{}{rest}", " ".repeat(RUST.len())),
    }
}
