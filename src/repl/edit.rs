//! Line editing: history, and lines that go on until the parser has enough.

use crate::terminal::Terminal;
use auricle_session::Assistant;
use auricle_session::script::Completeness;
use nu_ansi_term::{Color, Style};
use reedline::{
    DefaultHinter, FileBackedHistory, Prompt, PromptEditMode, PromptHistorySearch, Reedline, Signal, ValidationResult,
    Validator,
};
use std::borrow::Cow;

/// Lines of history that are kept.
const HISTORY: usize = 10_000;

/// The line editor.
pub(super) struct Editor {
    line: Reedline,
    color: bool,
}

impl Editor {
    /// An editor whose history is kept in the user's data folder.
    pub(super) fn new(assistant: Assistant, terminal: &Terminal) -> std::io::Result<Editor> {
        let color = terminal.color();
        let mut line = Reedline::create().use_bracketed_paste(true).with_validator(Box::new(Parser(assistant)));
        line = line.with_ansi_colors(color);
        if color {
            line = line.with_hinter(Box::new(DefaultHinter::default().with_style(Style::new().fg(Color::DarkGray))));
        }
        if let Some(file) = dirs::data_dir().map(|dir| dir.join("auricle").join("history.txt")) {
            // A history that cannot be kept is no reason not to start.
            if let Ok(history) = FileBackedHistory::with_file(HISTORY, file) {
                line = line.with_history(Box::new(history));
            }
        }
        Ok(Editor { line, color })
    }

    /// Reads a piece of text; nothing if the user leaves.
    pub(super) fn read(&mut self, cell: usize) -> std::io::Result<Option<String>> {
        match self.line.read_line(&Numbered { cell, color: self.color })? {
            Signal::Success(text) => Ok(Some(text)),
            Signal::CtrlC => Ok(Some(String::new())),
            _ => Ok(None),
        }
    }
}

/// Asks the parser whether a piece of text is complete.
struct Parser(Assistant);

impl Validator for Parser {
    fn validate(&self, line: &str) -> ValidationResult {
        // `name?` is no text of the language, but a question for help.
        match self.0.completeness(line) {
            Completeness::Incomplete if !line.trim_end().ends_with('?') => ValidationResult::Incomplete,
            _ => ValidationResult::Complete,
        }
    }
}

/// `[3]> `, and dots below it.
struct Numbered {
    cell: usize,
    color: bool,
}

impl Prompt for Numbered {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        format!("[{}]", self.cell).into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "... ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }

    fn get_prompt_color(&self) -> Color {
        if self.color { Color::Green } else { Color::Default }
    }
}
