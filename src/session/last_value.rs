//! `_`, the last value that a cell showed.
//!
//! `_` is no name in the language. In a cell it is read as the name of a variable of one letter, so that all positions
//! stay as they are; messages say `_` again.

use crate::scan::code;
use crate::script::Diagnostic;

/// The variable that holds the value. Nobody types this letter.
pub(crate) const LAST: &str = "ꟷ";

/// A cell with the variable in the place of every `_`; nothing if it has none.
pub(crate) fn with_last(text: &str) -> Option<String> {
    if !text.contains('_') {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let is_code = code(&chars);
    let mut out = String::with_capacity(text.len());
    let mut found = false;
    for (i, &c) in chars.iter().enumerate() {
        if c == '_' && is_code[i] && is_last(&chars, i) {
            found = true;
            out.push_str(LAST);
        } else {
            out.push(c);
        }
    }
    found.then_some(out)
}

/// Whether the `_` at a place is a value: no part of a name, no name that is made here, no case of a `switch`.
fn is_last(chars: &[char], at: usize) -> bool {
    let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
    let (before, behind) = (&chars[..at], &chars[at + 1..]);
    if before.last().is_some_and(is_name) || behind.first().is_some_and(is_name) {
        return false;
    }
    let before: String = before.iter().collect();
    let behind: String = behind.iter().take(40).collect();
    let (before, behind) = (before.trim_end(), behind.trim_start());
    let is_made = ["let", "const", "for"]
        .iter()
        .any(|word| before.ends_with(word));
    // `a | _` is a choice of two, `|_|` the parameter of a closure.
    let is_closure = before.ends_with('|') && behind.starts_with(['|', ',']);
    let is_case = behind.starts_with("=>") || behind.starts_with("if ");
    !(is_case || is_closure || is_made)
}

/// A message about a text in which `_` was replaced, as the user wrote it.
pub(crate) fn as_written(mut diagnostic: Diagnostic) -> Diagnostic {
    let written = |text: &mut String| {
        if text.contains(LAST) {
            *text = text.replace(LAST, "_");
        }
    };
    written(&mut diagnostic.message);
    diagnostic.hints.iter_mut().for_each(written);
    for label in &mut diagnostic.labels {
        written(&mut label.text);
        written(&mut label.span.text);
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_is_replaced() {
        for (text, want) in [
            ("_ + 1", Some("ꟷ + 1")),
            ("f(_, _)", Some("f(ꟷ, ꟷ)")),
            ("_.sample_rate", Some("ꟷ.sample_rate")),
            ("gain(1) | _", Some("gain(1) | ꟷ")),
            ("`is ${_}`", Some("`is ${ꟷ}`")),
            ("switch x { 1 => 2, _ => 3 }", None),
            (
                "switch x { 1 => _, _ if y => 3 }",
                Some("switch x { 1 => ꟷ, _ if y => 3 }"),
            ),
            ("let _ = 1", None),
            ("|_| 1", None),
            ("time_mask() // _", None),
            ("\"_\"", None),
            ("x_ + _x", None),
        ] {
            assert_eq!(with_last(text).as_deref(), want, "{text}");
        }
    }
}
