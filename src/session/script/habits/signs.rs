//! Signs of other languages, and of web pages and word processors.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// `# note`, `% note`, `-- note`.
pub(super) fn comment(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = &text.tokens[at];
    let hint = || {
        let end = text.line_end(at);
        format!(
            "comments begin with `//`: write `// {}`",
            text.source(at + 1, end)
        )
    };
    match token.text.as_str() {
        _ if token.kind != Kind::Sign => None,
        "#" if text.is(at + 1, "{") => Habit::new(
            at,
            at + 1,
            "a map begins with `#{`, without a space between",
            "write `#{ a: 1 }`",
        ),
        "#" => Habit::new(at, at, "`#` begins no comment", hint()),
        "%" if token.leads && !text.before(at).is_some_and(|before| before.is("(")) => Habit::new(
            at,
            at,
            "`%` begins no comment",
            format!(
                "{}; a command such as `%time` is the first word of its cell",
                hint()
            ),
        ),
        "--" if token.leads => Habit::new(at, at, "`--` begins no comment", hint()),
        _ => None,
    }
}

/// What a web page or a word processor made of a plain sign.
pub(super) fn copied(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = &text.tokens[at];
    let sign = token
        .text
        .chars()
        .next()
        .filter(|_| token.kind == Kind::Sign)?;
    let plain = match sign {
        '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‹' | '›' | '´' =>
        {
            return Habit::new(
                at,
                at,
                format!("`{sign}` is a typographic quotation mark"),
                "texts stand in straight quotation marks: \"...\"",
            );
        }
        '−' | '–' | '—' | '‐' | '‑' => "-",
        '×' | '·' | '∙' | '⋅' => "*",
        '÷' | '∕' => "/",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '…' => "..",
        '→' | '⇒' => "=>",
        '∧' => "&&",
        '∨' => "||",
        '¬' => "!",
        '（' => "(",
        '）' => ")",
        '，' => ",",
        '；' => ";",
        '：' => ":",
        '＝' => "=",
        space if is_blank(space) => {
            let (message, code) = ("a space stands here that is no plain one", u32::from(space));
            let hint = format!(
                "replace the character U+{code:04X} by a space; web pages and word processors make such"
            );
            return Habit::new(at, at, message, hint);
        }
        _ => return None,
    };
    Habit::new(
        at,
        at,
        format!("`{sign}` is no part of the language"),
        format!("write `{plain}`"),
    )
}

/// Whether a character is seen as a space, or not at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}')
}

/// Operators of other languages.
pub(super) fn foreign(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = &text.tokens[at];
    if token.kind != Kind::Sign {
        return None;
    }
    let left = text
        .before(at)
        .filter(|before| before.ends_value())
        .map_or("x", |before| before.text.as_str());
    let right = text
        .get(at + 1)
        .filter(|next| next.begins_value())
        .map_or("y", |next| next.text.as_str());
    let hint = match token.text.as_str() {
        "===" => "write `==`".into(),
        "!==" | "<>" | "~=" => "write `!=`".into(),
        "<=>" => "write `<`, `==` or `>`".into(),
        "++" | "--" => {
            let name = text
                .before(at)
                .filter(|b| b.kind == Kind::Word)
                .or_else(|| text.get(at + 1))
                .map_or("x", |t| &t.text);
            format!("write `{name} {}= 1`", &token.text[..1])
        }
        "<-" | ":=" => format!(
            "write `let {left} = ...` for a new variable, `{left} = ...` for one that is there"
        ),
        "->" if text
            .before(at)
            .is_some_and(|before| before.kind == Kind::Word) =>
        {
            format!("a closure is written `|{left}| ...`")
        }
        "->" => "a function does not say the type of its result: `fn f(x) { ... }`".into(),
        ".*" | "./" | ".^" => {
            let operator = if token.text == ".^" {
                "**"
            } else {
                &token.text[1..]
            };
            format!(
                "write `{left} {operator} {right}`: tensors and sounds are computed with element by element"
            )
        }
        "&&=" | "||=" | "??=" => format!("write `{left} = {left} {} {right}`", &token.text[..2]),
        "..." if text.line_end(at) == at => "a line that goes on needs no mark".into(),
        "..." => {
            format!("write `{left}..{right}`, which leaves the end out, or `{left}..={right}`")
        }
        "\\" if text.line_end(at) == at => "a line that goes on needs no mark".into(),
        "\\" if text.is(at + 1, "(") => "a closure is written `|x| x + 1`".into(),
        "~" => format!("write `!{right}` for not"),
        "?" if text.is_name(at + 1) && text.begins_statement(at) => {
            format!("at a prompt it asks for help; in a script write `help(\"{right}\")`")
        }
        "?" if text
            .before(at)
            .is_some_and(|before| before.kind == Kind::Word)
            && text.get(at + 1).is_none_or(|next| next.leads) =>
        {
            format!("at a prompt it asks for help; in a script write `help(\"{left}\")`")
        }
        "%" if text.is_any(at + 1, &[")", ","])
            && text
                .before(at)
                .is_some_and(|before| before.kind == Kind::Number) =>
        {
            "a share is a number from 0 to 1: write `0.1` for 10 %".into()
        }
        "?" if text.before(at).is_some_and(|before| before.ends_value()) => {
            "write `if a { b } else { c }`, which is a value; `??` stands for what is `()`".into()
        }
        "@" if text.is(at + 1, "(") => "a closure is written `|x| x + 1`".into(),
        "@" if text.begins_statement(at) => "functions have no decorators".into(),
        "@" => "write `matmul(a, b)`".into(),
        "$" => format!("names are letters, digits and `_`: write `{right}`"),
        "%" if text.is(at + 1, ">") && text.is(at + 2, "%") => "write `|>`".into(),
        "%" if text.is(at + 1, "in") && text.is(at + 2, "%") => "write `in`".into(),
        "=" if text.is(at + 1, ">") || text.is(at + 1, "<") => {
            format!("write `{}=`", text.tokens[at + 1].text)
        }
        "==" if in_declaration(text, at) => "write `=`, which gives a variable its value".into(),
        ";" if text.inside(at, "[") => {
            "the rows of a matrix are arrays of their own: `[[1, 2], [3, 4]]`".into()
        }
        "::<" => "write the name without a type".into(),
        _ => return None,
    };
    Habit::new(
        at,
        at,
        format!("`{}` is no operator here", token.text),
        hint,
    )
}

/// Whether an operator stands behind `let x`.
fn in_declaration(text: &Text<'_>, at: usize) -> bool {
    at >= 2 && text.is_any(at - 2, &["let", "const"])
}

/// MATLAB's `x'`.
pub(super) fn transposed(text: &Text<'_>, at: usize) -> Option<Habit> {
    text.before(at)
        .filter(|before| before.ends_value() && text.is(at, "'") && !text.tokens[at].apart)?;
    Habit::new(
        at,
        at,
        "`'` does not transpose",
        "no sign swaps rows and columns here; texts stand in \"...\"",
    )
}
