//! The value that stands before a dot: where it begins, and the members and indices on the way from there.

use crate::context::{is_name, last_name};
use crate::scan::code;

/// An expression that ends a text: `base.step.step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Where it begins in the text, in characters.
    pub(crate) start: usize,
    pub(crate) base: Base,
    pub(crate) steps: Vec<Step>,
}

/// What a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// A variable.
    Name(String),
    /// A call.
    Call(String),
    /// A text in quotes.
    Text,
    /// A list in brackets.
    Array,
    /// A map, with its keys.
    Map(Vec<String>),
    /// A number.
    Number,
    /// Anything else, such as an expression in parentheses.
    Other,
}

/// How a chain goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name`
    Member(String),
    /// `.name(...)`
    Method(String),
    /// `[...]`
    Index,
}

/// Words before a parenthesis that call nothing.
const NO_CALL: [&str; 7] = ["if", "while", "for", "switch", "in", "return", "throw"];

/// The chain that ends a text; nothing if no value does.
pub(crate) fn chain_at_end(text: &[char]) -> Option<Chain> {
    let is_code = code(text);
    let mut steps = Vec::new();
    let mut end = text.len();
    loop {
        end -= text[..end]
            .iter()
            .rev()
            .take_while(|c| c.is_whitespace())
            .count();
        let last = end.checked_sub(1)?;
        let (start, name, base) = match text[last] {
            '"' | '`' if !is_code[last] => (opening_quote(text, &is_code, last)?, None, Base::Text),
            _ if !is_code[last] => return None,
            ')' => {
                let open = opening(text, &is_code, last)?;
                let name = last_name(&text[..open]);
                match name.as_str() {
                    "" => (open, None, Base::Other),
                    word if NO_CALL.contains(&word) => (open, None, Base::Other),
                    _ => (
                        open - name.chars().count(),
                        Some(Step::Method(name.clone())),
                        Base::Call(name),
                    ),
                }
            }
            ']' => {
                let open = opening(text, &is_code, last)?;
                let before = open.checked_sub(1).map(|i| text[i]);
                if before.is_some_and(|c| is_name(c) || [')', ']', '"', '`'].contains(&c)) {
                    steps.push(Step::Index);
                    end = open;
                    continue;
                }
                (open, None, Base::Array)
            }
            '}' => {
                let open = opening(text, &is_code, last)?;
                match open.checked_sub(1).filter(|&i| text[i] == '#') {
                    Some(start) => (
                        start,
                        None,
                        Base::Map(keys(&text[open + 1..last], &is_code[open + 1..last])),
                    ),
                    None => (open, None, Base::Other),
                }
            }
            c if is_name(c) => {
                let name = last_name(&text[..end]);
                let start = end - name.chars().count();
                if name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Some(Chain {
                        start,
                        base: Base::Number,
                        steps: reversed(steps),
                    });
                }
                (start, Some(Step::Member(name.clone())), Base::Name(name))
            }
            _ => return None,
        };
        let head = start
            - text[..start]
                .iter()
                .rev()
                .take_while(|c| c.is_whitespace())
                .count();
        let follows_dot = head > 0
            && text[head - 1] == '.'
            && is_code[head - 1]
            && !text[..head - 1].ends_with(&['.']);
        match name.filter(|_| follows_dot) {
            Some(step) => {
                steps.push(step);
                end = head - 1;
                // `x?.y`
                end -= usize::from(text[..end].ends_with(&['?']));
            }
            None => {
                return Some(Chain {
                    start,
                    base,
                    steps: reversed(steps),
                });
            }
        }
    }
}

fn reversed(mut steps: Vec<Step>) -> Vec<Step> {
    steps.reverse();
    steps
}

/// Where the bracket was opened that closes at a place.
fn opening(text: &[char], is_code: &[bool], close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in (0..=close).rev().filter(|&i| is_code[i]) {
        match text[i] {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// Where the string begins that closes at a place.
fn opening_quote(text: &[char], is_code: &[bool], close: usize) -> Option<usize> {
    let is_open =
        |&i: &usize| text[i] == text[close] && !is_code[i] && !text[..i].ends_with(&['\\']);
    (0..close).rev().find(is_open)
}

/// The keys of a map that is written out.
fn keys(inside: &[char], is_code: &[bool]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut depth = 0usize;
    for (i, c) in inside.iter().enumerate().filter(|(i, _)| is_code[*i]) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => keys.push(last_name(&inside[..i])),
            _ => {}
        }
    }
    keys.retain(|key| !key.is_empty());
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_from_its_end() {
        let name = |text: &str| Base::Name(text.into());
        let call = |text: &str| Base::Call(text.into());
        let member = |text: &str| Step::Member(text.into());
        let method = |text: &str| Step::Method(text.into());
        for (text, start, base, steps) in [
            ("x", 0, name("x"), vec![]),
            ("1 + x.y", 4, name("x"), vec![member("y")]),
            ("f(1, \")\")", 0, call("f"), vec![]),
            (
                "clar::f(1).g(2)\n    .h",
                0,
                call("clar::f"),
                vec![method("g"), member("h")],
            ),
            (
                "a[0].b[1]",
                0,
                name("a"),
                vec![Step::Index, member("b"), Step::Index],
            ),
            ("x?.y", 0, name("x"), vec![member("y")]),
            ("= \"a b\"", 2, Base::Text, vec![]),
            ("`a ${b} c`", 0, Base::Text, vec![]),
            ("[1, [2]]", 0, Base::Array, vec![]),
            ("[1][0]", 0, Base::Array, vec![Step::Index]),
            (
                "#{ a: 1, \"b c\": #{ d: 2 }, e: f(3) }",
                0,
                Base::Map(vec!["a".into(), "e".into()]),
                vec![],
            ),
            ("(1 + 2)", 0, Base::Other, vec![]),
            ("if (x)", 3, Base::Other, vec![]),
            ("0..x", 3, name("x"), vec![]),
            ("f(x", 2, name("x"), vec![]),
            ("`${x", 3, name("x"), vec![]),
            ("42", 0, Base::Number, vec![]),
        ] {
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(
                chain_at_end(&chars),
                Some(Chain { start, base, steps }),
                "{text}"
            );
        }
        for text in ["", "x +", "// x", "x;", ")"] {
            assert_eq!(
                chain_at_end(&text.chars().collect::<Vec<_>>()),
                None,
                "{text}"
            );
        }
    }
}
