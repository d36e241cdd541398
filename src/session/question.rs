//! Questions for help, which are no text of the language: `name?`, `?name`, `help(name)`.
//!
//! A question is a line of its own that holds a name and nothing else. A question mark in a comment, in a string or in an
//! expression (`x?.y`, `a ?? b`) is none: such a line is run. As in IPython the last line of a cell may be a question, too;
//! the lines before it are run first.

/// A cell that ends in a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question<'a> {
    /// What is to be run first; often nothing.
    pub(crate) before: &'a str,
    /// The name that is asked about; empty if all names are.
    pub(crate) name: &'a str,
}

impl<'a> Question<'a> {
    /// The question that a cell ends in. `is_whole` says whether a text can be run as it is: behind an open string, comment
    /// or bracket a line belongs to it and asks nothing.
    pub(crate) fn of(text: &'a str, is_whole: impl Fn(&str) -> bool) -> Option<Question<'a>> {
        let text = text.trim_end();
        let (before, line) = text.rsplit_once('\n').unwrap_or(("", text));
        let name = asked(line.trim())?;
        (before.trim().is_empty() || is_whole(before)).then_some(Question { before, name })
    }
}

/// The name that a line asks about.
fn asked(line: &str) -> Option<&str> {
    let called = line
        .trim_end_matches(';')
        .strip_prefix("help(")
        .and_then(|rest| rest.strip_suffix(')'));
    if let Some(inside) = called {
        let inside = inside.trim();
        let unquoted = inside
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(inside);
        return (inside.is_empty() || is_subject(unquoted)).then_some(unquoted);
    }
    let marks = |text: &str| text.len() - text.trim_end_matches('?').len();
    let name = match (line.starts_with('?'), marks(line)) {
        (_, n) if n == line.len() && (1..=2).contains(&n) => "",
        (true, 0) => line
            .strip_prefix("??")
            .or_else(|| line.strip_prefix('?'))?
            .trim_start(),
        (false, 1 | 2) => line.trim_end_matches('?').trim_end(),
        _ => return None,
    };
    (name.is_empty() || is_subject(name)).then_some(name)
}

/// Whether a text is a name, perhaps with a namespace or an owner, a command or an operator.
fn is_subject(text: &str) -> bool {
    let name = text.trim_start_matches('%');
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    name.split("::")
        .flat_map(|part| part.split('.'))
        .all(is_word)
        || (!text.is_empty()
            && text.chars().all(|c| "|&*+-/%<>=!^".contains(c))
            && !text.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_line_with_a_name_and_nothing_else() {
        let whole = |text: &str| {
            text.matches(['(', '`']).count() == text.matches([')', '`']).count()
                && !text.contains("/*")
        };
        let of = |text| Question::of(text, whole).map(|question| (question.before, question.name));
        for (text, name) in [
            ("noise?", "noise"),
            (" noise ? ", "noise"),
            ("?noise", "noise"),
            ("noise??", "noise"),
            ("??noise", "noise"),
            ("wave.plot?", "wave.plot"),
            ("clar::fade_mask?", "clar::fade_mask"),
            ("%time?", "%time"),
            ("|>?", "|>"),
            ("?", ""),
            ("help()", ""),
            ("help(noise)", "noise"),
            ("help(\"noise\");", "noise"),
        ] {
            assert_eq!(of(text), Some(("", name)), "{text}");
        }
        assert_eq!(of("let x = 1;\nnoise?"), Some(("let x = 1;", "noise")));
        for text in [
            "x + 1 // is it 42?",
            "// why?",
            "/* why? */",
            "let x = 1;\n// why?",
            "\"is it?\"",
            "`is it?`",
            "x?.y",
            "a ?? b",
            "m?.b?",
            "?x?",
            "1?",
            "x[0]?",
            "f()?",
            "x ? y",
            "noise???",
            "help(a) + f(b)",
            "help(\"a\", \"b\")",
            "print(`\nnoise?",
            "let x = (\nnoise?",
            "/* a\nnoise?",
            "//?",
            "let x = 1; noise?",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
