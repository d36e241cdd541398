//! Functions and closures as other languages write them.

use super::text::{Habit, Text};

const CLOSURE: &str = "a closure is written `|x| ...`";

/// `lambda x: x + 1`.
pub(super) fn lambda(text: &Text<'_>, at: usize) -> Option<Habit> {
    // `lambda(|w| ...)` is a stage.
    if !text.is(at, "lambda") || text.is(at + 1, "(") {
        return None;
    }
    let colon = (at + 1..text.tokens.len())
        .take(20)
        .find(|&i| text.is(i, ":"))?;
    let hint = closure(text, (at + 1, colon - 1), colon + 1);
    Habit::new(at, colon, CLOSURE, hint)
}

/// `x => x + 1`, `(x, y) => x + y`, `() => 1`.
pub(super) fn arrow(text: &Text<'_>, at: usize) -> Option<Habit> {
    let is_name = text.is_name(at) && text.is(at + 1, "=>");
    let close = text
        .partner(at)
        .filter(|&close| text.is(at, "(") && text.is(close + 1, "=>"));
    // In a `switch` an arrow stands behind a value.
    if text.inside(at, "{") && text.around(at).is_some_and(|open| is_switch(text, open)) {
        return None;
    }
    match close {
        Some(close) => Habit::new(
            close + 1,
            close + 1,
            CLOSURE,
            closure(text, (at + 1, close - 1), close + 2),
        ),
        None if is_name => Habit::new(at + 1, at + 1, CLOSURE, closure(text, (at, at), at + 2)),
        None => None,
    }
}

/// Whether a block is that of a `switch`.
fn is_switch(text: &Text<'_>, open: usize) -> bool {
    (0..open)
        .rev()
        .take(20)
        .take_while(|&i| !text.is_any(i, &[";", "{", "}"]))
        .any(|i| text.is(i, "switch"))
}

/// `function(x) { ... }`, `fn(x) x`, `\(x) x + 1`, `@(x) x + 1`.
pub(super) fn anonymous(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !(text.is_any(at, &["function", "func", "fn", "fun", "\\", "@"]) && text.is(at + 1, "(")) {
        return None;
    }
    let close = text.partner(at + 1)?;
    Habit::new(
        at,
        at,
        CLOSURE,
        closure(text, (at + 2, close - 1), close + 1),
    )
}

/// `def f(x):`, `function f(x) { ... }`, `function y = f(x)`, `f <- function(x)`, `fn f(x, y = 1)`.
pub(super) fn definition(text: &Text<'_>, at: usize) -> Option<Habit> {
    let words = [
        "def", "function", "func", "fun", "fn", "sub", "proc", "defun", "void", "async",
    ];
    if !text.is_any(at, &words) || !text.is_name(at + 1) {
        return None;
    }
    let is_fn = text.is(at, "fn");
    // MATLAB names the result before the function: `function y = f(x)`.
    let result = text
        .is(at + 2, "=")
        .then_some(2)
        .or_else(|| text.is(at, "async").then_some(1))
        .unwrap_or(0);
    let name = text.get(at + 1 + result)?;
    let open = at + 2 + result;
    let close = text.partner(open).filter(|_| text.is(open, "("));
    let parameters = close.map_or(String::new(), |close| {
        parameters(text, (open + 1, close - 1))
    });
    let written = format!("fn {}({parameters}) {{ ... }}", name.text);
    if !is_fn {
        return Habit::new(
            at,
            at,
            format!("`{}` begins no function", text.tokens[at].text),
            format!("write `{written}`"),
        );
    }
    let close = close?;
    if let Some(equal) = (open..close).find(|&i| text.is(i, "=")) {
        let hint = format!(
            "write `{written}`; another function of the name may take fewer, `fn {}() {{ ... }}`",
            name.text
        );
        return Habit::new(equal, equal, "parameters have no defaults", hint);
    }
    if let Some(colon) = (open..close).find(|&i| text.is(i, ":")) {
        return Habit::new(
            colon,
            colon,
            "parameters have no types",
            format!("write `{written}`"),
        );
    }
    if !text.is(close + 1, "{") && text.get(close + 1).is_some() && !text.is(close + 1, "->") {
        return Habit::new(
            close + 1,
            close + 1,
            "the body of a function stands in braces",
            format!("write `{written}`"),
        );
    }
    None
}

/// The names between two tokens, without types and defaults.
fn parameters(text: &Text<'_>, (from, through): (usize, usize)) -> String {
    let starts = |&i: &usize| i == from || text.is(i - 1, ",");
    let names = (from..=through)
        .filter(starts)
        .filter_map(|i| text.get(i).filter(|_| text.is_name(i)));
    names
        .map(|token| token.text.clone())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Advice to write a closure of these parameters, whose body begins at a token.
fn closure(text: &Text<'_>, named: (usize, usize), body: usize) -> String {
    let end = match text.get(body) {
        Some(token) if token.is("{") => text.partner(body).unwrap_or(body),
        Some(_) => text.expression_end(body),
        None => body,
    };
    let body = match text.source(body, end) {
        body if body.is_empty() || body.contains('\n') => "{ ... }".into(),
        // A function of one statement gives its value.
        body => body.replace("{ return ", "{ ").replace("; }", " }"),
    };
    let names = if named.0 > named.1 {
        String::new()
    } else {
        parameters(text, named)
    };
    format!("write `|{names}| {body}`")
}
