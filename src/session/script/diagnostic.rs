//! A report of what is wrong and where, and its rendering.

use super::syntax::string_length;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The script cannot go on.
    Error,
    /// The script goes on.
    Warning,
}

/// A stretch of a source on one line. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Name of the source, such as the file.
    pub source: String,
    /// Its whole text.
    pub text: String,
    /// Line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Number of characters; at least 1.
    pub width: usize,
}

/// A span with a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What about it.
    pub text: String,
}

/// A report for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The fact.
    pub message: String,
    /// Where it happened, and where that was called from.
    pub labels: Vec<Label>,
    /// What would mend it.
    pub hints: Vec<String>,
}

impl Span {
    /// A span at a position of a source, as wide as the word or the operator that begins there.
    pub fn at(source: &str, text: &str, line: usize, column: usize) -> Span {
        let content: Vec<char> = text
            .lines()
            .nth(line.saturating_sub(1))
            .unwrap_or("")
            .chars()
            .collect();
        let rest = content.get(column.saturating_sub(1)..).unwrap_or(&[]);
        let word = |c: &char| c.is_alphanumeric() || *c == '_';
        let operator = |c: &char| "|&*+-/%<>=!.?^".contains(*c);
        let width = match rest.first() {
            Some(c) if word(c) => rest.iter().take_while(|c| word(c)).count(),
            Some('"' | '`') => string_length(rest).unwrap_or(1),
            Some(c) if operator(c) => rest.iter().take_while(|c| operator(c)).count(),
            _ => 1,
        };
        Span {
            source: source.to_owned(),
            text: text.to_owned(),
            line,
            column,
            width,
        }
    }

    /// Byte range of the span in its text.
    fn bytes(&self) -> std::ops::Range<usize> {
        let before = self
            .text
            .split_inclusive('\n')
            .take(self.line.saturating_sub(1));
        let start: usize = before.map(str::len).sum();
        let line_text = self.text[start..]
            .split_inclusive('\n')
            .next()
            .unwrap_or("");
        let byte = |column: usize| {
            let line = line_text.trim_end_matches(['\n', '\r']);
            line.char_indices()
                .nth(column)
                .map_or(line.len(), |(at, _)| at)
        };
        let from = byte(self.column.saturating_sub(1));
        start + from..start + byte(self.column.saturating_sub(1) + self.width).max(from)
    }
}

impl Diagnostic {
    /// An error with one label.
    pub fn error(
        message: impl Into<String>,
        span: Option<Span>,
        label: &str,
        hint: Option<String>,
    ) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            labels: span
                .into_iter()
                .map(|span| Label {
                    span,
                    text: label.to_owned(),
                })
                .collect(),
            hints: hint.into_iter().collect(),
        }
    }

    /// The report as text: the fact, the source line with a caret, and the advice.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = level
            .primary_title(self.message.as_str())
            .elements(Vec::<annotate_snippets::Message<'_>>::new());
        // Labels of one source go into one picture; the first source is the main one.
        let mut sources: Vec<&str> = Vec::new();
        for label in &self.labels {
            if !sources.contains(&label.span.source.as_str()) {
                sources.push(&label.span.source);
            }
        }
        for source in sources {
            let here: Vec<&Label> = self
                .labels
                .iter()
                .filter(|label| label.span.source == source)
                .collect();
            let annotations = here
                .iter()
                .map(|label| annotation(label, std::ptr::eq(*label, &self.labels[0])));
            let snippet: Snippet<'_, Annotation<'_>> = Snippet::source(here[0].span.text.as_str())
                .path(source)
                .annotations(annotations);
            group = group.element(snippet);
        }
        for hint in &self.hints {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let report: [Group<'_>; 1] = [group];
        renderer.render(&report).to_string()
    }
}

fn annotation(label: &Label, primary: bool) -> Annotation<'_> {
    let kind = if primary {
        AnnotationKind::Primary
    } else {
        AnnotationKind::Context
    };
    let annotation = kind.span(label.span.bytes());
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(label.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_word() {
        let text = "let x = 1;\nlet ü = noise(5, #{ colour: 1 });\n";
        let span = Span::at("a.rhai", text, 2, 9);
        assert_eq!(span.width, 5);
        let hint = Some("did you mean `color`?".to_owned());
        let rendered = Diagnostic::error(
            "`noise` has no option `colour`",
            Some(span),
            "in this call",
            hint,
        )
        .render(false);
        let want = "\
error: `noise` has no option `colour`
 --> a.rhai:2:9
  |
2 | let ü = noise(5, #{ colour: 1 });
  |         ^^^^^ in this call
  |
  = help: did you mean `color`?";
        assert_eq!(rendered, want);
    }

    #[test]
    fn spans_cover_words_strings_operators_and_ends() {
        let text = "a |> \"b\\\"c\" + 1";
        let width = |column| Span::at("", text, 1, column).width;
        assert_eq!(
            (width(1), width(3), width(6), width(13), width(99)),
            (1, 2, 6, 1, 1)
        );
        assert_eq!(Span::at("", text, 7, 1).bytes(), text.len()..text.len());
    }
}
