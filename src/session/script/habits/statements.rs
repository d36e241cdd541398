//! What is missing between two values.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// What is wrong between the token at a place, where the parser gave up, and the one before it.
pub(in super::super) fn between(text: &Text<'_>, line: usize, column: usize) -> Option<Habit> {
    let at = text
        .tokens
        .iter()
        .position(|token| (token.line, token.column) >= (line, column))?;
    let (before, token) = (text.before(at)?, text.get(at)?);
    if !before.ends_value() || !token.begins_value() && token.kind == Kind::Sign {
        return None;
    }
    let bracket = text.around(at).map(|open| text.tokens[open].text.as_str());
    let (left, right) = (&before.text, &token.text);
    match bracket {
        Some("(" | "[" | "#{" | "?[") => {
            let message = format!("`,` or an operator is missing between `{left}` and `{right}`");
            let hint = match (before.kind, token.kind) {
                (Kind::Text, _) | (_, Kind::Text) => {
                    "texts are joined by `+`, and values put into one in backticks: `a ${x}`"
                }
                _ => "elements and arguments are separated by commas",
            };
            Habit::new(at, at, message, hint)
        }
        _ if token.leads => Habit::new(
            at - 1,
            at - 1,
            "`;` is missing at the end of this statement",
            format!("write `{left};`"),
        ),
        _ => Habit::new(
            at,
            at,
            format!("`;` or an operator is missing between `{left}` and `{right}`"),
            format!("write `{left}; {right}` for two statements"),
        ),
    }
}
