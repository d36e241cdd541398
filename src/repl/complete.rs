//! The menu of what may stand at the cursor.

use auricle_session::{Assistant, Candidate, Kind};
use reedline::{Completer, CompletionResult, Span, Suggestion};

/// Asks the session's assistant.
pub(super) struct Completion {
    pub(super) assistant: Assistant,
    /// Cells in a line of the terminal as it is now.
    pub(super) columns: fn() -> usize,
}

/// The frame of the menu's box and the gap beside it, in cells.
const FRAME: usize = 3;

/// Cells that what is said beside the box takes at least.
pub(super) const DESCRIPTION: usize = 36;

impl Completer for Completion {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let before = line.get(..pos).unwrap_or(line);
        let completion = self.assistant.complete(line, before.chars().count());
        let byte = |index: usize| {
            line.char_indices()
                .nth(index)
                .map_or(line.len(), |(at, _)| at)
        };
        let span = Span::new(
            byte(completion.start),
            byte(completion.end).max(byte(completion.start)),
        );
        let widths = completion
            .candidates
            .iter()
            .map(|candidate| console::measure_text_width(&candidate.text));
        // What does not fit beside the words would wrap, and the menu fall apart.
        let describes = widths.max().unwrap_or(0) + FRAME + DESCRIPTION <= (self.columns)();
        let suggestion = |candidate: Candidate| {
            let parts = [candidate.signature, candidate.about];
            let description = parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ");
            Suggestion {
                value: candidate.text,
                description: (describes && !description.is_empty()).then_some(description),
                span,
                append_whitespace: matches!(candidate.kind, Kind::Keyword | Kind::Command),
                ..Suggestion::default()
            }
        };
        CompletionResult::fresh(
            completion
                .candidates
                .into_iter()
                .map(suggestion)
                .collect::<Vec<_>>(),
        )
    }
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
        let mut completion = Completion {
            assistant: session.assistant(),
            columns: || 80,
        };
        let mut first = |line: &str| {
            let result = completion.complete(line, line.len());
            let suggestion = result.suggestions().first().unwrap().clone();
            (suggestion.value, suggestion.span.start..suggestion.span.end)
        };
        assert_eq!(first("`é` + time_ma"), ("time_mask".into(), 7..14));
        assert_eq!(first("%wh"), ("%who".into(), 0..3));
    }

    #[test]
    fn a_narrow_terminal_gets_the_words_alone() {
        let session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        let describes = |columns: fn() -> usize| {
            let mut completion = Completion {
                assistant: session.assistant(),
                columns,
            };
            let result = completion.complete("time_ma", 7);
            result.suggestions()[0].description.is_some()
        };
        assert!(describes(|| 48) && !describes(|| 47));
    }
}
