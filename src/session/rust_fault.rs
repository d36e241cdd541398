//! What is wrong with Rust, at the lines of the cell that holds it.

use crate::script::{Diagnostic, Label, Span};
use auricle_native::Fault;

/// What is wrong with a text, at the lines of the cell that holds it.
pub(crate) fn at_the_cell(fault: &Fault, name: &str, cell: &str) -> Diagnostic {
    let labels = fault.labels.iter().map(|label| Label {
        span: Span {
            source: name.to_owned(),
            text: cell.to_owned(),
            line: label.line,
            column: label.column,
            width: label.width,
        },
        text: label.text.clone(),
    });
    let mut diagnostic = Diagnostic::error(fault.message.clone(), None, "", fault.hint.clone());
    diagnostic.labels = labels.collect();
    if fault.others > 0 {
        let errors = if fault.others == 1 { "error" } else { "errors" };
        let more = format!("the compiler has {} more {errors}", fault.others);
        diagnostic.hints.push(more);
    }
    diagnostic
}
