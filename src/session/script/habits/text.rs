//! A script as tokens, with what belongs together.

use super::super::Table;
use super::super::tokens::{Kind, Token, tokens};

/// A script that is looked at.
pub(in super::super) struct Text<'a> {
    pub(super) chars: Vec<char>,
    pub(in super::super) tokens: Vec<Token>,
    pub(super) table: &'a Table,
    /// For a bracket, its partner.
    partner: Vec<Option<usize>>,
    /// For every token, the bracket around it.
    around: Vec<Option<usize>>,
}

/// What is written as another language has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Habit {
    /// The first token of what is shown.
    pub(in super::super) at: usize,
    /// The last one.
    pub(in super::super) through: usize,
    pub(in super::super) message: String,
    pub(in super::super) hint: String,
}

impl Habit {
    pub(super) fn new(
        at: usize,
        through: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Option<Habit> {
        Some(Habit {
            at,
            through,
            message: message.into(),
            hint: hint.into(),
        })
    }
}

impl<'a> Text<'a> {
    pub(in super::super) fn of(script: &str, table: &'a Table) -> Text<'a> {
        let tokens = tokens(script);
        let mut partner = vec![None; tokens.len()];
        let mut around = vec![None; tokens.len()];
        let mut open: Vec<usize> = Vec::new();
        for (i, token) in tokens.iter().enumerate() {
            if closes(token)
                && let Some(opening) = open.pop()
            {
                partner[opening] = Some(i);
                partner[i] = Some(opening);
            }
            around[i] = open.last().copied();
            if opens(token) {
                open.push(i);
            }
        }
        Text {
            chars: script.chars().collect(),
            tokens,
            table,
            partner,
            around,
        }
    }

    /// The token at a place, or the last one before it.
    pub(in super::super) fn at(&self, line: usize, column: usize) -> Option<usize> {
        self.tokens
            .iter()
            .rposition(|token| (token.line, token.column) <= (line, column))
    }

    pub(in super::super) fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    pub(super) fn before(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at.checked_sub(1)?)
    }

    pub(in super::super) fn is(&self, at: usize, text: &str) -> bool {
        self.get(at).is_some_and(|token| token.is(text))
    }

    pub(super) fn is_any(&self, at: usize, texts: &[&str]) -> bool {
        self.get(at)
            .is_some_and(|token| texts.iter().any(|text| token.is(text)))
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.get(at).map(|token| token.kind)
    }

    pub(in super::super) fn is_name(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Word)
    }

    /// The partner of a bracket.
    pub(super) fn partner(&self, at: usize) -> Option<usize> {
        self.partner.get(at).copied().flatten()
    }

    /// The bracket around a token.
    pub(super) fn around(&self, at: usize) -> Option<usize> {
        self.around.get(at).copied().flatten()
    }

    /// Whether a token stands right inside a bracket of a kind.
    pub(super) fn inside(&self, at: usize, bracket: &str) -> bool {
        self.around(at).is_some_and(|open| self.is(open, bracket))
    }

    /// Whether a token begins a statement.
    pub(super) fn begins_statement(&self, at: usize) -> bool {
        match self.before(at) {
            None => true,
            Some(before) => {
                before.is(";") || before.is("{") || before.is("}") || self.tokens[at].leads
            }
        }
    }

    /// The last token of the line of a token.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let line = self.tokens[at].line;
        let more = self.tokens[at..]
            .iter()
            .take_while(|token| token.line == line)
            .count();
        at + more.max(1) - 1
    }

    /// Where the last token of the line of a token ends, in characters of the script.
    pub(in super::super) fn end_of_line(&self, at: usize) -> usize {
        self.tokens[self.line_end(at)].end()
    }

    /// The last token of the expression that begins at a token: up to a comma, a semicolon, the bracket around it or the
    /// end of its line.
    pub(super) fn expression_end(&self, at: usize) -> usize {
        let around = self.around(at);
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        let mut end = at;
        for i in at..self.tokens.len() {
            let here = self.around(i) == around;
            let token = &self.tokens[i];
            if (here && (token.is(",") || token.is(";")))
                || (closes(token) && self.partner(i) == around && around.is_some())
                || (token.leads && token.line > line && here)
            {
                break;
            }
            end = i;
        }
        end
    }

    /// What the tokens from one to another are in the script.
    pub(super) fn source(&self, from: usize, through: usize) -> String {
        let (Some(first), Some(last)) = (self.get(from), self.get(through)) else {
            return String::new();
        };
        if from > through {
            return String::new();
        }
        self.chars[first.start..last.end().min(self.chars.len())]
            .iter()
            .collect()
    }
}

pub(super) fn opens(token: &Token) -> bool {
    token.kind == Kind::Sign && matches!(token.text.as_str(), "(" | "[" | "{" | "#{" | "${" | "?[")
}

pub(super) fn closes(token: &Token) -> bool {
    token.kind == Kind::Sign && matches!(token.text.as_str(), ")" | "]" | "}")
}
