//! From rhai's errors to diagnostics.

use super::error::nearest;
use super::syntax::closing;
use super::{Diagnostic, Label, ScriptError, Severity, Span, Table};
use rhai::{Dynamic, EvalAltResult, LexError, ParseError, ParseErrorType, Position};
use std::collections::BTreeMap;

/// The texts of everything that was compiled, by name.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<String, String>,
}

impl Sources {
    /// Remembers a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(name.into(), text.into());
    }

    /// What stands between the parentheses of the call at a position, if the text is known.
    pub fn arguments(&self, name: &str, position: Position) -> Option<String> {
        let lines = self.texts.get(name)?.lines().skip(position.line()? - 1);
        let rest: Vec<char> = lines.collect::<Vec<_>>().join("\n").chars().skip(position.position()? - 1).collect();
        let open = rest.iter().position(|&c| c == '(')?;
        let inside = &rest[open + 1..];
        Some(inside[..closing(inside)?].iter().collect::<String>().trim().to_owned())
    }

    fn span(&self, name: &str, position: Position) -> Option<Span> {
        let text = self.texts.get(name)?;
        // A position without a column is that of a whole line; none at all is the end of the text.
        let line = position.line().unwrap_or_else(|| text.lines().count().max(1));
        let end = || text.lines().nth(line - 1).map_or(1, |line| line.trim_end().chars().count() + 1);
        Some(Span::at(name, text, line, position.position().unwrap_or_else(end)))
    }
}

/// Explains why a text cannot be parsed.
pub fn explain_parse(error: &ParseError, source: &str, sources: &Sources) -> Diagnostic {
    let (message, hint) = parse_message(&error.0);
    Diagnostic::error(message, sources.span(source, error.1), "", hint)
}

/// Explains why a script stopped. `names` are the variables it had.
pub fn explain(error: &EvalAltResult, source: &str, sources: &Sources, table: &Table, names: &[String]) -> Diagnostic {
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
    let (message, label, mut hints) = eval_message(inner, table, names);
    let mut labels = Vec::new();
    if let Some(span) = sources.span(&inner_source, inner.position()) {
        labels.push(Label { span, text: label.to_owned() });
    }
    for (source, position) in calls.iter().rev() {
        match sources.span(source, *position) {
            Some(span) if labels.iter().all(|label: &Label| label.span != span) => {
                labels.push(Label { span, text: "called from here".into() });
            }
            _ => {}
        }
    }
    hints.retain(|hint| !hint.is_empty());
    Diagnostic { severity: Severity::Error, message, labels, hints }
}

fn eval_message(error: &EvalAltResult, table: &Table, names: &[String]) -> (String, &'static str, Vec<String>) {
    use EvalAltResult as E;
    let plain = |message: String| (message, "", Vec::new());
    match error {
        E::ErrorRuntime(value, _) => match value.clone().try_cast::<ScriptError>() {
            Some(error) => (error.message, "in this call", error.hint.into_iter().collect()),
            None => (thrown(value), "thrown here", Vec::new()),
        },
        E::ErrorFunctionNotFound(signature, _) => missing_function(signature, table),
        E::ErrorVariableNotFound(name, _) => {
            let mut hints = Vec::new();
            let functions = table.names();
            if functions.contains(name.as_str()) {
                hints.push(format!("`{name}` is a function: write `{name}(...)`"));
            } else if let Some(guess) = nearest(name, names.iter().map(String::as_str)) {
                hints.push(format!("did you mean `{guess}`?"));
            } else if let Some(guess) = table.nearest(name) {
                hints.push(format!("did you mean the function `{guess}`?"));
            } else {
                hints.push(format!("a variable is made with `let {name} = ...`"));
            }
            (format!("there is no variable `{name}`"), "", hints)
        }
        E::ErrorPropertyNotFound(text, _) | E::ErrorDotExpr(text, _) => missing_property(text, table),
        E::ErrorIndexNotFound(index, _) => plain(format!("there is no element {index}")),
        E::ErrorArrayBounds(length, index, _) => {
            let message = format!("index {index} is outside an array of {length}");
            let hint = match length {
                0 => "the array is empty".into(),
                n => format!("indices go from 0 to {}, or from -{n} to -1 counted from the end", n - 1),
            };
            (message, "", vec![hint])
        }
        E::ErrorModuleNotFound(name, _) => plain(format!("there is no module `{name}`")),
        E::ErrorMismatchDataType(wanted, got, _) => {
            plain(format!("{} is wanted here, not {}", article(wanted), article(got)))
        }
        E::ErrorMismatchOutputType(wanted, got, _) => {
            plain(format!("{} is wanted here, not {}", article(wanted), article(got)))
        }
        E::ErrorIndexingType(name, _) => {
            plain(format!("{} cannot be indexed this way", article(name.split(' ').next().unwrap_or(name))))
        }
        E::ErrorFor(_) => (
            "this cannot be looped over".into(),
            "",
            vec!["a loop runs over an array, a range `0..n` or batches".into()],
        ),
        E::ErrorAssignmentToConstant(name, _) => {
            (format!("`{name}` is a constant"), "", vec!["declare it with `let` to change it".into()])
        }
        E::ErrorArithmetic(text, _) => plain(lower_first(text)),
        E::ErrorStackOverflow(_) => {
            let hint = "does a function call itself without an end?".to_owned();
            ("too many calls inside each other".into(), "", vec![hint])
        }
        E::ErrorDataTooLarge(what, _) => plain(format!("{} has grown too large", lower_first(what))),
        E::ErrorTerminated(reason, _) => plain(reason.to_string()),
        E::ErrorParsing(kind, _) => {
            let (message, hint) = parse_message(kind);
            (message, "", hint.into_iter().collect())
        }
        other => {
            // rhai appends the position, which the picture shows.
            let text = other.to_string();
            plain(lower_first(text.split(" (line ").next().unwrap_or(&text)))
        }
    }
}

/// What a script threw: a string as it is, a map by its `message`.
fn thrown(value: &Dynamic) -> String {
    if let Some(map) = value.clone().try_cast::<rhai::Map>()
        && let Some(message) = map.get("message")
    {
        return message.to_string();
    }
    super::Shown::text_of(value)
}

/// `name (type, type)` as rhai writes it, for a call that matches nothing.
fn missing_function(signature: &str, table: &Table) -> (String, &'static str, Vec<String>) {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
    let name = name.trim_start_matches("get$").trim_start_matches("set$");
    let types: Vec<String> = types.trim_end_matches(')').split(", ").filter(|t| !t.is_empty()).map(article).collect();
    let is_word = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !is_word {
        let between = match types.as_slice() {
            [one] => one.clone(),
            [left, right] => format!("{left} and {right}"),
            types => types.join(", "),
        };
        let mut hints = Vec::new();
        if name == "|>" {
            hints.push("on the right of `|>` stands a recipe, a function or a closure".to_owned());
        }
        return (format!("`{name}` does not work between {between}"), "", hints);
    }
    let usages: Vec<String> = table.named(name).map(|function| format!("usage: {}", function.signature())).collect();
    if usages.is_empty() {
        let hint = table.nearest(name).map(|guess| format!("did you mean `{guess}`?"));
        return (format!("there is no function `{name}`"), "", hint.into_iter().collect());
    }
    let given = if types.is_empty() { "no arguments".to_owned() } else { types.join(" and ") };
    (format!("`{name}` cannot be called with {given}"), "in this call", usages)
}

/// rhai says which type has no such property in several ways; what is quoted are the names.
fn missing_property(text: &str, table: &Table) -> (String, &'static str, Vec<String>) {
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    let (property, owner) = match quoted.as_slice() {
        [property, owner, ..] => (*property, *owner),
        [property] => (*property, ""),
        [] => (text, ""),
    };
    if owner.is_empty() {
        return (format!("there is no property `{property}`"), "", Vec::new());
    }
    let members = table.members(owner);
    let mut hints = Vec::new();
    match nearest(property, members.iter().copied()) {
        Some(guess) => hints.push(format!("did you mean `{guess}`?")),
        None if members.is_empty() => {}
        None => hints.push(format!("it has {}", members.join(", "))),
    }
    (format!("{} has no property `{property}`", article(owner)), "", hints)
}

/// A type as rhai names it, as a noun with its article.
fn article(type_name: &str) -> String {
    let noun = match type_name.trim() {
        "()" => return "nothing".into(),
        "i64" | "f64" => "number",
        "bool" => "flag",
        "map" => "option map",
        "Fn" => "function",
        "&str | ImmutableString | String" => "string",
        name if name.contains("Range") => "range",
        name => name,
    };
    super::convert::with_article(noun)
}

fn parse_message(kind: &ParseErrorType) -> (String, Option<String>) {
    use ParseErrorType as P;
    let hint = |text: &str| Some(text.to_owned());
    match kind {
        P::UnexpectedEOF => ("the script ends too early".into(), hint("a bracket or a block is still open")),
        P::MissingToken(token, what) => (format!("`{token}` is missing {what}"), None),
        P::MissingSymbol(what) => (lower_first(what), None),
        P::UnknownOperator(operator) => (format!("there is no operator `{operator}`"), None),
        P::BadInput(LexError::UnterminatedString) => {
            ("this string is not closed".into(), hint("add the closing quote"))
        }
        P::BadInput(LexError::UnexpectedInput(text)) => (format!("`{text}` is not expected here"), None),
        P::BadInput(LexError::ImproperSymbol(symbol, text)) if text.is_empty() => {
            (format!("`{symbol}` is no part of the language"), None)
        }
        P::BadInput(LexError::ImproperSymbol(_, text)) => (lower_first(text), None),
        P::BadInput(error) => (lower_first(&error.to_string()), None),
        P::Reserved(word) => (format!("`{word}` is a reserved word"), hint("choose another name")),
        P::VariableUndefined(name) => (format!("there is no variable `{name}`"), None),
        P::AssignmentToConstant(name) => {
            (format!("`{name}` is a constant"), hint("declare it with `let` to change it"))
        }
        P::PropertyExpected => ("the name of a property is missing".into(), None),
        P::VariableExpected => ("a variable name is missing".into(), None),
        P::ExprExpected(what) => (format!("{what} is missing here"), None),
        other => (lower_first(&other.to_string()), None),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    match (chars.next(), chars.clone().next()) {
        // An abbreviation keeps its capitals.
        (Some(first), Some(second)) if second.is_uppercase() => format!("{first}{}", chars.as_str()),
        (Some(first), _) => first.to_lowercase().chain(chars).collect(),
        (None, _) => String::new(),
    }
}
