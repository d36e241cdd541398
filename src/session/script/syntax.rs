//! What can be said of a script's text without running it.

use rhai::{AST, ASTNode, Engine, Expr, LexError, ParseErrorType, Position, Stmt};
use std::collections::BTreeSet;

/// Whether a piece of text can be run as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More lines are to come.
    Incomplete,
    /// No more lines would mend it.
    Invalid,
}

/// Decides by the parser whether a text is complete.
///
/// An error at the end of the text means that something is missing there. An error further up that moves when a stray
/// character is added behind the text was caused by its end, too: an open bracket, string or comment.
pub fn completeness(engine: &Engine, text: &str) -> Completeness {
    let error = match engine.compile(text) {
        Ok(_) if open_comment(text) => return Completeness::Incomplete,
        Ok(_) => return Completeness::Complete,
        Err(error) => error,
    };
    let last = text.trim_end();
    let beyond = |position: Position| match (position.line(), position.position()) {
        (Some(line), Some(column)) => {
            let lines = last.lines().count();
            line > lines
                || (line == lines && column > last.lines().last().unwrap_or("").chars().count())
        }
        (Some(line), None) => line > last.lines().count(),
        _ => true,
    };
    let open_string = matches!(
        &*error.0,
        ParseErrorType::BadInput(LexError::UnterminatedString)
    );
    let is_doc = matches!(&*error.0, ParseErrorType::WrongDocComment)
        && error.1.line() == Some(last.lines().count());
    if matches!(*error.0, ParseErrorType::UnexpectedEOF)
        || beyond(error.1)
        || is_doc
        || (open_string && text.contains('`'))
    {
        return Completeness::Incomplete;
    }
    match engine.compile(format!("{text}\n\u{1}")) {
        Err(moved) if moved.1.line() > Some(text.lines().count()) => Completeness::Incomplete,
        _ => Completeness::Invalid,
    }
}

/// Length of the string literal that begins a text, in characters and with both quotes; `None` if it is not closed.
pub fn string_length(text: &[char]) -> Option<usize> {
    let quote = text.first()?;
    let mut escaped = false;
    let end = text.iter().skip(1).position(|c| {
        let ends = c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map(|end| end + 2)
}

/// Where the parenthesis closes that was opened right before a text.
pub(super) fn closing(text: &[char]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(&c) = text.get(at) {
        match c {
            '"' | '`' | '\'' => {
                at += string_length(&text[at..])?;
                continue;
            }
            '/' if text.get(at + 1) == Some(&'/') => {
                at += text[at..].iter().position(|&c| c == '\n')?;
            }
            '/' if text.get(at + 1) == Some(&'*') => {
                at += 2
                    + text[at + 2..]
                        .windows(2)
                        .position(|pair| pair == ['*', '/'])?
                    + 1;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a block comment is open at the end; the parser takes one for finished.
fn open_comment(text: &str) -> bool {
    let mut depth = 0usize;
    let mut chars = text.chars().peekable();
    let mut string: Option<char> = None;
    while let Some(c) = chars.next() {
        match (string, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(quote), c) if c == quote => string = None,
            (Some(_), _) => {}
            (None, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                depth += 1;
            }
            (None, '*') if depth > 0 && chars.peek() == Some(&'/') => {
                chars.next();
                depth -= 1;
            }
            (None, '/') if depth == 0 && chars.peek() == Some(&'/') => {
                while chars.next_if(|&c| c != '\n').is_some() {}
            }
            (None, '"' | '`') if depth == 0 => string = Some(c),
            _ => {}
        }
    }
    depth > 0
}

/// Calls in a script, also where they are not reached, of functions that exist nowhere: names and positions.
pub fn unknown_calls(ast: &AST, known: &BTreeSet<String>) -> Vec<(String, Position)> {
    let own: BTreeSet<String> = ast
        .iter_functions()
        .map(|function| function.name.to_owned())
        .collect();
    let mut variables: BTreeSet<String> = ast
        .iter_functions()
        .flat_map(|function| function.params)
        .map(str::to_owned)
        .collect();
    let mut calls: Vec<(String, Position)> = Vec::new();
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => {
                variables.insert(var.0.name.to_string());
            }
            Some(ASTNode::Expr(
                Expr::FnCall(call, position) | Expr::MethodCall(call, position),
            )) => {
                let name = call.name.to_string();
                let named = name
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_alphabetic() || c == '_');
                let qualified = call.is_qualified();
                if named && !qualified && !known.contains(&name) && !own.contains(&name) {
                    calls.push((name, *position));
                }
            }
            _ => {}
        }
        true
    });
    // `f(x)` may also call a closure that a variable or a parameter holds.
    calls.retain(|(name, _)| !variables.contains(name));
    calls
}
