//! Names that a text makes, found without parsing it: a text that is being typed often cannot be parsed.

use crate::context::is_name;
use crate::scan::code;

/// A name that a text makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// The name.
    pub(crate) name: String,
    /// What makes it.
    pub(crate) by: By,
}

/// What makes a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `let` or `const`: where its value begins in the text, if one is given.
    Let(Option<usize>),
    /// `fn`, with what stands in its parentheses.
    Fn(String),
    /// A loop, an import, a `catch`, or a function's own parameter.
    Other,
}

impl Made {
    /// Whether a value is given to it by `let` or `const`.
    pub(crate) fn is_variable(&self) -> bool {
        matches!(self.by, By::Let(_))
    }
}

/// A word, a bracket or another character of the code.
struct Token {
    text: String,
    /// Behind its last character.
    end: usize,
}

/// The names that a text makes, in order.
pub(crate) fn names_made(text: &[char]) -> Vec<Made> {
    let tokens = tokens(text);
    let at = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut made = Vec::new();
    for i in 0..tokens.len() {
        match at(i) {
            "let" | "const" if is_word(at(i + 1)) => {
                let value = (at(i + 2) == "=").then(|| tokens[i + 2].end);
                made.push(Made {
                    name: at(i + 1).to_owned(),
                    by: By::Let(value),
                });
            }
            "fn" if is_word(at(i + 1)) && at(i + 2) == "(" => {
                let (names, close) = list(&tokens, i + 3, ")");
                let parameters = names.join(", ");
                made.push(Made {
                    name: at(i + 1).to_owned(),
                    by: By::Fn(parameters),
                });
                // The parameters are of use inside of the function, which is being typed if it does not end.
                if closes(&tokens, close + 1).is_none() {
                    made.extend(names.into_iter().map(other));
                }
            }
            "for" if at(i + 1) == "(" => {
                made.extend(list(&tokens, i + 2, ")").0.into_iter().map(other))
            }
            "for" | "as" if is_word(at(i + 1)) => made.push(other(at(i + 1).to_owned())),
            "catch" if at(i + 1) == "(" && is_word(at(i + 2)) => {
                made.push(other(at(i + 2).to_owned()))
            }
            // A bar where a value is expected begins a closure; elsewhere it is the choice between two recipes.
            "|" if !ends_value(i.checked_sub(1).map_or("", at)) => {
                let (names, close) = list(&tokens, i + 1, "|");
                if at(close) == "|" {
                    made.extend(names.into_iter().map(other));
                }
            }
            _ => {}
        }
    }
    made
}

fn other(name: String) -> Made {
    Made {
        name,
        by: By::Other,
    }
}

/// The names between commas up to a bracket, and where that stands.
fn list(tokens: &[Token], from: usize, end: &str) -> (Vec<String>, usize) {
    let mut names = Vec::new();
    let mut i = from;
    while let Some(token) = tokens
        .get(i)
        .filter(|token| token.text == "," || is_word(&token.text))
    {
        if token.text != "," {
            names.push(token.text.clone());
        }
        i += 1;
    }
    if tokens.get(i).is_some_and(|token| token.text == end) {
        (names, i)
    } else {
        (Vec::new(), i)
    }
}

/// Where the block ends that begins at a token; nothing if it does not.
fn closes(tokens: &[Token], from: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Whether a token may end a value, so that an operator follows.
fn ends_value(token: &str) -> bool {
    let keyword = ["return", "in", "if", "else", "while", "switch", "throw"];
    (token.starts_with(is_name) && !keyword.contains(&token))
        || [")", "]", "}", "\""].contains(&token)
}

/// The code of a text, cut; a string is one quote.
fn tokens(text: &[char]) -> Vec<Token> {
    let is_code = code(text);
    let mut out: Vec<Token> = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let c = text[i];
        if !is_code[i] {
            if ['"', '`', '\''].contains(&c) && out.last().is_none_or(|last| last.text != "\"") {
                out.push(Token {
                    text: "\"".to_owned(),
                    end: i + 1,
                });
            }
            i += 1;
            continue;
        }
        let length = text[i..]
            .iter()
            .zip(&is_code[i..])
            .take_while(|(c, code)| is_name(**c) && **code)
            .count();
        let length = length.max(1);
        if !c.is_whitespace() {
            out.push(Token {
                text: text[i..i + length].iter().collect(),
                end: i + length,
            });
        }
        i += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are_made() {
        for (text, want) in [
            ("let x = 1; const LONG = 2;", "x LONG"),
            ("let x", "x"),
            ("for clip in data { for (a, i) in b {", "clip a i"),
            ("fn area(width, height) { width", "area width height"),
            ("fn area(width, height) { width * height } ", "area"),
            ("let f = |first, second| first", "f first second"),
            ("gain(1) | gain(2) | fade()", ""),
            ("x |> |wave| wave.seconds", "wave"),
            (
                "import \"a\" as helper; try { } catch (err) { }",
                "helper err",
            ),
            (
                "// let no = 1\n\"let no\" `let no ${ let yes = 1; }`",
                "yes",
            ),
            ("letter = 1; outlet x", ""),
            ("let = 3; let 3", ""),
        ] {
            let chars: Vec<char> = text.chars().collect();
            let names: Vec<String> = names_made(&chars)
                .into_iter()
                .map(|made| made.name)
                .collect();
            assert_eq!(names.join(" "), want, "{text}");
        }
    }

    #[test]
    fn a_value_is_known_by_its_place_and_a_function_by_its_parameters() {
        let made = |text: &str| names_made(&text.chars().collect::<Vec<_>>());
        assert_eq!(made("let x = 1")[0].by, By::Let(Some(7)));
        assert_eq!(made("let x;")[0].by, By::Let(None));
        assert_eq!(made("fn f(a, b) { a }")[0].by, By::Fn("a, b".into()));
    }
}
