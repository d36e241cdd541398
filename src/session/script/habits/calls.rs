//! Calls, indices, maps and lists as other languages write them.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// `f(x, key=1)` and `f(x, key: 1)`.
pub(super) fn named_argument(text: &Text<'_>, at: usize) -> Option<Habit> {
    let open = text.around(at).filter(|&open| text.is(open, "("))?;
    let is_named =
        text.is_name(at) && text.is_any(at + 1, &["=", ":"]) && text.is_any(at - 1, &["(", ","]);
    let name = text
        .before(open)
        .filter(|before| before.kind == Kind::Word && !text.tokens[open].apart)?;
    // Parameters of a definition, and the head of a loop, are told as such.
    if !is_named || (open >= 2 && text.is_any(open - 2, &["fn", "def", "function", "func"])) {
        return None;
    }
    let close = text.partner(open).unwrap_or(text.tokens.len());
    let named = (at..close).filter(|&i| {
        text.around(i) == Some(open)
            && text.is_any(i - 1, &["(", ","])
            && text.is_name(i)
            && text.is_any(i + 1, &["=", ":"])
    });
    let is_share =
        |i: &usize| matches!(text.tokens[*i].text.as_str(), "p" | "prob" | "probability");
    let share = named.clone().find(is_share);
    let (mut options, mut positional) = (Vec::new(), Vec::new());
    let last = named.clone().next_back().unwrap_or(at);
    for i in named {
        let (key, value) = (
            &text.tokens[i].text,
            text.source(i + 2, text.expression_end(i + 2)),
        );
        let value = match value.as_str() {
            "True" => "true".into(),
            "False" => "false".into(),
            "None" => "()".into(),
            _ => value,
        };
        let is_positional = text
            .table
            .named(&name.text)
            .any(|function| function.takes_by_position(key));
        if is_positional {
            positional.push(value)
        } else {
            options.push(format!("{key}: {value}"))
        }
    }
    let known = text.table.named(&name.text).next();
    let takes_options = known.is_none_or(|function| function.described_options().next().is_some());
    let mut arguments: Vec<String> = Vec::new();
    if at > open + 1 {
        arguments.push(text.source(open + 1, at - 2));
    }
    arguments.extend(positional);
    if !options.is_empty() {
        arguments.push(format!("#{{ {} }}", options.join(", ")));
    }
    let message = if takes_options && !options.is_empty() {
        "options stand in a map, the last argument"
    } else {
        "arguments are given by their position"
    };
    let hint = match (known, share) {
        (Some(function), Some(i)) if function.returned_noun() == "recipe" => format!(
            "a probability stands before a recipe: write `{} * {}(...)`",
            text.source(i + 2, text.expression_end(i + 2)),
            name.text
        ),
        (Some(function), _) if !takes_options => format!("usage: {}", function.signature()),
        _ => format!("write `{}({})`", name.text, arguments.join(", ")),
    };
    Habit::new(at, text.expression_end(last), message, hint)
}

/// `x[1:3]`, `x[1:]`, `x[::2]`, `x[1, 2]`; MATLAB's `1:3`.
pub(super) fn slice(text: &Text<'_>, at: usize) -> Option<Habit> {
    if !text.is_any(at, &[":", "::", ","]) {
        return None;
    }
    let open = text.around(at);
    let indexed = open.filter(|&open| {
        text.is(open, "[")
            && !text.tokens[open].apart
            && text.before(open).is_some_and(|before| before.ends_value())
    });
    let is_comma = text.is(at, ",");
    if let Some(open) = indexed {
        let close = text
            .partner(open)
            .unwrap_or_else(|| text.line_end(open) + 1);
        let owner = &text.tokens[open - 1].text;
        let inside = text.source(open + 1, close - 1);
        if is_comma {
            let indices: Vec<&str> = inside.split(',').map(str::trim).collect();
            let hint = format!("write `{owner}[{}]`", indices.join("]["));
            return Habit::new(
                open,
                close,
                "there is one index in a pair of brackets",
                hint,
            );
        }
        let mut ends = inside.splitn(2, ':');
        let (from, to) = (
            ends.next().unwrap_or("").trim(),
            ends.next().unwrap_or("").trim(),
        );
        let (from, to) = (
            if from.is_empty() { "0" } else { from },
            to.trim_matches(':').trim(),
        );
        let part = match to {
            "" => format!("{owner}.extract({from})"),
            to => format!("{owner}.extract({from}..{to})"),
        };
        let hint = format!(
            "write `{part}`; a part of a text is `sub_string`, of a sound `slice(from_s, to_s)`"
        );
        return Habit::new(
            open,
            close.min(text.tokens.len() - 1),
            "a part of an array is taken by a function",
            hint,
        );
    }
    if is_comma || text.is(at, "::") {
        return None;
    }
    // Inside a map a colon stands behind a key.
    let (left, right) = (text.before(at)?, text.get(at + 1)?);
    let in_map = open.is_some_and(|open| text.is_any(open, &["#{", "{"]));
    let numbers = left.kind == Kind::Number && right.kind == Kind::Number;
    if (in_map && !numbers) || !left.ends_value() || !right.begins_value() || right.leads {
        return None;
    }
    if text.tokens[..at]
        .iter()
        .rev()
        .take_while(|token| !token.is(";") && token.line == left.line)
        .any(|t| t.is("let"))
        && left.kind == Kind::Word
    {
        let hint = format!("write `let {} = ...`", left.text);
        return Habit::new(at, at, "variables have no types", hint);
    }
    let hint = format!(
        "write `{0}..={1}`; `{0}..{1}` leaves the end out",
        left.text, right.text
    );
    Habit::new(at, at, "a range is written with `..`", hint)
}

/// `{ "a": 1 }`, `{a: 1}`, `#{ a = 1 }`.
pub(super) fn map_without_its_mark(text: &Text<'_>, at: usize) -> Option<Habit> {
    let is_key = |i: usize| matches!(text.kind(i), Some(Kind::Word | Kind::Text | Kind::Quoted));
    if text.is(at, "{") && is_key(at + 1) && text.is(at + 2, ":") {
        let close = text.partner(at).unwrap_or_else(|| text.line_end(at));
        let inside = text.source(at, close);
        let inside = if inside.contains('\n') {
            "{ ... }".into()
        } else {
            inside.replace('\'', "\"")
        };
        return Habit::new(
            at,
            at,
            "a map begins with `#{`",
            format!("write `#{inside}`"),
        );
    }
    let in_map = text.inside(at, "#{") && text.is_any(at.wrapping_sub(1), &["#{", ","]);
    if in_map && is_key(at) && text.is_any(at + 1, &["=", "=>"]) {
        let (key, value) = (
            &text.tokens[at].text,
            text.source(at + 2, text.expression_end(at + 2)),
        );
        return Habit::new(
            at + 1,
            at + 1,
            "a colon stands behind a key",
            format!("write `{key}: {value}`"),
        );
    }
    None
}

/// `[f(x) for x in xs]`.
pub(super) fn comprehension(text: &Text<'_>, at: usize) -> Option<Habit> {
    let open = text
        .around(at)
        .filter(|&open| text.is(open, "[") && at > open + 1 && text.is(at, "for"))?;
    let name = text.get(at + 1)?;
    let close = text.partner(open).unwrap_or_else(|| text.line_end(at) + 1);
    let word = (at..close).find(|&i| text.is(i, "in"))?;
    let condition = (word..close).find(|&i| text.is(i, "if"));
    let over = text.source(word + 1, condition.unwrap_or(close) - 1);
    // A range is no array, which has `map`.
    let over = if over.contains("range(") || over.contains("..") {
        "xs".into()
    } else {
        over
    };
    let filter = condition
        .map(|i| format!(".filter(|{}| {})", name.text, text.source(i + 1, close - 1)))
        .unwrap_or_default();
    let hint = format!(
        "write `{over}{filter}.map(|{}| {})`",
        name.text,
        text.source(open + 1, at - 1)
    );
    Habit::new(at, at, "an array is made from another one by `map`", hint)
}

/// `(1, 2)`, `let a, b = ...`, `let [a, b] = ...`, `a, b = ...`.
pub(super) fn tuple(text: &Text<'_>, at: usize) -> Option<Habit> {
    if text.is_any(at, &["let", "const"]) && text.is_any(at + 1, &["[", "{", "(", "#{"]) {
        let hint = "write `let pair = ...; let a = pair[0]; let b = pair[1];`";
        return Habit::new(at, at + 1, "a variable takes a whole value", hint);
    }
    if text.is(at, ",") && text.around(at).is_none_or(|open| text.is(open, "{")) {
        let from = (0..at)
            .rev()
            .take_while(|&i| !text.is_any(i, &[";", "{", "}"]))
            .last()
            .unwrap_or(at);
        let line = text.tokens[at].line;
        let equal = (at..text.tokens.len())
            .take_while(|&i| text.tokens[i].line == line)
            .any(|i| text.is(i, "="));
        let is_plain = (from..at).all(|i| text.is_name(i) || text.is(i, ","));
        if equal && is_plain && !text.is_any(from, &["switch", "export", "import"]) {
            let hint = "write `let a = 1; let b = 2;`; a function that gives two values gives an array or a map";
            return Habit::new(at, at, "every variable has a statement of its own", hint);
        }
        return None;
    }
    let close = text.partner(at).filter(|_| text.is(at, "("))?;
    let before = text.before(at);
    let is_call = before.is_some_and(|before| before.ends_value() && !before.is("}"));
    let has_comma = (at..close).any(|i| text.is(i, ",") && text.around(i) == Some(at));
    if is_call
        || !has_comma
        || before.is_some_and(|before| before.is("for") || before.is("fn"))
        || text.is(close + 1, "=>")
    {
        return None;
    }
    let inside = text.source(at + 1, close - 1);
    let inside = if inside.contains('\n') {
        "...".into()
    } else {
        inside
    };
    Habit::new(
        at,
        close,
        "several values are an array",
        format!("write `[{inside}]`"),
    )
}

/// `print "a"`, `plot x`.
pub(super) fn without_parentheses(text: &Text<'_>, at: usize) -> Option<Habit> {
    let (name, next) = (text.get(at)?, text.get(at + 1)?);
    let behind_a_value = text
        .before(at)
        .is_some_and(|before| before.is(".") || before.is("fn") || before.is("let"));
    if name.kind != Kind::Word || behind_a_value || !next.apart || next.leads {
        return None;
    }
    let is_argument = match next.kind {
        Kind::Sign => false,
        Kind::Word => !matches!(
            next.text.as_str(),
            "in" | "as" | "and" | "or" | "not" | "is" | "if" | "else" | "for" | "while"
        ),
        _ => true,
    };
    let advice = text.table.foreign(&name.text);
    let is_function = text.table.named(&name.text).next().is_some();
    if !is_argument || !(is_function || advice.is_some()) {
        return None;
    }
    let argument = text.source(at + 1, text.expression_end(at + 1));
    let argument = match argument
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
    {
        Some(inside) => format!("\"{inside}\""),
        None => argument,
    };
    let hint = match advice {
        Some(advice) if !is_function => advice.to_owned(),
        _ => format!("write `{}({argument})`", name.text),
    };
    Habit::new(
        at,
        at,
        format!("`{}` is called with parentheses", name.text),
        hint,
    )
}
