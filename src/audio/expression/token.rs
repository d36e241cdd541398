//! The words of an expression.

use super::fault::{Fault, Span};

/// A word with its place.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Number(f64),
    Name(String),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    End,
}

impl Word {
    pub(super) fn is(&self, sign: &str) -> bool {
        *self == Word::Sign(match_sign(sign))
    }
}

/// Longer ones before those that they begin with.
const SIGNS: [&str; 21] = [
    "**", "<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "!", "(", ")",
    "[", "]", ",", "",
];

fn match_sign(text: &str) -> &'static str {
    SIGNS
        .iter()
        .find(|sign| **sign == text)
        .copied()
        .unwrap_or("")
}

/// Splits a text into words; the last one is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let follows = characters.get(at + 1).copied().unwrap_or(' ');
        let (word, length) = if first.is_ascii_digit() || (first == '.' && follows.is_ascii_digit())
        {
            number(&characters[at..], at)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let name: String = characters[at..]
                .iter()
                .take_while(|c| is_of_name(**c))
                .collect();
            let length = name.len();
            (Word::Name(name), length)
        } else {
            let sign = SIGNS.iter().find(|sign| {
                let mut pairs = sign.chars().zip(&characters[at..]);
                !sign.is_empty()
                    && characters.len() - at >= sign.len()
                    && pairs.all(|(a, b)| a == *b)
            });
            match sign {
                Some(sign) => (Word::Sign(sign), sign.len()),
                None => return Err(foreign(first, at)),
            }
        };
        let end = at + length;
        let span = Span { start: at, end };
        tokens.push(Token { word, span });
        at = end;
    }
    let span = Span {
        start: characters.len(),
        end: characters.len(),
    };
    tokens.push(Token {
        word: Word::End,
        span,
    });
    Ok(tokens)
}

pub(super) fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A number as the language writes it: `1`, `.5`, `2.5e-3`, `16_000`.
fn number(characters: &[char], at: usize) -> Result<(Word, usize), Fault> {
    let digits = |from: usize| {
        let rest = characters.get(from..).unwrap_or_default();
        rest.iter()
            .take_while(|c| c.is_ascii_digit() || **c == '_')
            .count()
    };
    let is = |at: usize, wanted: &[char]| characters.get(at).is_some_and(|c| wanted.contains(c));
    let mut length = digits(0);
    if is(length, &['.']) {
        length += 1 + digits(length + 1);
    }
    if is(length, &['e', 'E']) {
        let sign = usize::from(is(length + 1, &['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let text: String = characters[..length].iter().filter(|c| **c != '_').collect();
    let span = Span {
        start: at,
        end: at + length,
    };
    let stuck = characters.get(length).copied().filter(|c| is_of_name(*c));
    if let Some(next) = stuck {
        let span = Span {
            start: at + length,
            end: at + length + 1,
        };
        return Err(
            Fault::new(span, format!("an operator is missing before `{next}`"))
                .hint(format!("a product is written `{text} * {next}...`")),
        );
    }
    if is(length, &['.']) {
        return Err(Fault::new(
            span,
            "a number has one decimal point".to_owned(),
        ));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Word::Number(value), length)),
        _ => {
            Err(Fault::new(span, format!("`{text}` is too large")).hint("numbers go up to 1.8e308"))
        }
    }
}

/// A character that means something elsewhere.
fn foreign(character: char, at: usize) -> Fault {
    let span = Span {
        start: at,
        end: at + 1,
    };
    let (reason, hint) = match character {
        '=' => (
            "nothing can be assigned in an expression".to_owned(),
            "compare with `==`; the expression itself is what a sample becomes",
        ),
        '^' => (
            "there is no operator `^`".to_owned(),
            "a power is written `x ** 2`",
        ),
        '?' | ':' => (
            format!("there is no operator `{character}`"),
            "choose with `select(condition, a, b)`",
        ),
        '&' => (
            "there is no operator `&`".to_owned(),
            "both conditions: `a && b`",
        ),
        '|' => (
            "there is no operator `|`".to_owned(),
            "either condition: `a || b`",
        ),
        '.' => (
            "there are no methods or properties in an expression".to_owned(),
            "functions are called by their name alone, `tanh(x)`",
        ),
        ';' => (
            "an expression is one formula, without `;`".to_owned(),
            "leave it out; what is used twice is computed once anyway",
        ),
        '"' | '\'' | '`' => (
            "there are no texts in an expression".to_owned(),
            "write numbers, names and functions",
        ),
        '{' | '}' => (
            "there are no blocks in an expression".to_owned(),
            "group with `(` and `)`; choose with `select(condition, a, b)`",
        ),
        '×' | '·' => (
            format!("there is no operator `{character}`"),
            "a product is written `a * b`",
        ),
        '−' | '–' => (
            format!("there is no operator `{character}`"),
            "this is no minus sign: type `-`",
        ),
        'π' => ("there is no `π`".to_owned(), "write `pi`"),
        _ => (
            format!("`{character}` has no meaning in an expression"),
            "names are letters, digits and `_`",
        ),
    };
    Fault::new(span, reason).hint(hint)
}
