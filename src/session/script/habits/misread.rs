//! What parses, and means something else than where it comes from.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// The first place of a script that says something else than what is surely meant.
pub(in crate::script) fn misread(text: &Text<'_>) -> Option<Habit> {
    (0..text.tokens.len()).find_map(|at| power(text, at).or_else(|| whole_quotient(text, at)))
}

/// `x^2`, `10^(x / 20)`, which is exclusive or.
fn power(text: &Text<'_>, at: usize) -> Option<Habit> {
    let (left, right) = (text.before(at)?, text.get(at + 1)?);
    let is_number = |at: usize, numbers: &[&str]| {
        text.kind(at) == Some(Kind::Number) && numbers.contains(&text.tokens[at].text.as_str())
    };
    let is_power = is_number(at + 1, &["2", "3", "4"]) || is_number(at - 1, &["2", "10"]);
    if !text.is(at, "^") || !left.ends_value() || !right.begins_value() || !is_power {
        return None;
    }
    let hint = format!("a power is written `{} ** {}`", left.text, right.text);
    Habit::new(at, at, "`^` is exclusive or, not a power", hint)
}

/// Python's `n // 2`, which is `n` and a comment.
fn whole_quotient(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = &text.tokens[at];
    let is_last = text.get(at + 1).is_none_or(|next| next.leads);
    if !token.ends_value() || !is_last {
        return None;
    }
    let rest = &text.chars[token.end().min(text.chars.len())..];
    let rest: String = rest.iter().take_while(|c| **c != '\n').collect();
    let divisor = rest.trim().strip_prefix("//")?.trim();
    let number = divisor.trim_end_matches([';', ')', ']', ' ']);
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let hint = format!(
        "the quotient of whole numbers is whole: write `{} / {number}`; a comment takes a word",
        token.text
    );
    Habit::new(at, at, "`//` begins a comment and divides nothing", hint)
}
