//! Help in a terminal.

use super::function::Topic;
use super::signature::Form;
use super::{Function, Table, Written};
use std::fmt::Write;

/// Title of the chapter of functions that are scripts themselves.
pub(crate) const WRITTEN: &str = "Presets and tools written in the language";

/// Columns that help takes at most.
const WIDTH: usize = 88;

/// Everything that is known of the functions of a name, of a method such as `wave.plot`, or of a type; `None` if there is
/// nothing of the name.
pub fn function_help(table: &Table, name: &str) -> Option<String> {
    let written = table
        .written()
        .iter()
        .filter(|function| function.name == name)
        .map(one_written);
    let mut parts: Vec<String> = table.named(name).map(one).chain(written).collect();
    if let Some((owner, method)) = name.rsplit_once('.').filter(|_| parts.is_empty()) {
        let of_owner = |f: &&Function| {
            f.receiver_name()
                .is_some_and(|name| name.replace(' ', "_") == owner)
        };
        parts = table.named(method).filter(of_owner).map(one).collect();
    }
    if parts.is_empty() {
        return type_help(table, &name.replace('_', " "));
    }
    Some(parts.join("\n\n"))
}

/// The properties and methods of a type, if it has any.
pub fn type_help(table: &Table, name: &str) -> Option<String> {
    let functions: Vec<&Function> = table
        .functions()
        .filter(|f| f.receiver_name() == Some(name))
        .collect();
    let lines = functions.iter().map(|f| line(f.name(), &f.about));
    let head = format!("{name}: properties and functions of this type\n");
    (!functions.is_empty()).then(|| {
        format!("{head}{}", lines.collect::<String>())
            .trim_end()
            .to_owned()
    })
}

/// The functions whose names or texts hold all words of a question.
pub fn search(table: &Table, question: &str) -> Vec<String> {
    let words: Vec<String> = question.split_whitespace().map(str::to_lowercase).collect();
    let holds = |texts: &[&str]| {
        let text = texts.join(" ").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut found: Vec<(bool, String)> = Vec::new();
    for function in table
        .functions()
        .filter(|function| function.signature.form != Form::Operator)
    {
        let mut texts = vec![function.name(), function.about.as_str()];
        texts.extend(function.notes.iter().map(String::as_str));
        texts.extend(
            function
                .described_parameters()
                .flat_map(|p| [p.name.as_str(), p.about.as_str()]),
        );
        if holds(&texts) {
            let named = words
                .iter()
                .any(|word| function.name().contains(word.as_str()));
            found.push((!named, line(&function.qualified_name(), &function.about)));
        }
    }
    for function in table
        .written()
        .iter()
        .filter(|function| holds(&[&function.name, &function.about]))
    {
        let named = words
            .iter()
            .any(|word| function.name.contains(word.as_str()));
        found.push((!named, line(&function.name, &function.about)));
    }
    // Those whose name holds a word come first.
    found.sort_by_key(|(not_named, _)| *not_named);
    found.dedup();
    found
        .into_iter()
        .map(|(_, line)| line.trim_end().to_owned())
        .collect()
}

/// A line of a list, wrapped below itself.
fn line(name: &str, about: &str) -> String {
    format!("{}\n", wrapped(&format!("  {name:28} "), 31, about))
}

/// A text behind what stands before it, broken at words; further lines begin at a column.
fn wrapped(before: &str, column: usize, text: &str) -> String {
    let mut out = before.to_owned();
    let mut width = before.chars().count();
    let mut first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !first && width + 1 + length > WIDTH {
            out = format!("{}\n{:column$}", out.trim_end(), "");
            width = column;
        } else if !first {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
        first = false;
    }
    out
}

fn one(function: &Function) -> String {
    let mut out = function.signature();
    if !function.returns.is_empty() {
        let _ = write!(out, "  ->  {}", function.returns);
    }
    out = wrapped("", 8, &out).replace("  ->", " ->");
    let _ = write!(out, "\n{}", wrapped("    ", 4, &function.about));
    let parameters: Vec<_> = function.described_parameters().collect();
    let width = parameters
        .iter()
        .map(|p| p.name.chars().count())
        .max()
        .unwrap_or(0);
    for (i, parameter) in parameters.iter().enumerate() {
        let before = format!("    {:width$}  ", parameter.name);
        let _ = write!(
            out,
            "{}{}",
            if i == 0 { "\n\n" } else { "\n" },
            wrapped(&before, width + 6, &parameter.about)
        );
        let default = match parameter.default_source.as_str() {
            "" => String::new(),
            "()" => "; may be left out".into(),
            source => format!("; {source} if not given"),
        };
        let wanted = format!("({}{default})", parameter.wanted);
        let _ = write!(
            out,
            "\n{}",
            wrapped(&format!("    {:width$}  ", ""), width + 6, &wanted)
        );
    }
    for (i, note) in function.notes.iter().enumerate() {
        let _ = write!(
            out,
            "{}{}",
            if i == 0 { "\n\n" } else { "\n" },
            wrapped("    ", 4, note)
        );
    }
    if !function.example.is_empty() {
        let _ = write!(out, "\n\n    example: {}", function.example);
    }
    out
}

fn one_written(function: &Written) -> String {
    let mut out = format!(
        "{}\n{}",
        function.signature,
        wrapped("    ", 4, &function.about)
    );
    let names = function
        .options
        .iter()
        .map(|(name, _)| name.chars().count());
    let width = names.max().unwrap_or(0);
    for (i, (name, about)) in function.options.iter().enumerate() {
        let between = if i == 0 { "\n\n" } else { "\n" };
        let before = format!("    {name:width$}  ");
        let _ = write!(out, "{between}{}", wrapped(&before, width + 6, about));
    }
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
            out.push_str(&line(&function.qualified_name(), &function.about));
        }
    }
    if !table.written().is_empty() {
        let _ = write!(out, "\n{WRITTEN}\n");
    }
    for function in table.written() {
        out.push_str(&line(&function.name, &function.about));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Topic;
    use rhai::Dynamic;

    fn table() -> Table {
        let function = |name| Function::new(name, Topic::Session, |_| Ok(()));
        let long = "Does something that takes a great many words to say, more than fit beside each other in a line.";
        Table::new([
            function("stretch")
                .about(long)
                .param::<Dynamic>("rate", long),
            Function::built_in("len", Topic::Arrays)
                .on_built_in::<rhai::Array>("array")
                .about("Counts."),
        ])
    }

    #[test]
    fn lines_break_at_words() {
        let help = function_help(&table(), "stretch").unwrap();
        assert!(
            help.lines().all(|line| line.chars().count() <= WIDTH),
            "{help}"
        );
        let one_line: Vec<&str> = help.split_whitespace().collect();
        assert!(
            one_line
                .join(" ")
                .contains("more than fit beside each other in a line."),
            "{help}"
        );
        assert!(
            overview(&table())
                .lines()
                .all(|line| line.chars().count() <= WIDTH)
        );
    }

    #[test]
    fn methods_and_types_are_explained_as_they_are_listed() {
        assert!(overview(&table()).contains("array.len"));
        assert_eq!(
            function_help(&table(), "array.len").unwrap(),
            "array.len()\n    Counts."
        );
        assert!(function_help(&table(), "array").unwrap().contains("  len "));
        assert_eq!(function_help(&table(), "array.nothing"), None);
    }

    #[test]
    fn functions_are_found_by_their_words() {
        let found = |question: &str| search(&table(), question).len();
        assert_eq!(
            [
                found("STRETCH"),
                found("great words"),
                found("counts"),
                found("nothing")
            ],
            [1, 1, 1, 0]
        );
    }
}
