//! Help in a terminal.

use super::function::Topic;
use super::{Function, Table, Written};
use std::fmt::Write;

/// Title of the chapter of functions that are scripts themselves.
pub(super) const WRITTEN: &str = "Presets and tools written in the language";

/// Everything that is known of the functions of a name; `None` if there is none.
pub fn function_help(table: &Table, name: &str) -> Option<String> {
    let written = table.written().iter().filter(|function| function.name == name).map(one_written);
    let parts: Vec<String> = table.named(name).map(one).chain(written).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn one(function: &Function) -> String {
    let mut out = function.signature();
    if !function.returns.is_empty() {
        let _ = write!(out, "  ->  {}", function.returns);
    }
    let _ = write!(out, "\n    {}", function.about);
    let parameters: Vec<_> = function.described_parameters().collect();
    let width = parameters.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    for (i, parameter) in parameters.iter().enumerate() {
        let _ = write!(out, "{}    {:width$}  {}", if i == 0 { "\n\n" } else { "\n" }, parameter.name, parameter.about);
        let default = match parameter.default_source.as_str() {
            "" => String::new(),
            "()" => "; may be left out".into(),
            source => format!("; {source} if not given"),
        };
        let _ = write!(out, "\n    {:width$}  ({}{default})", "", parameter.wanted);
    }
    for (i, note) in function.notes.iter().enumerate() {
        let _ = write!(out, "{}    {note}", if i == 0 { "\n\n" } else { "\n" });
    }
    if !function.example.is_empty() {
        let _ = write!(out, "\n\n    example: {}", function.example);
    }
    out
}

fn one_written(function: &Written) -> String {
    let mut out = format!("{}\n    {}", function.signature, function.about);
    if !function.example.is_empty() {
        let _ = write!(out, "\n\n    example: {}", function.example);
    }
    out
}

/// The names of all functions by chapter, with what each does.
pub fn overview(table: &Table) -> String {
    let mut out = String::from("`help(\"name\")` says everything about a function.\n");
    for (topic, title) in Topic::ALL {
        let functions: Vec<&Function> = table.functions().filter(|f| f.topic == topic).collect();
        if functions.is_empty() {
            continue;
        }
        let _ = write!(out, "\n{title}\n");
        for function in functions {
            let owner = function.receiver_name().map(|name| format!("{}.", name.replace(' ', "_"))).unwrap_or_default();
            let _ = writeln!(out, "  {:28} {}", format!("{owner}{}", function.name), function.about);
        }
    }
    if !table.written().is_empty() {
        let _ = write!(out, "\n{WRITTEN}\n");
    }
    for function in table.written() {
        let _ = writeln!(out, "  {:28} {}", function.name, function.about);
    }
    out
}
