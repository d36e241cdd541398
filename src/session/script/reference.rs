//! The reference page: all functions as one HTML file.

use super::function::Topic;
use super::help::WRITTEN;
use super::{Function, Table, escape};
use std::fmt::Write;

/// The reference page of a table.
pub fn reference_page(table: &Table) -> String {
    let mut body = String::new();
    let mut contents = String::new();
    for (topic, title) in Topic::ALL {
        let functions: Vec<&Function> = table
            .functions()
            .filter(|function| function.topic == topic)
            .collect();
        if functions.is_empty() {
            continue;
        }
        let _ = write!(contents, "<li><a href=\"#{topic:?}\">{title}</a><br>");
        let _ = write!(body, "<h2 id=\"{topic:?}\">{title}</h2>");
        for function in functions {
            let anchor = anchor(function);
            let _ = write!(
                contents,
                "<a class=\"name\" href=\"#{anchor}\">{}</a> ",
                escape(function.name)
            );
            section(&mut body, function, &anchor);
        }
        contents.push_str("</li>");
    }
    if !table.written().is_empty() {
        let _ = write!(contents, "<li><a href=\"#written\">{WRITTEN}</a><br>");
        let _ = write!(body, "<h2 id=\"written\">{WRITTEN}</h2>");
    }
    for function in table.written() {
        let (anchor, name) = (function.name.replace("::", "-"), escape(&function.name));
        let _ = write!(contents, "<a class=\"name\" href=\"#{anchor}\">{name}</a> ");
        let _ = write!(
            body,
            "<section id=\"{anchor}\"><h3><code>{}</code></h3>",
            escape(&function.signature)
        );
        let _ = write!(
            body,
            "<p>{}</p><pre>{}</pre></section>",
            escape(&function.about),
            escape(&function.example)
        );
    }
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Auricle: reference</title><style>{STYLE}</style>\
         <h1>Auricle: reference</h1><p>Every function of the language. Generated from the declarations that the program \
         itself reads; every example is run by the tests.</p><ul class=\"contents\">{contents}</ul>{body}</html>\n"
    )
}

fn anchor(function: &Function) -> String {
    let owner = function
        .receiver_name()
        .map(|name| format!("{}-", name.replace(' ', "-")))
        .unwrap_or_default();
    // An operator has no letters: its code points stand in for them.
    let name: String = function
        .name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c.to_string()
            } else {
                format!("u{:x}", c as u32)
            }
        })
        .collect();
    let types: String = if function.receiver_name().is_none() && function.receivers.len() == 2 {
        function
            .receivers
            .iter()
            .map(|(_, name)| format!("-{}", name.rsplit("::").next().unwrap_or(name)))
            .collect()
    } else {
        String::new()
    };
    format!("{owner}{name}{types}")
}

fn section(out: &mut String, function: &Function, anchor: &str) {
    let returns = if function.returns.is_empty() {
        String::new()
    } else {
        format!(" → {}", escape(function.returns))
    };
    let signature = escape(&function.signature());
    let _ = write!(
        out,
        "<section id=\"{anchor}\"><h3><code>{signature}</code>{returns}</h3>"
    );
    let _ = write!(out, "<p>{}</p>", escape(&function.about));
    let mut rows = String::new();
    for parameter in function.described_parameters() {
        let _ = write!(
            rows,
            "<tr><td><code>{}</code><td>{}<td>{}<td><code>{}</code>",
            escape(&parameter.name),
            escape(&parameter.about),
            escape(&parameter.wanted),
            escape(&parameter.default_source)
        );
    }
    if !rows.is_empty() {
        let _ = write!(
            out,
            "<table><tr><th>name<th>meaning<th>accepts<th>default{rows}</table>"
        );
    }
    for note in &function.notes {
        let _ = write!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    if !function.example.is_empty() {
        let _ = write!(out, "<pre>{}</pre>", escape(&function.example));
    }
    out.push_str("</section>");
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#222}\
code,pre{font-family:ui-monospace,monospace;font-size:.92em}pre{background:#f5f5f2;padding:.6rem;overflow-x:auto}\
h3{margin:2rem 0 .2rem;font-size:1em}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;\
padding:.2rem .6rem .2rem 0;text-align:left;vertical-align:top}.note{color:#666}.contents{list-style:none;padding:0}\
.name{font-family:ui-monospace,monospace;font-size:.9em}";
