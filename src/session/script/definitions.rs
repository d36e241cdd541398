//! The functions that a script defines, with their places: what is needed to leave one out.

use super::tokens::{Kind, Token, tokens};
use std::ops::Range;

/// A function that a script defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    /// The type that it belongs to, its name, and the number of its parameters: a script has one function of these.
    pub(crate) signature: (String, usize),
    /// Where it stands, in bytes, with the comments `///` above it.
    pub(crate) place: Range<usize>,
}

/// The functions of a script, in order.
pub(crate) fn definitions(script: &str) -> Vec<Definition> {
    let tokens = tokens(script);
    let mut found = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    while at < tokens.len() {
        if depth == 0
            && tokens[at].is("fn")
            && let Some((definition, behind)) = definition(script, &tokens, at)
        {
            found.push(definition);
            at = behind;
            continue;
        }
        depth = deeper(depth, &tokens[at]);
        at += 1;
    }
    found
}

/// The script without some of its functions: they are comments in it.
pub(crate) fn without(script: &str, replaced: impl Fn(&Definition) -> bool) -> String {
    let mut text = script.to_owned();
    for definition in definitions(script).into_iter().rev() {
        if replaced(&definition) {
            let lines = text[definition.place.clone()].lines();
            let comment: Vec<String> = lines.map(|line| format!("// {line}")).collect();
            // What follows on the line is no part of the comment.
            text.replace_range(definition.place, &(comment.join("\n") + "\n"));
        }
    }
    text
}

/// How deep in brackets what follows a token stands.
fn deeper(depth: usize, token: &Token) -> usize {
    let is = |signs: &[&str]| token.kind == Kind::Sign && signs.contains(&token.text.as_str());
    if is(&["(", "[", "{", "#{", "${"]) {
        depth + 1
    } else if is(&[")", "]", "}"]) {
        depth.saturating_sub(1)
    } else {
        depth
    }
}

/// The function whose `fn` is a token, and the token behind it.
fn definition(script: &str, tokens: &[Token], at: usize) -> Option<(Definition, usize)> {
    let opens = tokens[at..].iter().position(|token| token.is("("))? + at;
    let name = tokens[at + 1..opens].iter();
    let name = name.map(|token| token.text.as_str()).collect::<String>();
    let closes = tokens[opens..].iter().position(|token| token.is(")"))? + opens;
    let parameters = &tokens[opens + 1..closes];
    let n_parameters = parameters.iter().filter(|t| t.kind == Kind::Word).count();
    if !tokens.get(closes + 1)?.is("{") {
        return None;
    }
    let mut depth = 0;
    let ends = tokens[closes + 1..].iter().position(|token| {
        depth = deeper(depth, token);
        depth == 0
    })?;
    let last = closes + 1 + ends;
    let first = match at.checked_sub(1).map(|before| &tokens[before]) {
        Some(before) if before.is("private") => before,
        _ => &tokens[at],
    };
    let place = byte(script, first.start)..byte(script, tokens[last].end());
    Some((
        Definition {
            signature: (name, n_parameters),
            place: described(script, place.start)..place.end,
        },
        last + 1,
    ))
}

/// Where a character stands, in bytes.
fn byte(script: &str, character: usize) -> usize {
    let mut places = script.char_indices().map(|(at, _)| at);
    places.nth(character).unwrap_or(script.len())
}

/// Where the comments `///` begin that stand right above a place; the place itself if there are none.
fn described(script: &str, place: usize) -> usize {
    let mut begins = place;
    let line_start = script[..place].rfind('\n').map_or(0, |at| at + 1);
    if !script[line_start..place].trim().is_empty() {
        return place;
    }
    let mut above = line_start;
    while above > 0 {
        let start = script[..above - 1].rfind('\n').map_or(0, |at| at + 1);
        if !script[start..above].trim_start().starts_with("///") {
            break;
        }
        (begins, above) = (start, start);
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(script: &str) -> Vec<(String, usize)> {
        let found = definitions(script).into_iter();
        found.map(|definition| definition.signature).collect()
    }

    #[test]
    fn functions_are_found_at_the_top_alone_and_told_by_their_parameters() {
        let script = "fn f() { 1 } let a = #{ fn_: |x| { x } };\n/// é\n/// Doubles.\nprivate fn f(a,\n  b) { if a { `fn ${b}` } else { 2 } }\n\
                      fn int.g(a) { this } // fn h() {}\n\"fn k() {}\"";
        assert_eq!(
            signatures(script),
            [
                ("f".to_owned(), 0),
                ("f".to_owned(), 2),
                ("int.g".to_owned(), 1)
            ]
        );
        let second = definitions(script).swap_remove(1);
        let text = &script[second.place];
        assert!(
            text.starts_with("/// é") && text.ends_with("{ 2 } }"),
            "{text}"
        );
        assert!(
            signatures("fn f(a) {").is_empty(),
            "a text that is not whole"
        );
    }

    #[test]
    fn a_function_is_left_out_with_its_text_and_nothing_else() {
        let script =
            "let a = 1;\n/// Says it.\nfn f(x) {\n    x /* { */\n} let b = 2;\nfn f(x, y) { 3 }";
        let left = without(script, |definition| definition.signature.1 == 1);
        let want = "let a = 1;\n// /// Says it.\n// fn f(x) {\n//     x /* { */\n// }\n let b = 2;\nfn f(x, y) { 3 }";
        assert_eq!(left, want);
        assert_eq!(without(script, |_| false), script);
    }
}
