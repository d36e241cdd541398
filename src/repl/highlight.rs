//! Colours for text that is being typed.

use auricle_session::Assistant;
use auricle_session::script::string_length;
use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText};

/// Colours words by what they are; functions only if they are known, so that a slip shows before it runs.
pub(super) struct Colors(pub(super) Assistant);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Comment,
    Text,
    Number,
    Keyword,
    Function,
    Command,
    Other,
}

impl Token {
    fn style(self) -> Style {
        match self {
            Token::Comment => Style::new().fg(Color::DarkGray).italic(),
            Token::Text => Style::new().fg(Color::Green),
            Token::Number => Style::new().fg(Color::Cyan),
            Token::Keyword | Token::Command => Style::new().fg(Color::Magenta),
            Token::Function => Style::new().fg(Color::Blue),
            Token::Other => Style::new(),
        }
    }
}

impl Highlighter for Colors {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        for (token, text) in tokens(line, &|name| self.0.is_function(name), &|word| {
            self.0.is_keyword(word)
        }) {
            styled.push((token.style(), text));
        }
        styled
    }
}

/// Cuts a text into pieces whose joint is the text.
fn tokens(
    text: &str,
    is_function: &dyn Fn(&str) -> bool,
    is_keyword: &dyn Fn(&str) -> bool,
) -> Vec<(Token, String)> {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<(Token, String)> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let rest = &chars[i..];
        let run = |more: &dyn Fn(char) -> bool| rest.iter().take_while(|&&c| more(c)).count();
        let (token, length) = match chars[i] {
            '%' if i == 0 => (Token::Command, run(&|c| !c.is_whitespace())),
            '/' if rest.starts_with(&['/', '/']) => (Token::Comment, run(&|c| c != '\n')),
            '/' if rest.starts_with(&['/', '*']) => {
                let end = rest.windows(2).skip(2).position(|pair| pair == ['*', '/']);
                (Token::Comment, end.map_or(rest.len(), |end| end + 4))
            }
            '"' | '`' => (Token::Text, string_length(rest).unwrap_or(rest.len())),
            c if c.is_ascii_digit() => {
                let digits = run(&|c| c.is_ascii_alphanumeric() || c == '_');
                let is_point = rest.get(digits) == Some(&'.')
                    && rest.get(digits + 1).is_some_and(char::is_ascii_digit);
                let fraction = rest[digits..]
                    .iter()
                    .skip(1)
                    .take_while(|c| c.is_ascii_alphanumeric())
                    .count();
                (
                    Token::Number,
                    if is_point {
                        digits + 1 + fraction
                    } else {
                        digits
                    },
                )
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = run(&|c| c.is_alphanumeric() || c == '_' || c == ':');
                let word: String = rest[..length].iter().collect();
                let token = if is_keyword(&word) {
                    Token::Keyword
                } else if is_function(&word) {
                    Token::Function
                } else {
                    Token::Other
                };
                (token, length)
            }
            _ => (Token::Other, 1),
        };
        let piece: String = rest[..length].iter().collect();
        match out.last_mut() {
            Some((Token::Other, last)) if token == Token::Other => last.push_str(&piece),
            _ => out.push((token, piece)),
        }
        i += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_and_nothing_is_lost() {
        let cut = |text: &str| {
            let found = tokens(text, &|name| name == "gain", &|word| word == "let");
            assert_eq!(
                found
                    .iter()
                    .map(|(_, piece)| piece.as_str())
                    .collect::<String>(),
                text
            );
            found
                .into_iter()
                .filter(|(token, _)| *token != Token::Other)
                .collect::<Vec<_>>()
        };
        let pieces = |list: &[(Token, &str)]| {
            list.iter()
                .map(|(t, s)| (*t, (*s).to_owned()))
                .collect::<Vec<_>>()
        };
        for (text, want) in [
            (
                "let x = gain(-1.5e3); // no",
                pieces(&[
                    (Token::Keyword, "let"),
                    (Token::Function, "gain"),
                    (Token::Number, "1.5e3"),
                    (Token::Comment, "// no"),
                ]),
            ),
            (
                "5..40 + \"a\\\"b\" `c",
                pieces(&[
                    (Token::Number, "5"),
                    (Token::Number, "40"),
                    (Token::Text, "\"a\\\"b\""),
                    (Token::Text, "`c"),
                ]),
            ),
            (
                "%time 1",
                pieces(&[(Token::Command, "%time"), (Token::Number, "1")]),
            ),
            (
                "/* a */ /* é",
                pieces(&[(Token::Comment, "/* a */"), (Token::Comment, "/* é")]),
            ),
        ] {
            assert_eq!(cut(text), want, "{text}");
        }
    }
}
