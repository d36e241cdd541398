//! Pages: what was asked, what came out and how, for someone who was not there.

use super::super::Environment;
use crate::script::{Function, ScriptValue, Shown, Topic, escape};
use auricle_audio::io::write_whole;
use rhai::{Array, Dynamic, Map};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// A page: sections of HTML under a title.
#[derive(Clone, PartialEq)]
pub(super) struct Page {
    title: String,
    body: Arc<str>,
    n_parts: usize,
}

impl ScriptValue for Page {
    const NAME: &'static str = "page";

    fn text(&self) -> String {
        let n = self.n_parts;
        let parts = if n == 1 { "part" } else { "parts" };
        format!("page \"{}\" of {n} {parts}", self.title)
    }

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let title = escape(&self.title);
        vec![("text/html", format!("<h1>{title}</h1>{}", self.body).into())]
    }

    fn html(&self) -> Option<String> {
        Some(auricle_figure::page(&self.title, &self.body, &[]))
    }

    fn same(&self, other: &Page) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let environment = environment.clone();
    vec![
        Function::new("page", Topic::Judging, move |call| {
            let title = call.get::<String>("title")?;
            let parts = call.get::<Array>("parts")?;
            let mut body = String::new();
            for part in &parts {
                body.push_str(&section(part));
            }
            if call.get::<bool>("source")? {
                body.push_str(&source(&environment));
            }
            let n_parts = parts.len();
            let body = body.into();
            Ok(Dynamic::from(Page { title, body, n_parts }))
        })
        .about(
            "Puts texts, tables, figures and sounds under one title, to be saved as a page that plays and draws without a network.",
        )
        .note(
            "a text is paragraphs between blank lines, or a heading if it begins with `# `; a map is its values side by side, each \
             under its name; the page ends with the script that made it",
        )
        .param::<String>("title", "what the page is about")
        .param::<Array>("parts", "texts and values, from top to bottom")
        .option::<bool>("source", true, "whether the page ends with the script, its options, seed and version")
        .returns("page")
        .example(
            "let p = page(\"Tones\", [\"# Question\", \"Is it heard?\", #{ low: tone(200, 0.2), high: tone(400, 0.2) }]); print(p)",
        ),
        Function::new("save", Topic::Judging, |call| {
            let (page, path) = (call.receiver::<Page>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            if path.extension().is_none_or(|ending| ending != "html") {
                return Err(call.wrong("path", "a name that ends in `.html`"));
            }
            Ok(write_whole(path, page.html().unwrap_or_default().as_bytes())?)
        })
        .on::<Page>()
        .about("Saves the page, whole or not at all; it needs no other file.")
        .param::<String>("path", "where to; ends in `.html`")
        .reads_data()
        .example("page(\"Nothing yet\", []).save(temporary_folder() + \"/report.html\")"),
    ]
}

/// A part of a page as HTML.
fn section(part: &Dynamic) -> String {
    if part.is_string() {
        return text(&part.to_string());
    }
    if let Some(map) = part.read_lock::<Map>() {
        let mut html = String::from("<div style=\"display:flex;flex-wrap:wrap;gap:1.5rem\">");
        for (name, value) in map.iter() {
            let name = escape(name);
            let _ = write!(
                html,
                "<figure style=\"margin:0\"><figcaption>{name}</figcaption>{}</figure>",
                section(value)
            );
        }
        return html + "</div>";
    }
    let parts = Shown::display_of(part).parts;
    let html = parts.iter().find(|(kind, _)| *kind == "text/html");
    match html.and_then(|(_, html)| html.as_str()) {
        Some(html) => format!("<div class=\"figure\">{html}</div>"),
        None => format!("<pre>{}</pre>", escape(&Shown::text_of(part))),
    }
}

/// A heading, or paragraphs.
fn text(written: &str) -> String {
    if let Some(heading) = written.strip_prefix("# ") {
        return format!("<h2>{}</h2>", escape(heading));
    }
    let paragraphs = written.split("\n\n").filter(|text| !text.trim().is_empty());
    paragraphs
        .map(|text| format!("<p>{}</p>", escape(text.trim())))
        .collect()
}

/// The script that makes the page, with all that is needed to run it again; nothing before one runs.
fn source(environment: &Environment) -> String {
    let sources = environment.sources();
    let Some((name, script)) = sources.running() else {
        return String::new();
    };
    let file = Path::new(name).file_name();
    let file = file.map_or(name.into(), |file| file.to_string_lossy());
    format!(
        "<h2>Recipe</h2><p><code>auricle run {} {}</code>, seed {}, auricle {}</p><pre>{}</pre>",
        escape(&file),
        escape(&environment.settings.arguments.join(" ")),
        environment.seed(),
        env!("CARGO_PKG_VERSION"),
        escape(script)
    )
}
