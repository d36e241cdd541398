//! Asking the person at the terminal for a line, while a script waits for it.

use nu_ansi_term::Style;
use reedline::{
    Highlighter, Prompt, PromptEditMode, PromptHistorySearch, Reedline, Signal, StyledText,
};
use std::borrow::Cow;

/// Why there is no answer to a question.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The user pressed `Ctrl-C`, which in this mode of the terminal is a key as any other.
    Interrupted,
    /// The user does not want to give one, or the terminal cannot be used.
    Because(String),
}

/// Asks for a line, unseen while it is typed if it is `hidden`; the keys are those of emacs.
///
/// # Errors
/// Why there is none.
pub(crate) fn ask(question: &str, hidden: bool) -> Result<String, Unanswered> {
    let mut line = Reedline::create().with_ansi_colors(false);
    if hidden {
        line = line.with_highlighter(Box::new(Hidden));
    }
    match line.read_line(&Question(question)) {
        Ok(Signal::Success(text)) => Ok(text),
        Ok(Signal::CtrlC) => Err(Unanswered::Interrupted),
        Ok(_) => Err(Unanswered::Because("standard input has ended".into())),
        Err(error) => Err(Unanswered::Because(error.to_string())),
    }
}

/// Shows a star for everything that is typed.
struct Hidden;

impl Highlighter for Hidden {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut stars = StyledText::new();
        // The editor looks up the cursor's place by bytes.
        stars.push((Style::new(), "*".repeat(line.len())));
        stars
    }
}

/// What a script asks.
struct Question<'a>(&'a str);

impl Prompt for Question<'_> {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.0.into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_history_search_indicator(&self, _: PromptHistorySearch) -> Cow<'_, str> {
        "".into()
    }
}
