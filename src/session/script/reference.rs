//! Functions as parts of the reference pages.

use super::{Function, Written, escape};
use std::fmt::Write;

/// The name by which a page leads to a function; of one page, no two are alike.
pub fn function_anchor(function: &Function) -> String {
    let owner = function
        .receiver_name()
        .map(|name| format!("{}-", name.replace(' ', "-")))
        .unwrap_or_default();
    // An operator has no letters: its code points stand in for them.
    let name: String = function
        .name()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c.to_string()
            } else {
                format!("u{:x}", c as u32)
            }
        })
        .collect();
    let receivers = &function.signature.receivers;
    let types: String = if function.receiver_name().is_none() && receivers.len() == 2 {
        receivers
            .iter()
            .map(|(_, name)| {
                let last = name.rsplit("::").next().unwrap_or(name);
                let letters = last.chars().filter(|c| c.is_alphanumeric());
                format!("-{}", letters.collect::<String>())
            })
            .collect()
    } else {
        String::new()
    };
    format!("{owner}{name}{types}")
}

/// The same of a function that is written in the language, which may exist with several parameter lists.
pub fn written_anchor(function: &Written) -> String {
    let words = function
        .signature
        .split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// Everything that is known of a function, with what its example gives as HTML.
pub fn function_section(function: &Function, output: &str) -> String {
    let returns = if function.returns.is_empty() {
        String::new()
    } else {
        format!(
            " <span class=\"gives\">→ {}</span>",
            escape(function.returns)
        )
    };
    let mut out = format!(
        "<section class=\"function\" id=\"{}\"><h2>{}</h2><pre class=\"signature\">{}{returns}</pre><p>{}</p>",
        escape(&function_anchor(function)),
        escape(&function.qualified_name()),
        escape(&function.signature()),
        prose(&function.about)
    );
    let rows: Vec<[String; 4]> = function
        .described_parameters()
        .map(|parameter| {
            [
                parameter.name.clone(),
                parameter.about.clone(),
                parameter.wanted.clone(),
                parameter.default_source.clone(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out += "<div class=\"wide\"><table><thead><tr><th>name<th>meaning<th>accepts<th>default</thead><tbody>";
        for [name, about, wanted, default] in rows {
            let _ = write!(
                out,
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
                escape(&name),
                prose(&about),
                prose(&wanted),
                default_cell(&default)
            );
        }
        out += "</tbody></table></div>";
    }
    for note in &function.notes {
        let _ = write!(out, "<p class=\"note\">{}</p>", prose(note));
    }
    out += &example(&function.example, output);
    out + "</section>"
}

/// The same of a function that is written in the language.
pub fn written_section(function: &Written, output: &str) -> String {
    let mut options = String::new();
    if !function.options.is_empty() {
        options += "<div class=\"wide\"><table><thead><tr><th>name<th>meaning</thead><tbody>";
        for (name, about) in &function.options {
            let _ = write!(
                options,
                "<tr><td><code>{}</code><td>{}",
                escape(name),
                prose(about)
            );
        }
        options += "</tbody></table></div>";
    }
    format!(
        "<section class=\"function\" id=\"{}\"><h2>{}</h2><pre class=\"signature\">{}</pre><p>{}</p>{options}{}</section>",
        escape(&written_anchor(function)),
        escape(&function.name),
        escape(&function.signature),
        prose(&function.about),
        example(&function.example, output)
    )
}

/// An example, and what it gives as HTML.
pub fn example(source: &str, output: &str) -> String {
    if source.is_empty() {
        return String::new();
    }
    let lines = source.replace("; ", ";\n");
    // What stands within braces or quotes stays in one line.
    let source = if is_balanced(&lines) {
        lines
    } else {
        source.to_owned()
    };
    format!(
        "<div class=\"example\"><pre>{}</pre>{output}</div>",
        escape(&source)
    )
}

/// Whether every line closes the braces and the quotes that it opens.
fn is_balanced(text: &str) -> bool {
    text.lines().all(|line| {
        let n = |c: char| line.matches(c).count();
        n('{') == n('}') && n('(') == n(')') && n('"') % 2 == 0 && n('`') % 2 == 0
    })
}

/// A default as a cell of a table.
pub fn default_cell(source: &str) -> String {
    match source {
        "" => "<span class=\"must\">required</span>".into(),
        "()" => "<span class=\"none\">none</span>".into(),
        source => format!("<code>{}</code>", escape(source)),
    }
}

/// A text in which what stands between back ticks is code.
pub fn prose(text: &str) -> String {
    let parts = text.split('`').collect::<Vec<_>>();
    if parts.len() % 2 == 0 {
        return escape(text);
    }
    let part = |(index, part): (usize, &&str)| {
        if index % 2 == 1 {
            format!("<code>{}</code>", escape(part))
        } else {
            escape(part)
        }
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Topic;

    #[test]
    fn a_section_says_all_that_is_declared() {
        let function = Function::new("twice", Topic::Numbers, |_| Ok(()))
            .about("Doubles `x` where x < 3.")
            .param::<f64>("x", "what is doubled")
            .option::<Option<f64>>("most", (), "limit")
            .note("exact")
            .example("let a = 1; assert(twice(a) == 2)");
        let html = function_section(&function, "<p>well</p>");
        for part in [
            "id=\"twice\"",
            "Doubles <code>x</code> where x &lt; 3.",
            "<td><code>x</code><td>what is doubled<td>",
            "required",
            "<span class=\"none\">none</span>",
            "<p class=\"note\">exact</p>",
            "<pre>let a = 1;\nassert(twice(a) == 2)</pre><p>well</p>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn lines_are_broken_only_outside_of_braces() {
        assert!(example("if x { a(); b() }", "").contains("<pre>if x { a(); b() }</pre>"));
        assert_eq!(prose("a ` b"), "a ` b");
    }
}
