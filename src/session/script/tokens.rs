//! The words, numbers, texts and signs of a script with their places: what is needed to look at a script that cannot be
//! parsed, or to read one before it is.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Word,
    /// A number, without its sign.
    Number,
    /// A text in `"` or a piece of one in backticks, with its quotes as far as they belong to the piece.
    Text,
    /// What stands between apostrophes on one line.
    Quoted,
    /// A sign: a bracket, or as many characters as make one operator.
    Sign,
}

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Where it begins, in characters of the whole script.
    pub(super) start: usize,
    /// Line, from 1.
    pub(super) line: usize,
    /// Column in characters, from 1.
    pub(super) column: usize,
    /// Whether a space, a line end or a comment stands before it.
    pub(super) apart: bool,
    /// Whether it is the first of its line.
    pub(super) leads: bool,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }

    /// Whether a value can end here.
    pub(super) fn ends_value(&self) -> bool {
        match self.kind {
            Kind::Word => !OPENING_WORDS.contains(&self.text.as_str()),
            Kind::Sign => matches!(self.text.as_str(), ")" | "]" | "}"),
            _ => true,
        }
    }

    /// Whether a value can begin here.
    pub(super) fn begins_value(&self) -> bool {
        match self.kind {
            Kind::Sign => matches!(
                self.text.as_str(),
                "(" | "[" | "#{" | "-" | "!" | "+" | "|" | "||"
            ),
            _ => true,
        }
    }

    /// Where it ends, in characters of the whole script.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.chars().count()
    }
}

/// Words of the language behind which a value begins.
const OPENING_WORDS: [&str; 14] = [
    "let", "const", "if", "else", "while", "until", "for", "in", "return", "throw", "switch",
    "import", "do", "loop",
];

/// Operators of more than one character, the longest first: ours, and those of others that are told as one.
const SIGNS: [&str; 48] = [
    "===", "!==", "<=>", "**=", "<<=", ">>=", "..=", "...", "::<", "&&=", "||=", "??=", "#{", "${",
    "|>", "==", "!=", "<=", ">=", "&&", "||", "**", "..", "::", "?.", "?[", "??", "=>", "->", "<-",
    ":=", "<>", "~=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", ".*",
    "./", ".^",
];

/// The tokens of a script. It need not be a right one: what is not closed goes on to the end.
pub(super) fn tokens(script: &str) -> Vec<Token> {
    let text: Vec<char> = script.chars().collect();
    let mut reader = Reader {
        text: &text,
        at: 0,
        line: 1,
        line_start: 0,
        apart: true,
        leads: true,
        found: Vec::new(),
    };
    // A mark of the byte order is no part of a script.
    if text.first() == Some(&'\u{feff}') {
        reader.at = 1;
    }
    if text[reader.at..].starts_with(&['#', '!']) {
        reader.skip_line();
    }
    while reader.at < text.len() {
        reader.token();
    }
    reader.found
}

/// Whether a script ends in a semicolon, whatever is said about it behind.
pub fn ends_in_semicolon(script: &str) -> bool {
    tokens(script).last().is_some_and(|token| token.is(";"))
}

struct Reader<'a> {
    text: &'a [char],
    at: usize,
    line: usize,
    line_start: usize,
    apart: bool,
    leads: bool,
    found: Vec<Token>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn starts_with(&self, sign: &str) -> bool {
        sign.chars()
            .enumerate()
            .all(|(i, c)| self.peek(i) == Some(c))
    }

    /// Goes over a character that belongs to no token or to one that spans lines.
    fn pass(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
            self.line_start = self.at + 1;
            self.leads = true;
        }
        self.at += 1;
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        self.apart = true;
    }

    fn skip_block(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => self.pass(),
            }
        }
        self.apart = true;
    }

    /// Takes so many characters as a token.
    fn take(&mut self, kind: Kind, length: usize) {
        let end = (self.at + length).min(self.text.len());
        self.found.push(Token {
            kind,
            text: self.text[self.at..end].iter().collect(),
            start: self.at,
            line: self.line,
            column: self.at - self.line_start + 1,
            apart: self.apart,
            leads: self.leads,
        });
        (self.apart, self.leads) = (false, false);
        while self.at < end {
            self.pass();
        }
        self.leads = false;
    }

    fn run(&self, from: usize, belongs: impl Fn(char) -> bool) -> usize {
        self.text[self.at + from..]
            .iter()
            .take_while(|c| belongs(**c))
            .count()
    }

    fn token(&mut self) {
        let Some(first) = self.peek(0) else { return };
        match first {
            c if c.is_whitespace() && is_blank(c) => {
                self.apart = true;
                self.pass();
            }
            '/' if self.peek(1) == Some('/') => self.skip_line(),
            '/' if self.peek(1) == Some('*') => self.skip_block(),
            '"' => self.take(Kind::Text, self.string(1)),
            '#' if self.raw().is_some() => self.take(Kind::Text, self.raw().unwrap_or(1)),
            '`' => self.interpolated(),
            '\'' => match self.quoted() {
                Some(length) => self.take(Kind::Quoted, length),
                None => self.take(Kind::Sign, 1),
            },
            c if c.is_ascii_digit() => self.take(Kind::Number, self.number()),
            c if c.is_alphabetic() || c == '_' => {
                self.take(Kind::Word, self.run(0, |c| c.is_alphanumeric() || c == '_'));
            }
            _ => {
                let length = SIGNS
                    .iter()
                    .find(|sign| self.starts_with(sign))
                    .map_or(1, |sign| sign.len());
                self.take(Kind::Sign, length);
            }
        }
    }

    /// Length of the string whose opening quotes have so many characters.
    fn string(&self, quotes: usize) -> usize {
        let mut length = quotes;
        while let Some(c) = self.peek(length) {
            match c {
                '\\' => length += 2,
                '"' => return length + 1,
                // A string ends with its line, but for one whose line is continued.
                '\n' => return length,
                _ => length += 1,
            }
        }
        length
    }

    /// Length of a raw string, `#"..."#`, with as many `#` as one likes.
    fn raw(&self) -> Option<usize> {
        let hashes = self.run(0, |c| c == '#');
        if self.peek(hashes) != Some('"') {
            return None;
        }
        let closing: Vec<char> = std::iter::once('"')
            .chain(std::iter::repeat_n('#', hashes))
            .collect();
        let inside = &self.text[self.at + hashes + 1..];
        let end = inside
            .windows(closing.len())
            .position(|window| window == closing)?;
        Some(hashes + 1 + end + closing.len())
    }

    /// Length of what stands between apostrophes, if the line has a second one: a quotation, or what was meant as one.
    fn quoted(&self) -> Option<usize> {
        // Behind a value without a space it is MATLAB's transposition.
        if !self.apart && self.found.last().is_some_and(Token::ends_value) {
            return None;
        }
        let mut length = 1;
        while let Some(c) = self.peek(length) {
            match c {
                '\\' => length += 2,
                '\'' => return Some(length + 1),
                '\n' => return None,
                _ => length += 1,
            }
        }
        None
    }

    fn number(&self) -> usize {
        let digit = |c: char| c.is_ascii_digit() || c == '_';
        if self.peek(0) == Some('0') && self.peek(1).is_some_and(|c| "xXoObB".contains(c)) {
            return 2 + self.run(2, |c| c.is_ascii_hexdigit() || c == '_');
        }
        let mut length = self.run(0, digit);
        if self.peek(length) == Some('.')
            && self.peek(length + 1).is_some_and(|c| c.is_ascii_digit())
        {
            length += 1 + self.run(length + 1, digit);
        }
        if self.peek(length).is_some_and(|c| c == 'e' || c == 'E') {
            let sign = usize::from(self.peek(length + 1).is_some_and(|c| c == '+' || c == '-'));
            let digits = self.run(length + 1 + sign, digit);
            if digits > 0 {
                length += 1 + sign + digits;
            }
        }
        length
    }

    /// A text in backticks: its pieces, and the tokens of what is put into it.
    fn interpolated(&mut self) {
        let mut length = 1;
        loop {
            match (self.peek(length), self.peek(length + 1)) {
                (None, _) if length == 0 => return,
                (None, _) => return self.take(Kind::Text, length),
                (Some('`'), Some('`')) => length += 2,
                (Some('`'), _) => return self.take(Kind::Text, length + 1),
                (Some('$'), Some('{')) => {
                    self.take(Kind::Text, length);
                    self.inserted();
                    length = 0;
                }
                _ => length += 1,
            }
        }
    }

    /// `${ ... }`.
    fn inserted(&mut self) {
        self.take(Kind::Sign, 2);
        let mut depth = 1;
        while self.at < self.text.len() {
            let known = self.found.len();
            self.token();
            // A text inside another one brings the brackets of its own insertions in pairs.
            let [token] = &self.found[known..] else {
                continue;
            };
            match token.text.as_str() {
                "{" | "#{" if token.kind == Kind::Sign => depth += 1,
                "}" if token.kind == Kind::Sign => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

/// Spaces that the language knows. Others, such as the ones of web pages, are no part of it.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<String> {
        tokens(script).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn a_script_falls_into_its_tokens() {
        for (script, want) in [
            ("let x = 1.5e-3*y;", "let|x|=|1.5e-3|*|y|;"),
            ("0..3 |> f // no\n/* a /* b */ c */ g", "0|..|3||>|f|g"),
            ("\"a\\\"b\" + 'c' x'", "\"a\\\"b\"|+|'c'|x|'"),
            ("`a ${f(\"}\")} b` + `c`", "`a |${|f|(|\"}\"|)|}| b`|+|`c`"),
            ("`${`x ${1}`}`", "`|${|`x |${|1|}|`|}|`"),
            ("#!/bin/x\n#{ a: 1 }", "#{|a|:|1|}"),
            ("#\"a \" b\"# x === y", "#\"a \" b\"#|x|===|y"),
            ("\"open\nx", "\"open|x"),
            ("`open ${x", "`open |${|x"),
            ("5.x 5. .5 1_000 0xff", "5|.|x|5|.|.|5|1_000|0xff"),
        ] {
            assert_eq!(texts(script).join("|"), want, "{script}");
        }
    }

    #[test]
    fn places_count_characters() {
        let all = tokens("ü = `a\nb` + c");
        let place = |i: usize| (all[i].line, all[i].column, all[i].start);
        assert_eq!(
            [place(0), place(1), place(2), place(3), place(4)],
            [(1, 1, 0), (1, 3, 2), (1, 5, 4), (2, 4, 10), (2, 6, 12)]
        );
        assert!(all[0].leads && !all[1].leads && !all[3].leads);
    }
}
