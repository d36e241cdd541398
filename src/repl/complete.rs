//! The menu of what may stand at the cursor.

use auricle_session::{Assistant, COMMANDS, Kind};
use reedline::{Completer, CompletionResult, Span, Suggestion};

/// Asks the session's assistant.
pub(super) struct Completion(pub(super) Assistant);

impl Completer for Completion {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let before = line.get(..pos).unwrap_or(line);
        if before.starts_with('%') && !before.contains(' ') {
            return CompletionResult::fresh(commands(before));
        }
        let completion = self.0.complete(line, before.chars().count());
        let byte = |index: usize| line.char_indices().nth(index).map_or(line.len(), |(at, _)| at);
        let span = Span::new(byte(completion.start), byte(completion.end).max(byte(completion.start)));
        let suggestions: Vec<Suggestion> = completion
            .candidates
            .into_iter()
            .map(|candidate| {
                let parts = [candidate.signature, candidate.about];
                let description = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
                Suggestion {
                    value: candidate.text,
                    description: (!description.is_empty()).then_some(description),
                    span,
                    append_whitespace: candidate.kind == Kind::Keyword,
                    ..Suggestion::default()
                }
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

fn commands(before: &str) -> Vec<Suggestion> {
    let name = |usage: &'static str| usage.split(' ').next().unwrap_or(usage);
    let fitting = COMMANDS.iter().filter(|(usage, _)| name(usage).starts_with(before));
    let suggestion = |(usage, about): &(&'static str, &str)| Suggestion {
        value: name(usage).to_owned(),
        description: Some(format!("{usage} · {about}")),
        span: Span::new(0, before.len()),
        append_whitespace: true,
        ..Suggestion::default()
    };
    fitting.map(suggestion).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_session::script::Silent;
    use auricle_session::{Session, Settings};
    use std::sync::Arc;

    #[test]
    fn spans_are_in_bytes_and_commands_are_known() {
        let session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        let mut completion = Completion(session.assistant());
        let mut first = |line: &str| {
            let result = completion.complete(line, line.len());
            let suggestion = result.suggestions().first().unwrap().clone();
            (suggestion.value, suggestion.span.start..suggestion.span.end)
        };
        assert_eq!(first("`é` + time_ma"), ("time_mask".into(), 7..14));
        assert_eq!(first("%wh"), ("%who".into(), 0..3));
    }
}
