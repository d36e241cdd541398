//! Brackets without partners, named with where they were opened.

use super::text::{Habit, Text, closes, opens};

/// The first bracket that does not fit, if one does not.
pub(in super::super) fn unbalanced(text: &Text<'_>) -> Option<Habit> {
    let mut open: Vec<usize> = Vec::new();
    for (at, token) in text.tokens.iter().enumerate() {
        if opens(token) {
            open.push(at);
        } else if closes(token) {
            let Some(opening) = open.pop() else {
                let message = format!("this `{}` closes nothing", token.text);
                let hint = format!(
                    "take it away, or open it with `{}`",
                    opening_of(&token.text)
                );
                return Habit::new(at, at, message, hint);
            };
            let bracket = &text.tokens[opening];
            if closing_of(&bracket.text) != token.text {
                // The one that was opened is the one that somebody forgot, as a rule.
                let message = format!("this `{}` is not closed", bracket.text);
                let hint = format!(
                    "`{}` in line {} stands where `{}` is wanted",
                    token.text,
                    token.line,
                    closing_of(&bracket.text)
                );
                return Habit::new(opening, opening, message, hint);
            }
        }
    }
    let opening = *open.last()?;
    let bracket = &text.tokens[opening].text;
    let more = if open.len() > 1 {
        format!("; {} brackets are open at the end", open.len())
    } else {
        String::new()
    };
    Habit::new(
        opening,
        opening,
        format!("this `{bracket}` is not closed"),
        format!("add `{}`{more}", closing_of(bracket)),
    )
}

fn closing_of(opening: &str) -> &'static str {
    match opening {
        "(" => ")",
        "[" | "?[" => "]",
        _ => "}",
    }
}

fn opening_of(closing: &str) -> &'static str {
    match closing {
        ")" => "(",
        "]" => "[",
        _ => "{",
    }
}
