//! What is wrong with an expression, and where.

use crate::Error;

/// A stretch of an expression, in characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// From the beginning of one to the end of another.
    pub(super) fn to(self, other: Span) -> Span {
        Span {
            start: self.start,
            end: other.end,
        }
    }

    /// The text at it.
    pub(super) fn text(self, expression: &str) -> String {
        let characters = expression.chars();
        characters
            .skip(self.start)
            .take(self.end - self.start)
            .collect()
    }
}

/// A fact about a place of an expression, with advice.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Span,
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(span: Span, reason: impl Into<String>) -> Fault {
        Fault {
            span,
            reason: reason.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn of(self, expression: &str) -> Error {
        Error::Expression {
            expression: expression.to_owned(),
            column: self.span.start + 1,
            width: (self.span.end - self.span.start).max(1),
            reason: self.reason,
            hint: self.hint,
        }
    }
}
