//! Where the cursor stands in a text that is being typed.

use crate::script::string_length;

/// What surrounds the cursor, and so what may be written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// In a string.
    Text {
        /// Its text so far.
        typed: String,
        /// The function whose argument it is, or `import`; may be empty.
        function: String,
        /// Which of its arguments it is.
        place: Place,
    },
    /// In a comment, where nothing is proposed.
    Comment,
    /// Where a name of an option goes, in the map of a call.
    Option {
        /// The function that is called.
        function: String,
        /// Names that stand in the map already.
        given: Vec<String>,
    },
    /// After the dot of the value that ends at a place.
    Member(usize),
    /// Anywhere else.
    Word,
}

/// Which argument of a call a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// That of a number, from 0.
    Argument(usize),
    /// An option.
    Option(String),
    /// None that is known.
    Nowhere,
}

/// A bracket that is open.
struct Open {
    bracket: char,
    /// For a parenthesis, the name before it; for a map, the name before the parenthesis around it.
    function: String,
    /// For a map, where its present entry begins.
    entry: usize,
    given: Vec<String>,
    /// Commas so far.
    n_commas: usize,
}

/// Characters of names; `::` joins a namespace and a name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name that ends a text.
pub(crate) fn last_name(text: &[char]) -> String {
    let length = text
        .iter()
        .rev()
        .take_while(|&&c| is_name(c) || c == ':')
        .count();
    text[text.len() - length..].iter().collect()
}

impl Context {
    /// Reads a text up to the cursor.
    pub(crate) fn of(before: &[char]) -> Context {
        let mut open: Vec<Open> = Vec::new();
        let mut i = 0;
        while i < before.len() {
            let rest = &before[i..];
            match before[i] {
                '/' if rest.starts_with(&['/', '/']) => {
                    match rest.iter().position(|&c| c == '\n') {
                        Some(length) => i += length,
                        None => return Context::Comment,
                    }
                }
                '/' if rest.starts_with(&['/', '*']) => {
                    match rest.windows(2).position(|pair| pair == ['*', '/']) {
                        Some(length) => i += length + 1,
                        None => return Context::Comment,
                    }
                }
                '"' | '`' => match string_length(rest) {
                    Some(length) => i += length - 1,
                    None => return Context::text(&before[..i], &rest[1..], open.last()),
                },
                bracket @ ('(' | '[' | '{') => {
                    open.push(opened(bracket, &before[..i], i + 1, &open))
                }
                ')' | ']' | '}' => {
                    open.pop();
                }
                ':' => {
                    if let Some(map) = open.last_mut().filter(|open| open.bracket == '#') {
                        map.given.push(
                            before[map.entry..i]
                                .iter()
                                .collect::<String>()
                                .trim()
                                .to_owned(),
                        );
                    }
                }
                ',' => {
                    if let Some(innermost) = open.last_mut() {
                        innermost.entry = i + 1;
                        innermost.n_commas += 1;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        Context::between(before, open.pop())
    }

    /// The context in a string, from what stands before it.
    fn text(before: &[char], typed: &[char], innermost: Option<&Open>) -> Context {
        let spaces = before
            .iter()
            .rev()
            .take_while(|c| c.is_whitespace())
            .count();
        let word = last_name(&before[..before.len() - spaces]);
        let (function, place) = match innermost {
            _ if word == "import" => (word, Place::Nowhere),
            Some(Open {
                bracket: '(',
                function,
                n_commas,
                ..
            }) => (function.clone(), Place::Argument(*n_commas)),
            // A key in quotes has no colon before it.
            Some(Open {
                bracket: '#',
                function,
                given,
                n_commas,
                ..
            }) if given.len() > *n_commas => (
                function.clone(),
                given.last().cloned().map_or(Place::Nowhere, Place::Option),
            ),
            _ => (String::new(), Place::Nowhere),
        };
        Context::Text {
            typed: typed.iter().collect(),
            function,
            place,
        }
    }

    /// The context outside of strings and comments.
    fn between(before: &[char], innermost: Option<Open>) -> Context {
        let word = before
            .iter()
            .rev()
            .take_while(|&&c| is_name(c) || c == ':')
            .count();
        let head = &before[..before.len() - word];
        if let Some((&'.', owner)) = head.split_last()
            && owner.last() != Some(&'.')
        {
            return Context::Member(owner.len());
        }
        match innermost {
            Some(Open {
                bracket: '#',
                function,
                entry,
                given,
                ..
            }) if head.len() >= entry && head[entry..].iter().all(|c| c.is_whitespace()) => {
                Context::Option { function, given }
            }
            _ => Context::Word,
        }
    }
}

fn opened(bracket: char, before: &[char], entry: usize, outer: &[Open]) -> Open {
    let is_map = bracket == '{' && before.last() == Some(&'#');
    let function = match bracket {
        '(' => last_name(before),
        _ if is_map => outer
            .last()
            .filter(|outer| outer.bracket == '(')
            .map(|outer| outer.function.clone())
            .unwrap_or_default(),
        _ => String::new(),
    };
    Open {
        bracket: if is_map { '#' } else { bracket },
        function,
        entry,
        given: Vec::new(),
        n_commas: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_knows_where_it_stands() {
        let option = |function: &str, given: &[&str]| Context::Option {
            function: function.into(),
            given: given.iter().map(|name| (*name).into()).collect(),
        };
        let text = |typed: &str, function: &str, place: Place| Context::Text {
            typed: typed.into(),
            function: function.into(),
            place,
        };
        let color = Place::Option("color".into());
        for (text, want) in [
            ("", Context::Word),
            ("let x = no", Context::Word),
            ("load(\"data/a", text("data/a", "load", Place::Argument(0))),
            ("import \"my", text("my", "import", Place::Nowhere)),
            ("device( \"", text("", "device", Place::Argument(0))),
            ("let x = [\"a", text("a", "", Place::Nowhere)),
            ("load(\"a\") |> ", Context::Word),
            (
                "print(`say \\` it",
                text("say \\` it", "print", Place::Argument(0)),
            ),
            ("x.split(\"a\", \"b", text("b", "split", Place::Argument(1))),
            (
                "noise(5, #{ color: \"pi",
                text("pi", "noise", color.clone()),
            ),
            ("noise(5, #{ a: 1, color: `", text("", "noise", color)),
            ("noise(5, #{ a: 1, \"co", text("co", "", Place::Nowhere)),
            ("x // no", Context::Comment),
            ("x /* no */ + y", Context::Word),
            ("x /* no", Context::Comment),
            ("x.sam", Context::Member(1)),
            ("clar::fade().", Context::Member(12)),
            ("tone(f(1), 2).sec", Context::Member(13)),
            ("0..3", Context::Word),
            ("noise(5, #{ co", option("noise", &[])),
            ("noise(5, #{ color: \"pink\", ", option("noise", &["color"])),
            ("noise(5, #{ color: pi", Context::Word),
            ("a(1); noise(#{ x: f(#{ y: 1 }), ", option("noise", &["x"])),
            ("#{ a", option("", &[])),
            ("fn f() { a", Context::Word),
        ] {
            assert_eq!(
                Context::of(&text.chars().collect::<Vec<_>>()),
                want,
                "{text}"
            );
        }
    }
}
