//! Which characters of a text are code, and which belong to strings and comments.

/// For every character whether it is code. Quotes are not; what stands between `${` and `}` of a string is.
pub(crate) fn code(text: &[char]) -> Vec<bool> {
    let mut is_code = vec![false; text.len()];
    // Brackets open in the code of each level; `None` is a string between backticks.
    let mut levels: Vec<Option<usize>> = vec![Some(0)];
    let mut i = 0;
    while i < text.len() {
        let rest = &text[i..];
        let is_embedded = levels.len() > 1;
        let Some(depth) = levels.last_mut().and_then(Option::as_mut) else {
            if rest.starts_with(&['$', '{']) {
                levels.push(Some(0));
                i += 1;
            } else if text[i] == '`' {
                levels.pop();
            }
            i += 1;
            continue;
        };
        let skipped = match text[i] {
            '/' if rest.starts_with(&['/', '/']) => {
                rest.iter().position(|&c| c == '\n').unwrap_or(rest.len())
            }
            '/' if rest.starts_with(&['/', '*']) => comment_length(rest),
            '"' => crate::script::string_length(rest).unwrap_or(rest.len()),
            '\'' => letter_length(rest),
            _ => 0,
        };
        if skipped > 0 {
            i += skipped;
            continue;
        }
        match text[i] {
            '`' => levels.push(None),
            '}' if *depth == 0 && is_embedded => drop(levels.pop()),
            c => {
                match c {
                    '{' => *depth += 1,
                    '}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                is_code[i] = true;
            }
        }
        i += 1;
    }
    is_code
}

/// Length of the block comment that begins a text; such comments nest.
fn comment_length(text: &[char]) -> usize {
    let (mut depth, mut i) = (0usize, 0);
    while i < text.len() {
        if text[i..].starts_with(&['/', '*']) {
            depth += 1;
            i += 2;
        } else if text[i..].starts_with(&['*', '/']) {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    text.len()
}

/// Length of the letter in single quotes that begins a text; 1 if it is none.
fn letter_length(text: &[char]) -> usize {
    match text {
        ['\'', '\\', ..] => text
            .iter()
            .skip(2)
            .take(10)
            .position(|&c| c == '\'')
            .map_or(1, |end| end + 3),
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_no_code_but_what_they_embed_is() {
        for (text, want) in [
            ("a + \"b\" + c", "a +  + c"),
            ("a // b\nc", "a \nc"),
            ("a /* b /* c */ d */ e", "a  e"),
            ("`a ${b + `c ${d}`} e` f", "b + d f"),
            ("`${#{ a: 1 }.a} x`", "#{ a: 1 }.a"),
            ("'a' + '\\n' + '\"'", " +  + "),
            ("\"a\\\"b\" c", " c"),
            ("`open", ""),
            ("\"open", ""),
        ] {
            let chars: Vec<char> = text.chars().collect();
            let is_code = code(&chars);
            let found: String = chars
                .iter()
                .zip(is_code)
                .filter(|(_, is)| *is)
                .map(|(c, _)| c)
                .collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
