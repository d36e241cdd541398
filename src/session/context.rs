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
    /// After the dot of a name.
    Member(String),
    /// After the dot of a call.
    MemberOfCall(String),
    /// Anywhere else.
    Word,
}

/// A bracket that is open.
struct Open {
    bracket: char,
    /// For a parenthesis, the name before it; for a map, the name before the parenthesis around it.
    function: String,
    /// For a map, where its present entry begins.
    entry: usize,
    given: Vec<String>,
}

/// Characters of names; `::` joins a namespace and a name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name that ends a text.
pub(crate) fn last_name(text: &[char]) -> String {
    let length = text.iter().rev().take_while(|&&c| is_name(c) || c == ':').count();
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
                '/' if rest.starts_with(&['/', '/']) => match rest.iter().position(|&c| c == '\n') {
                    Some(length) => i += length,
                    None => return Context::Comment,
                },
                '/' if rest.starts_with(&['/', '*']) => match rest.windows(2).position(|pair| pair == ['*', '/']) {
                    Some(length) => i += length + 1,
                    None => return Context::Comment,
                },
                '"' | '`' => match string_length(rest) {
                    Some(length) => i += length - 1,
                    None => return Context::text(&before[..i], &rest[1..], open.last()),
                },
                bracket @ ('(' | '[' | '{') => open.push(opened(bracket, &before[..i], i + 1, &open)),
                ')' | ']' | '}' => {
                    open.pop();
                }
                ':' => {
                    if let Some(map) = open.last_mut().filter(|open| open.bracket == '#') {
                        map.given.push(before[map.entry..i].iter().collect::<String>().trim().to_owned());
                    }
                }
                ',' => {
                    if let Some(map) = open.last_mut() {
                        map.entry = i + 1;
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
        let spaces = before.iter().rev().take_while(|c| c.is_whitespace()).count();
        let word = last_name(&before[..before.len() - spaces]);
        let function = match innermost {
            _ if word == "import" => word,
            Some(Open { bracket: '(', function, .. }) => function.clone(),
            _ => String::new(),
        };
        Context::Text { typed: typed.iter().collect(), function }
    }

    /// The context outside of strings and comments.
    fn between(before: &[char], innermost: Option<Open>) -> Context {
        let word = before.iter().rev().take_while(|&&c| is_name(c) || c == ':').count();
        let head = &before[..before.len() - word];
        if let Some((&'.', owner)) = head.split_last()
            && owner.last() != Some(&'.')
        {
            return match owner.last() {
                Some(')') => Context::MemberOfCall(called(owner)),
                _ => Context::Member(last_name(owner)),
            };
        }
        match innermost {
            Some(Open { bracket: '#', function, entry, given })
                if head.len() >= entry && head[entry..].iter().all(|c| c.is_whitespace()) =>
            {
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
        _ if is_map => {
            outer.last().filter(|outer| outer.bracket == '(').map(|outer| outer.function.clone()).unwrap_or_default()
        }
        _ => String::new(),
    };
    Open { bracket: if is_map { '#' } else { bracket }, function, entry, given: Vec::new() }
}

/// The function of the call that ends a text.
fn called(text: &[char]) -> String {
    let mut depth = 0;
    for (i, c) in text.iter().enumerate().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return last_name(&text[..i]);
        }
    }
    String::new()
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
        let text = |typed: &str, function: &str| Context::Text { typed: typed.into(), function: function.into() };
        for (text, want) in [
            ("", Context::Word),
            ("let x = no", Context::Word),
            ("load(\"data/a", text("data/a", "load")),
            ("import \"my", text("my", "import")),
            ("device( \"", text("", "device")),
            ("let x = [\"a", text("a", "")),
            ("load(\"a\") |> ", Context::Word),
            ("print(`say \\` it", text("say \\` it", "print")),
            ("x // no", Context::Comment),
            ("x /* no */ + y", Context::Word),
            ("x /* no", Context::Comment),
            ("x.sam", Context::Member("x".into())),
            ("clar::fade().", Context::MemberOfCall("clar::fade".into())),
            ("tone(f(1), 2).sec", Context::MemberOfCall("tone".into())),
            ("0..3", Context::Word),
            ("noise(5, #{ co", option("noise", &[])),
            ("noise(5, #{ color: \"pink\", ", option("noise", &["color"])),
            ("noise(5, #{ color: pi", Context::Word),
            ("a(1); noise(#{ x: f(#{ y: 1 }), ", option("noise", &["x"])),
            ("#{ a", option("", &[])),
            ("fn f() { a", Context::Word),
        ] {
            assert_eq!(Context::of(&text.chars().collect::<Vec<_>>()), want, "{text}");
        }
    }
}
