//! Blocks and loops as other languages write them.

use super::text::{Habit, Text, closes};

const BLOCK_WORDS: [&str; 16] = [
    "if", "elif", "elseif", "else", "for", "while", "try", "except", "finally", "with", "def",
    "class", "switch", "match", "foreach", "until",
];

/// `for (let i = 0; i < 10; i++) { ... }`, `for i = 1:10`.
pub(super) fn loop_with_a_counter(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !text.is(at, "for") {
        return None;
    }
    let mut name = at + 1;
    while text.is_any(name, &["(", "let", "var", "int", "const", "auto", "size_t"]) {
        name += 1;
    }
    if !text.is_name(name) || !text.is(name + 1, "=") {
        return None;
    }
    let counter = &text.tokens[name].text;
    let end = text.line_end(at);
    let range = if let Some(first) = (name..=end).find(|&i| text.is(i, ";")) {
        let start = text.source(name + 2, first - 1);
        let compared = text.get(first + 2).map_or("", |token| token.text.as_str());
        let second = (first + 1..=end).find(|&i| text.is(i, ";")).unwrap_or(end);
        let limit = text.source(first + 3, second - 1);
        match compared {
            "<" => format!("{start}..{limit}"),
            "<=" => format!("{start}..={limit}"),
            _ => "0..10".into(),
        }
    } else if let Some(colon) = (name..=end).find(|&i| text.is_any(i, &[":", ","])) {
        format!(
            "{}..={}",
            text.source(name + 2, colon - 1),
            text.get(colon + 1).map_or("10", |token| &token.text)
        )
    } else {
        "0..10".into()
    };
    let hint = format!("write `for {counter} in {range} {{ ... }}`");
    Habit::new(at, name + 1, "a loop runs over a range or an array", hint)
}

/// `for (x of xs) { ... }`, `for (i in 1:10)`.
pub(super) fn loop_in_parentheses(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !text.is_any(at, &["for", "foreach"]) || !text.is(at + 1, "(") {
        return None;
    }
    let close = text.partner(at + 1)?;
    let word = (at + 2..close).find(|&i| text.is_any(i, &["in", "of", "as"]))?;
    let (name, over) = (
        text.get(word - 1)?,
        text.source(word + 1, close - 1).replace(':', "..="),
    );
    let hint = format!("write `for {} in {over} {{ ... }}`", name.text);
    Habit::new(at, word, "a loop has no parentheses", hint)
}

/// `if x:`, `for i in range(10):`, `try:`, `while x:`, `else:`.
pub(super) fn colon(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !text.is_any(at, &BLOCK_WORDS)
        || !(text.begins_statement(at) || text.before(at).is_some_and(|b| b.is("else")))
    {
        return None;
    }
    let last = text.line_end(at);
    let around = text.around(at);
    let colon = (at..=last).find(|&i| text.is(i, ":") && text.around(i) == around)?;
    let head = if colon > at + 1 {
        text.source(at + 1, colon - 1)
    } else {
        String::new()
    };
    let word = text.tokens[at].text.as_str();
    let (message, hint) = match word {
        "try" => (
            "a block stands in braces",
            "write `try { ... } catch (e) { ... }`".to_owned(),
        ),
        "except" => (
            "`except` is written `catch`",
            "write `try { ... } catch (e) { ... }`".into(),
        ),
        "finally" => (
            "there is no `finally`",
            "write what follows behind the block of `catch`".into(),
        ),
        "with" => (
            "there is no `with`",
            "write `let x = load(\"a.wav\");`: files are closed by themselves".into(),
        ),
        "class" => (
            "there are no classes",
            "a map holds values and closures: `#{ a: 1, f: |x| x + 1 }`".into(),
        ),
        // A function is told as one.
        "def" => return None,
        "elif" | "elseif" => (
            "`else if` it is written here",
            format!("write `else if {head} {{ ... }}`"),
        ),
        "match" | "switch" => (
            "a choice stands in braces",
            format!("write `switch {head} {{ 1 => ..., _ => ... }}`"),
        ),
        "foreach" => (
            "a block stands in braces",
            "write `for x in xs { ... }`".into(),
        ),
        _ if head.is_empty() => (
            "a block stands in braces",
            format!("write `{word} {{ ... }}`"),
        ),
        _ => (
            "a block stands in braces",
            format!("write `{word} {head} {{ ... }}`"),
        ),
    };
    Habit::new(at, colon, message, hint)
}

/// `if x y`, `if x then`, `while (x) y;`, `else y`, `loop x`.
pub(super) fn without_braces(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !text.is_any(
        at,
        &[
            "if", "while", "else", "for", "loop", "do", "try", "catch", "switch",
        ],
    ) {
        return None;
    }
    let around = text.around(at);
    let mut end = at;
    for i in at + 1..text.tokens.len() {
        let token = &text.tokens[i];
        let here = text.around(i) == around;
        if here && token.is("{") {
            return None;
        }
        let closed = closes(token) && text.partner(i).is_none_or(|open| open < at);
        if closed || (here && (token.is(";") || (token.leads && token.line > text.tokens[at].line)))
        {
            break;
        }
        end = i;
    }
    let word = text.tokens[at].text.as_str();
    if word == "else" && text.is(at + 1, "if") {
        return None;
    }
    // `if (x) y`: what stands in parentheses is the condition.
    let close = text.partner(at + 1).filter(|_| text.is(at + 1, "("));
    let then = (at + 1..=end).find(|&i| text.is_any(i, &["then", "do"]));
    // Two values side by side are the condition and what depends on it.
    let side_by_side = |i: &usize| {
        let (left, right) = (&text.tokens[*i], &text.tokens[i + 1]);
        text.around(*i) == around
            && left.ends_value()
            && right.begins_value()
            && !text.is(i + 1, "(")
            && right.apart
    };
    let split = (at + 1..end).find(side_by_side).filter(|_| word != "else");
    let (head, body) = match (then, close) {
        (Some(then), _) => (text.source(at + 1, then - 1), text.source(then + 1, end)),
        (None, Some(close)) => (text.source(at + 2, close - 1), text.source(close + 1, end)),
        (None, None) if matches!(word, "else" | "loop" | "do" | "try") => {
            (String::new(), text.source(at + 1, end))
        }
        (None, None) => match split {
            Some(split) => (text.source(at + 1, split), text.source(split + 1, end)),
            None => (text.source(at + 1, end), String::new()),
        },
    };
    let space = if head.is_empty() { "" } else { " " };
    let body = if body.is_empty() || body.contains('\n') {
        "...".into()
    } else {
        body
    };
    let hint = format!("write `{word}{space}{head} {{ {body} }}`");
    Habit::new(
        at,
        at,
        format!("the block of this `{word}` has no braces"),
        hint,
    )
}
