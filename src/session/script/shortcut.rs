//! Shortcuts that the parser does not have, written out before it reads a script.
//!
//! - `f(2)` calls the closure that a variable holds. The parser takes every `f(2)` for a call of a function, and does not
//!   hand `f` over to the closure that the call stands in; `f.call(2)` it understands, so that is what it gets.
//! - `m?.b` and `m?["b"]` ask a map for a key that it may not have. The parser only asks whether `m` is nothing, and a
//!   missing key is an error; `m?.get("b")` asks both.
//! - `help(noise)` names a function, which is no value.
//!
//! What is put in moves what stands behind it, and errors tell where they are: the places are turned back.

use super::tokens::{Kind, Token, tokens};
use rhai::Position;
use std::collections::{BTreeMap, BTreeSet};

/// A script as the parser reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Its text.
    pub text: String,
    /// What was put in, by line and in order.
    put_in: BTreeMap<usize, Vec<Piece>>,
}

/// Something that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// The column of the script before which it stands.
    before: usize,
    length: usize,
    /// The column of the script that is told for a place inside it.
    owner: usize,
}

/// What a script may call.
#[derive(Clone, Copy)]
pub struct Callable<'a> {
    /// Whether a name is that of a function of the language.
    pub native: &'a dyn Fn(&str) -> bool,
    /// Functions of the session's own.
    pub functions: &'a BTreeSet<String>,
    /// Variables of the session, and whether they hold a closure.
    pub variables: &'a BTreeMap<String, bool>,
}

impl Expanded {
    /// Writes the shortcuts of a script out.
    pub fn of(script: &str, callable: Callable<'_>) -> Expanded {
        let tokens = tokens(script);
        let edits = Reader::new(&tokens, callable).read();
        if edits.is_empty() {
            return Expanded {
                text: script.to_owned(),
                put_in: BTreeMap::new(),
            };
        }
        let mut text = String::with_capacity(script.len() + 16 * edits.len());
        let mut put_in: BTreeMap<usize, Vec<Piece>> = BTreeMap::new();
        let mut edits = edits.into_iter().peekable();
        for (at, c) in script.chars().chain(['\n']).enumerate() {
            let mut replaced = None;
            while let Some(edit) = edits.next_if(|edit| edit.at <= at) {
                text.push_str(&edit.text);
                let piece = Piece {
                    before: edit.column,
                    length: edit.text.chars().count(),
                    owner: edit.owner,
                };
                put_in.entry(edit.line).or_default().push(piece);
                replaced = replaced.or(edit.replaces);
            }
            text.push(replaced.unwrap_or(c));
        }
        text.pop();
        Expanded { text, put_in }
    }

    /// Where a place of the text is in the script.
    pub fn back(&self, position: Position) -> Position {
        let (Some(line), Some(column)) = (position.line(), position.position()) else {
            return position;
        };
        let mut added = 0;
        let mut found = None;
        for piece in self.put_in.get(&line).into_iter().flatten() {
            if column < piece.before + added {
                break;
            }
            if column < piece.before + added + piece.length {
                found = Some(piece.owner);
                break;
            }
            added += piece.length;
        }
        let column = found.unwrap_or(column - added);
        match (u16::try_from(line), u16::try_from(column)) {
            (Ok(line), Ok(column)) => Position::new(line, column),
            _ => position,
        }
    }
}

/// Text that is put in before a character, and what the character becomes.
struct Edit {
    at: usize,
    line: usize,
    column: usize,
    owner: usize,
    text: String,
    replaces: Option<char>,
}

impl Edit {
    fn before(token: &Token, owner: &Token, text: impl Into<String>) -> Edit {
        Edit {
            at: token.start,
            line: token.line,
            column: token.column,
            owner: owner.column,
            text: text.into(),
            replaces: None,
        }
    }

    fn behind(token: &Token, text: impl Into<String>) -> Edit {
        let length = token.text.chars().count();
        Edit {
            at: token.end(),
            line: token.line,
            column: token.column + length,
            owner: token.column,
            text: text.into(),
            replaces: None,
        }
    }

    fn replacing(mut self, by: char) -> Edit {
        self.replaces = Some(by);
        self
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    callable: Callable<'a>,
    own: BTreeSet<&'a str>,
    /// The names of every block that is open, and whether they hold a closure.
    blocks: Vec<BTreeMap<&'a str, bool>>,
    /// Names of the block that opens next: parameters.
    pending: Vec<&'a str>,
    /// The brackets that are open, and what they close with if that is changed.
    brackets: Vec<Option<char>>,
    edits: Vec<Edit>,
}

impl<'a> Reader<'a> {
    fn new(tokens: &'a [Token], callable: Callable<'a>) -> Reader<'a> {
        let own = tokens
            .windows(2)
            .filter(|pair| pair[0].is("fn"))
            .map(|pair| pair[1].text.as_str())
            .collect();
        let blocks = vec![
            callable
                .variables
                .iter()
                .map(|(name, closure)| (name.as_str(), *closure))
                .collect(),
        ];
        Reader {
            tokens,
            callable,
            own,
            blocks,
            pending: Vec::new(),
            brackets: Vec::new(),
            edits: Vec::new(),
        }
    }

    fn read(mut self) -> Vec<Edit> {
        for at in 0..self.tokens.len() {
            match self.tokens[at].kind {
                Kind::Word => self.word(at),
                Kind::Sign => self.sign(at),
                _ => {}
            }
        }
        self.edits.sort_by_key(|edit| edit.at);
        self.edits
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    fn before(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at.checked_sub(1)?)
    }

    fn declare(&mut self, name: &'a str, closure: bool) {
        if let Some(block) = self.blocks.last_mut() {
            block.insert(name, closure);
        }
    }

    /// Whether a variable of the name is known, and if so, whether it holds a closure.
    fn known(&self, name: &str) -> Option<bool> {
        self.blocks
            .iter()
            .rev()
            .find_map(|block| block.get(name).copied())
    }

    /// Whether a closure begins at a token.
    fn begins_closure(&self, at: usize) -> bool {
        self.is(at, "|") || self.is(at, "||") || (self.is(at, "Fn") && self.is(at + 1, "("))
    }

    fn word(&mut self, at: usize) {
        let tokens = self.tokens;
        let token = &tokens[at];
        let before = self.before(at);
        let is_member = before.is_some_and(|before| before.is(".") || before.is("?."));
        if is_member {
            if before.is_some_and(|before| before.is("?.")) {
                self.asked(at);
            }
            return;
        }
        match token.text.as_str() {
            "let" | "const"
                if tokens
                    .get(at + 1)
                    .is_some_and(|name| name.kind == Kind::Word) =>
            {
                self.declare(
                    &tokens[at + 1].text,
                    self.is(at + 2, "=") && self.begins_closure(at + 3),
                );
            }
            "for" => {
                let head = tokens[at + 1..]
                    .iter()
                    .take_while(|token| !token.is("in"))
                    .take(5);
                let names: Vec<&str> = head
                    .filter(|token| token.kind == Kind::Word)
                    .map(|token| token.text.as_str())
                    .collect();
                self.pending.extend(names);
            }
            "fn" if self.is(at + 2, "(") => {
                let parameters = tokens[at + 3..].iter().take_while(|token| !token.is(")"));
                let names: Vec<&str> = parameters
                    .filter(|token| token.kind == Kind::Word)
                    .map(|token| token.text.as_str())
                    .collect();
                self.pending.extend(names);
            }
            name if self.is(at + 1, "=") && self.begins_closure(at + 2) => {
                if let Some(closure) = self
                    .blocks
                    .iter_mut()
                    .rev()
                    .find_map(|block| block.get_mut(name))
                {
                    *closure = true;
                }
            }
            "help" if self.is(at + 1, "(") && self.named_for_help(at + 2).is_some() => {
                let last = self.named_for_help(at + 2).unwrap_or(at + 2);
                self.edits
                    .push(Edit::before(&tokens[at + 2], &tokens[at + 2], "\""));
                self.edits.push(Edit::behind(&tokens[last], "\""));
            }
            name if self.is(at + 1, "(")
                && !before.is_some_and(|before| before.is("fn") || before.is("::")) =>
            {
                let is_function = self.own.contains(name) || self.callable.functions.contains(name);
                let calls = match self.known(name) {
                    _ if is_function => false,
                    Some(true) => true,
                    Some(false) => !(self.callable.native)(name),
                    None => false,
                };
                if calls {
                    self.edits.push(Edit::behind(token, ".call"));
                }
            }
            _ => {}
        }
    }

    /// The last token of a name that help is asked for, `noise` or `wave.plot`, if it is all there is and no variable.
    fn named_for_help(&self, at: usize) -> Option<usize> {
        let name = self
            .tokens
            .get(at)
            .filter(|token| token.kind == Kind::Word)?;
        let last = if self.is(at + 1, ".") || self.is(at + 1, "::") {
            at + 2
        } else {
            at
        };
        let is_name = self.tokens.get(last)?.kind == Kind::Word && self.is(last + 1, ")");
        (is_name && self.known(&name.text).is_none()).then_some(last)
    }

    /// `?.name`, unless it is a method or is given a value.
    fn asked(&mut self, at: usize) {
        let token = &self.tokens[at];
        if self.is(at + 1, "(") || self.is_assigned(at + 1) {
            return;
        }
        self.edits.push(Edit::before(token, token, "get(\""));
        self.edits.push(Edit::behind(token, "\")"));
    }

    fn is_assigned(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            token.kind == Kind::Sign
                && token.text.ends_with('=')
                && !matches!(token.text.as_str(), "==" | "!=" | "<=" | ">=" | "..=")
        })
    }

    fn sign(&mut self, at: usize) {
        let tokens = self.tokens;
        let token = &tokens[at];
        match token.text.as_str() {
            "{" | "#{" | "${" => {
                let names = std::mem::take(&mut self.pending);
                self.blocks
                    .push(names.into_iter().map(|name| (name, false)).collect());
                self.brackets.push(None);
            }
            "(" | "[" => {
                self.called_value(at);
                self.brackets.push(None);
            }
            "?[" => {
                let change = !self
                    .closing(at)
                    .is_some_and(|close| self.is_assigned(close + 1));
                if change {
                    let mut edit = Edit::before(token, token, ".get");
                    // The sign is `?` and `[`: the text goes between them.
                    edit.at += 1;
                    edit.column += 1;
                    self.edits.push(edit.replacing('('));
                }
                self.brackets.push(change.then_some(')'));
            }
            "]" | ")" | "}" => {
                if let Some(Some(closing)) = self.brackets.pop() {
                    self.edits
                        .push(Edit::before(token, token, "").replacing(closing));
                }
                if token.is("}") && self.blocks.len() > 1 {
                    self.blocks.pop();
                }
            }
            "|" | "||" if !self.before(at).is_some_and(Token::ends_value) => self.closure(at),
            _ => {}
        }
    }

    /// The parameters of a closure: those of its block, or known to the end of the one around it.
    fn closure(&mut self, at: usize) {
        if self.is(at, "||") {
            return;
        }
        let tokens = self.tokens;
        let Some(end) = (at + 1..tokens.len()).find(|&i| self.is(i, "|")) else {
            return;
        };
        for token in tokens[at + 1..end]
            .iter()
            .filter(|token| token.kind == Kind::Word)
        {
            if self.is(end + 1, "{") {
                self.pending.push(&token.text);
            } else {
                self.declare(&token.text, false);
            }
        }
    }

    /// `x[0](2)`, `f(1)(2)`: the value of an expression is called.
    fn called_value(&mut self, at: usize) {
        let token = &self.tokens[at];
        let Some(before) = self
            .before(at)
            .filter(|before| before.is("]") || before.is(")"))
        else {
            return;
        };
        if !token.is("(") || token.apart {
            return;
        }
        let heads = ["if", "while", "until", "for", "switch", "catch"];
        let head = self.opening(at - 1).and_then(|open| self.before(open));
        if head.is_some_and(|head| heads.iter().any(|word| head.is(word))) {
            return;
        }
        self.edits.push(Edit::behind(before, ".call"));
    }

    /// The bracket that closes what opens at a token.
    fn closing(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        (at..self.tokens.len()).find(|&i| {
            match self.tokens[i].text.as_str() {
                "(" | "[" | "{" | "#{" | "${" | "?[" if self.tokens[i].kind == Kind::Sign => {
                    depth += 1
                }
                ")" | "]" | "}" if self.tokens[i].kind == Kind::Sign => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    /// The bracket that opens what closes at a token.
    fn opening(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        (0..=at).rev().find(|&i| {
            match self.tokens[i].text.as_str() {
                ")" | "]" | "}" if self.tokens[i].kind == Kind::Sign => depth += 1,
                "(" | "[" | "{" | "#{" | "${" | "?[" if self.tokens[i].kind == Kind::Sign => {
                    depth -= 1
                }
                _ => {}
            }
            depth == 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(script: &str) -> Expanded {
        let functions = BTreeSet::from(["old".to_owned()]);
        let variables = BTreeMap::from([
            ("f".to_owned(), true),
            ("x".to_owned(), false),
            ("old".to_owned(), true),
        ]);
        let native = |name: &str| matches!(name, "gain" | "tone" | "print");
        Expanded::of(
            script,
            Callable {
                native: &native,
                functions: &functions,
                variables: &variables,
            },
        )
    }

    #[test]
    fn closures_in_variables_are_called() {
        for (script, want) in [
            ("f(2)", "f.call(2)"),
            ("f (2)", "f.call (2)"),
            ("old(2); g(2)", "old(2); g(2)"),
            (
                "let g = |x| x; g(1) + g(2)",
                "let g = |x| x; g.call(1) + g.call(2)",
            ),
            (
                "let tone = tone(440, 1); tone(1)",
                "let tone = tone(440, 1); tone(1)",
            ),
            (
                "let gain = |x| x; gain(1)",
                "let gain = |x| x; gain.call(1)",
            ),
            (
                "fn twice(g, x) { g(g(x)) } g(1)",
                "fn twice(g, x) { g.call(g.call(x)) } g(1)",
            ),
            (
                "fn compose(a, b) { |x| a(b(x)) }",
                "fn compose(a, b) { |x| a.call(b.call(x)) }",
            ),
            (
                "for g in fs { print(g(1)) }",
                "for g in fs { print(g.call(1)) }",
            ),
            (
                "let fs = [f]; fs[0](2)(3)",
                "let fs = [f]; fs[0].call(2).call(3)",
            ),
            ("(|x| x + 1)(2)", "(|x| x + 1).call(2)"),
            ("if (x)(y)", "if (x)(y)"),
            ("fn f(x) { x } f(2)", "fn f(x) { x } f(2)"),
            (
                "`a ${f(1)} f(2)` + m.f(3) + m::f(4)",
                "`a ${f.call(1)} f(2)` + m.f(3) + m::f(4)",
            ),
            (
                "\"f(1)\" // f(2)\n/* f(3) */ x",
                "\"f(1)\" // f(2)\n/* f(3) */ x",
            ),
            ("{ let h = 1; h(2) } h(2)", "{ let h = 1; h.call(2) } h(2)"),
        ] {
            assert_eq!(expanded(script).text, want);
        }
    }

    #[test]
    fn keys_are_asked_for() {
        for (script, want) in [
            ("m?.b", "m?.get(\"b\")"),
            ("m?.b.c?.d + 1", "m?.get(\"b\").c?.get(\"d\") + 1"),
            (
                "m?.f(1); m?.b = 2; m?[0] = 1",
                "m?.f(1); m?.b = 2; m?[0] = 1",
            ),
            ("m?[a[0]] == 2", "m?.get(a[0]) == 2"),
            (
                "help(noise); help(wave.plot); help(x); help()",
                "help(\"noise\"); help(\"wave.plot\"); help(x); help()",
            ),
        ] {
            assert_eq!(expanded(script).text, want);
        }
    }

    #[test]
    fn places_are_turned_back() {
        let script = "let a = f(m?.b) + f(x);\nf(y) + z";
        let expanded = expanded(script);
        let lines: Vec<Vec<char>> = expanded
            .text
            .lines()
            .map(|line| line.chars().collect())
            .collect();
        for (i, line) in script.lines().enumerate() {
            for (j, c) in line
                .chars()
                .enumerate()
                .filter(|(_, c)| c.is_alphanumeric())
            {
                let places: Vec<usize> = (0..lines[i].len())
                    .filter(|&k| {
                        let place = Position::new(i as u16 + 1, k as u16 + 1);
                        lines[i][k] == c && expanded.back(place).position() == Some(j + 1)
                    })
                    .collect();
                assert_eq!(places.len(), 1, "{c} at {i}:{j} is {places:?}");
            }
        }
        assert_eq!(expanded.back(Position::NONE), Position::NONE);
    }
}
