//! Pages by topic: every function that is no stage, with what its example gives.

use super::stage::is_stage;
use super::{layout, output, parallel};
use crate::Settings;
use crate::script::{
    Function, Table, Topic, WRITTEN, Written, escape, function_anchor, function_section,
    written_anchor, written_section,
};

/// The functions of a page.
pub(super) struct Chapter<'a> {
    name: String,
    pub(super) title: &'static str,
    pub(super) functions: Vec<&'a Function>,
    pub(super) written: Vec<&'a Written>,
}

impl Chapter<'_> {
    /// Where the page stands.
    pub(super) fn path(&self) -> String {
        format!("topics/{}.html", self.name)
    }

    /// Names and addresses inside the page of all functions.
    pub(super) fn contents(&self) -> Vec<(String, String)> {
        let functions = self
            .functions
            .iter()
            .map(|function| (function.qualified_name(), function_anchor(function)));
        let written = self
            .written
            .iter()
            .map(|function| (function.name.clone(), written_anchor(function)));
        functions.chain(written).collect()
    }

    fn examples(&self) -> impl Iterator<Item = &str> {
        let functions = self.functions.iter().map(|f| f.example_source());
        functions.chain(self.written.iter().map(|f| f.example.as_str()))
    }

    fn page(&self, outputs: &[String]) -> String {
        let contents: String = self
            .contents()
            .into_iter()
            .map(|(name, anchor)| format!("<li><a href=\"#{anchor}\">{}</a></li>", escape(&name)))
            .collect();
        let (of_functions, of_written) = outputs.split_at(self.functions.len());
        let functions = self.functions.iter().zip(of_functions);
        let written = self.written.iter().zip(of_written);
        let sections: String = functions
            .map(|(function, output)| function_section(function, output))
            .chain(written.map(|(function, output)| written_section(function, output)))
            .collect();
        let body = format!(
            "<p class=\"kind\">functions</p><h1>{}</h1><ul class=\"names\">{contents}</ul>{sections}",
            escape(self.title)
        );
        layout::page(self.title, "../", &body)
    }
}

/// The chapters of a table that are not empty, in order.
pub(super) fn all(table: &Table) -> Vec<Chapter<'_>> {
    let of_topic = |(topic, title): (Topic, &'static str)| Chapter {
        name: format!("{topic:?}").to_lowercase(),
        title,
        functions: table
            .functions()
            .filter(|function| function.topic() == topic && !is_stage(function))
            .collect(),
        written: Vec::new(),
    };
    let written = Chapter {
        name: "presets".into(),
        title: WRITTEN,
        functions: Vec::new(),
        written: table.written().iter().collect(),
    };
    Topic::ALL
        .into_iter()
        .map(of_topic)
        .chain([written])
        .filter(|chapter| !chapter.functions.is_empty() || !chapter.written.is_empty())
        .collect()
}

/// The pages of some chapters; the examples of all are run at once.
pub(super) fn pages(chapters: &[Chapter<'_>], settings: &Settings) -> Vec<String> {
    let examples: Vec<&str> = chapters.iter().flat_map(Chapter::examples).collect();
    let outputs = parallel::map(&examples, |source| output::of_example(source, settings));
    let mut rest = &outputs[..];
    let mut pages = Vec::new();
    for chapter in chapters {
        let (own, others) = rest.split_at(chapter.examples().count());
        pages.push(chapter.page(own));
        rest = others;
    }
    pages
}
