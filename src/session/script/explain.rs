//! From rhai's errors to diagnostics.

use super::habits::{self, Habit, Text};
use super::message::{Cause, parse_message};
use super::shortcut::Expanded;
use super::syntax::closing;
use super::{Diagnostic, Label, Quotient, ScriptError, Severity, Span, Table, TextPart};
use rhai::{EvalAltResult, LexError, ParseError, ParseErrorType, Position};
use std::collections::{BTreeMap, BTreeSet};

/// The texts of everything that was compiled, by name.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<String, String>,
    /// What the parser read, where that is not the text itself.
    expanded: BTreeMap<String, Expanded>,
    /// The name of the text that runs, or ran last.
    running: String,
    /// Names of the language's own texts: no user can mend anything there.
    own: BTreeSet<String>,
}

impl Sources {
    /// Remembers a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        let name = name.into();
        self.expanded.remove(&name);
        self.texts.insert(name, text.into());
    }

    /// Remembers a text of the language's own. An error inside it is shown where the user's text called it.
    pub fn add_own(&mut self, name: &str, text: &str) {
        self.add(name, text);
        self.own.insert(name.to_owned());
    }

    /// Remembers a text that is about to run.
    pub fn begin(&mut self, name: &str, text: &str) {
        self.add(name, text);
        self.running = name.to_owned();
    }

    /// The text that runs, or ran last, behind its name: the script itself, whatever file it has imported.
    pub fn running(&self) -> Option<(&str, &str)> {
        Some((&self.running, self.text(&self.running)?))
    }

    /// Remembers what the parser reads instead of a text.
    pub fn expand(&mut self, name: &str, expanded: Expanded) {
        self.expanded.insert(name.to_owned(), expanded);
    }

    /// The text of a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// The position in a text of a position in what the parser read.
    pub(super) fn back(&self, name: &str, position: Position) -> Position {
        self.expanded
            .get(name)
            .map_or(position, |expanded| expanded.back(position))
    }

    /// What stands between the parentheses of the call at a position, if the text is known.
    pub fn arguments(&self, name: &str, position: Position) -> Option<String> {
        let position = self.back(name, position);
        let lines = self.texts.get(name)?.lines().skip(position.line()? - 1);
        let rest: Vec<char> = lines
            .collect::<Vec<_>>()
            .join("\n")
            .chars()
            .skip(position.position()? - 1)
            .collect();
        let open = rest.iter().position(|&c| c == '(')?;
        let inside = &rest[open + 1..];
        Some(
            inside[..closing(inside)?]
                .iter()
                .collect::<String>()
                .trim()
                .to_owned(),
        )
    }

    fn span(&self, name: &str, position: Position) -> Option<Span> {
        let text = self.texts.get(name)?;
        let position = self.back(name, position);
        // A position without a column is that of a whole line; none at all is the end of the text.
        let line = position
            .line()
            .unwrap_or_else(|| text.lines().count().max(1));
        let end = || {
            text.lines()
                .nth(line - 1)
                .map_or(1, |line| line.trim_end().chars().count() + 1)
        };
        Some(Span::at(
            name,
            text,
            line,
            position.position().unwrap_or_else(end),
        ))
    }
}

/// Explains why a text cannot be parsed.
pub fn explain_parse(
    error: &ParseError,
    source: &str,
    sources: &Sources,
    table: &Table,
) -> Diagnostic {
    let (message, hint) = parse_message(&error.0, table);
    let plain = || Diagnostic::error(message, sources.span(source, error.1), "", hint);
    let Some(script) = sources.text(source) else {
        return plain();
    };
    let text = Text::of(script, table);
    let place = sources.back(source, error.1);
    // Without a place it is the end of the text that the parser complains of.
    let line = place.line().unwrap_or(usize::MAX);
    let column = place.position().unwrap_or(usize::MAX);
    let is_string = matches!(
        &*error.0,
        ParseErrorType::BadInput(LexError::UnterminatedString)
    );
    let found = habits::near(&text, line, column)
        .or_else(|| {
            if is_string {
                None
            } else {
                habits::unbalanced(&text)
            }
        })
        .or_else(|| {
            if says_what_is_wanted(&error.0) {
                None
            } else {
                habits::between(&text, line, column)
            }
        });
    match found {
        Some(habit) => of_habit(habit, source, script, &text),
        None => plain(),
    }
}

/// Explains what a text says that can be parsed, where that is surely not what is meant.
pub fn explain_misread(source: &str, sources: &Sources, table: &Table) -> Option<Diagnostic> {
    let script = sources.text(source)?;
    let text = Text::of(script, table);
    Some(of_habit(habits::misread(&text)?, source, script, &text))
}

/// Explains that a quotient of whole numbers is a whole number.
pub fn explain_quotient(quotient: &Quotient, source: &str, sources: &Sources) -> Diagnostic {
    let (a, b) = quotient.numbers;
    let fraction = a as f64 / b as f64;
    let message = match &quotient.variable {
        Some(name) => format!("`{name}` is {a}/{b}, which is a whole number: {}", a / b),
        None => format!("`{a}/{b}` is a whole number: {}", a / b),
    };
    // A fraction that its digits do not tell exactly is better left to the machine.
    let exact = (fraction * 1e6).fract() == 0.0;
    let hint = if exact {
        format!("write `{fraction}` or `{a}.0/{b}`")
    } else {
        format!("write `{a}.0/{b}`")
    };
    Diagnostic::error(
        message,
        sources.span(source, quotient.position),
        "",
        Some(hint),
    )
}

/// Whether rhai's own message is better than one about what stands side by side.
fn says_what_is_wanted(kind: &ParseErrorType) -> bool {
    match kind {
        ParseErrorType::MissingToken(token, _) => {
            !matches!(token.as_str(), ";" | "," | ")" | "]" | "}")
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(_)) => false,
        _ => true,
    }
}

fn of_habit(habit: Habit, source: &str, script: &str, text: &Text<'_>) -> Diagnostic {
    let (first, last) = (&text.tokens[habit.at], &text.tokens[habit.through]);
    // A stretch of several lines is shown by its first one.
    let end = if last.line == first.line {
        last.end()
    } else {
        text.end_of_line(habit.at)
    };
    let lines = last
        .text
        .lines()
        .next()
        .map_or(1, |line| line.chars().count());
    let width = if first.text.contains('\n') {
        lines
    } else {
        end - first.start
    };
    let span = Span {
        source: source.to_owned(),
        text: script.to_owned(),
        line: first.line,
        column: first.column,
        width: width.max(1),
    };
    Diagnostic::error(habit.message, Some(span), "", Some(habit.hint))
}

/// The part of a text that an error is about.
fn part_of_text(error: &EvalAltResult) -> Option<TextPart> {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => value.clone().try_cast::<ScriptError>()?.part,
        _ => None,
    }
}

/// Where a part of a text stands in a script, if the text is written out behind the call, on one line and as it is.
fn span_of_part(
    part: &TextPart,
    text: &Text<'_>,
    call: usize,
    source: &str,
    sources: &Sources,
) -> Option<Span> {
    let written = text.tokens.get(call..)?.iter().find(|token| {
        let mut inside = token.text.chars();
        let quotes = (inside.next(), inside.next_back());
        matches!(quotes, (Some('"'), Some('"')) | (Some('`'), Some('`')))
            && inside.as_str() == part.text
            && !part.text.contains(['\\', '\n'])
    })?;
    Some(Span {
        source: source.to_owned(),
        text: sources.text(source)?.to_owned(),
        line: written.line,
        column: written.column + part.column,
        width: part.width,
    })
}

/// Explains why a script stopped. `names` are the variables it had.
pub fn explain(
    error: &EvalAltResult,
    source: &str,
    sources: &Sources,
    table: &Table,
    names: &[String],
) -> Diagnostic {
    // The innermost error is the cause; the calls around it say how the script got there.
    let mut calls: Vec<(String, Position)> = Vec::new();
    let (mut inner, mut inner_source) = (error, source.to_owned());
    let mut call_source = source.to_owned();
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(name, defined_in, error, position) => {
                calls.push((call_source.clone(), *position));
                if !defined_in.is_empty() {
                    inner_source.clone_from(defined_in);
                }
                call_source.clone_from(&inner_source);
                let _ = name;
                inner = error;
            }
            EvalAltResult::ErrorInModule(module, error, position) => {
                calls.push((call_source.clone(), *position));
                inner_source.clone_from(module);
                inner = error;
            }
            _ => break,
        }
    }
    let place = sources.back(&inner_source, inner.position());
    let text = sources
        .text(&inner_source)
        .map(|script| Text::of(script, table));
    let at = text
        .as_ref()
        .and_then(|text| text.at(place.line()?, place.position()?));
    let cause = Cause {
        text: text.as_ref(),
        at,
        table,
        names,
        in_function: !calls.is_empty(),
    };
    let (mut message, label, mut hints) = cause.eval_message(inner);
    let mut labels = Vec::new();
    if let (Some(part), Some(text), Some(at)) = (part_of_text(inner), &text, at)
        && let Some(span) = span_of_part(&part, text, at, &inner_source, sources)
    {
        message = part.message;
        let text = String::new();
        labels.push(Label { span, text });
    }
    match sources.span(&inner_source, inner.position()) {
        Some(span) if labels.is_empty() => labels.push(Label {
            span,
            text: label.to_owned(),
        }),
        _ => {}
    }
    for (source, position) in calls.iter().rev() {
        match sources.span(source, *position) {
            Some(span) if labels.iter().all(|label: &Label| label.span != span) => {
                labels.push(Label {
                    span,
                    text: "called from here".into(),
                });
            }
            _ => {}
        }
    }
    without_own(&mut labels, sources);
    hints.retain(|hint| !hint.is_empty());
    Diagnostic {
        severity: Severity::Error,
        message,
        labels,
        hints,
    }
}

/// Takes out places in the language's own texts, if the script has places of its own; the first that stays is then the call.
fn without_own(labels: &mut Vec<Label>, sources: &Sources) {
    let is_own = |label: &Label| sources.own.contains(&label.span.source);
    if labels.iter().all(is_own) {
        return;
    }
    let began_inside = labels.first().is_some_and(is_own);
    labels.retain(|label| !is_own(label));
    if began_inside && let Some(first) = labels.first_mut() {
        first.text = "in this call".into();
    }
}
