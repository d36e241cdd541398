//! Texts and numbers as other languages write them.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// `'abc'`.
pub(super) fn text_in_apostrophes(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = text.get(at).filter(|token| token.kind == Kind::Quoted)?;
    let inside = &token.text[1..token.text.len() - 1];
    let is_character = inside.chars().count() == 1 || inside.starts_with('\\');
    if is_character {
        return None;
    }
    let hint = format!(
        "write \"{}\"; apostrophes hold one character",
        inside.replace('"', "\\\"")
    );
    Habit::new(at, at, "texts stand in double quotation marks", hint)
}

/// `f"a {x}"`, `r"..."`, `b"..."`.
pub(super) fn prefixed_text(text: &Text<'_>, at: usize) -> Option<Habit> {
    let (prefix, next) = (text.get(at)?, text.get(at + 1)?);
    let is_text = matches!(next.kind, Kind::Text | Kind::Quoted)
        && !next.apart
        && !next.text.starts_with('#');
    if prefix.kind != Kind::Word || !is_text || prefix.text.len() > 2 {
        return None;
    }
    let inside = next.text.trim_matches(['"', '\'', '`']);
    match prefix.text.to_lowercase().as_str() {
        "f" | "fr" | "rf" | "s" | "t" => {
            let filled = inside.replace("${", "{").replace('{', "${");
            Habit::new(
                at,
                at + 1,
                "values are put into a text in backticks",
                format!("write `{filled}` in backticks"),
            )
        }
        "r" | "br" | "rb" => {
            let message = "a text without escapes stands between `#\"` and `\"#`";
            Habit::new(at, at + 1, message, format!("write #\"{inside}\"#"))
        }
        "b" | "u" | "l" => Habit::new(
            at,
            at + 1,
            "a text has no letter before it",
            format!("write \"{inside}\""),
        ),
        _ => None,
    }
}

/// Python's text of several lines.
pub(super) fn text_in_three_quotes(text: &Text<'_>, at: usize) -> Option<Habit> {
    let (token, next) = (text.get(at)?, text.get(at + 1)?);
    let three =
        |empty: &str| token.text == empty && !next.apart && next.text.starts_with(&empty[..1]);
    if !(three("\"\"") || three("''")) {
        return None;
    }
    let hint = "write it in backticks, or as a comment: `// ...` or `/* ... */`";
    Habit::new(at, at, "a text of several lines stands in backticks", hint)
}

/// `.5` and `5.`.
pub(super) fn without_its_digit(text: &Text<'_>, at: usize) -> Option<Habit> {
    if text.kind(at) == Some(Kind::Number) && text.is(at + 1, ".") && !text.tokens[at + 1].apart {
        let follows = text
            .get(at + 2)
            .is_some_and(|next| matches!(next.kind, Kind::Word | Kind::Number));
        let hint = format!("write `{}.0`", text.tokens[at].text);
        return if follows {
            None
        } else {
            Habit::new(
                at,
                at + 1,
                "a digit stands behind the point of a number",
                hint,
            )
        };
    }
    let (dot, number) = (text.get(at)?, text.get(at + 1)?);
    let is_number = number.kind == Kind::Number && !number.apart;
    if !dot.is(".") || !is_number {
        return None;
    }
    if text
        .before(at)
        .is_some_and(|before| before.ends_value() && !dot.apart)
    {
        let owner = text.before(at).map_or("x", |before| &before.text);
        let message = "an element is read with brackets";
        return Habit::new(
            at,
            at + 1,
            message,
            format!("write `{owner}[{}]`", number.text),
        );
    }
    Habit::new(
        at,
        at + 1,
        "a number begins with a digit",
        format!("write `0.{}`", number.text),
    )
}

/// Units that are written behind a number, also with a space between.
const UNITS: [&str; 16] = [
    "dB",
    "db",
    "Hz",
    "hz",
    "kHz",
    "khz",
    "s",
    "ms",
    "sec",
    "seconds",
    "samples",
    "semitones",
    "cents",
    "st",
    "LUFS",
    "percent",
];

/// `440Hz`, `3 dB`, `5k`, `10n`, `3j`.
pub(super) fn with_a_unit(text: &Text<'_>, at: usize) -> Option<Habit> {
    let (number, word) = (text.get(at)?, text.get(at + 1)?);
    let is_word = number.kind == Kind::Number && word.kind == Kind::Word && !word.leads;
    if !is_word || (word.apart && !UNITS.contains(&word.text.as_str())) {
        return None;
    }
    let written = text.source(at, at + 1);
    let hint = match word.text.as_str() {
        "k" | "K" | "kHz" | "khz" => match number.text.parse::<f64>() {
            Ok(thousands) => format!("write `{}`", 1000.0 * thousands),
            Err(_) => "write it in Hz".into(),
        },
        _ if text.before(at).is_some_and(|before| before.is("let")) => {
            "a name does not begin with a digit".into()
        }
        "i" | "j" | "J" => "there are no imaginary numbers".into(),
        _ => format!(
            "write `{}`; its unit is the one that `help` says",
            number.text
        ),
    };
    Habit::new(at, at + 1, format!("`{written}` is no number"), hint)
}
