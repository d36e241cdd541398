//! Line editing: history, and lines that go on until the parser has enough.

use super::complete::{Completion, DESCRIPTION};
use super::external::edited;
use super::highlight::Colors;
use crate::terminal::Terminal;
use auricle_session::Assistant;
use auricle_session::script::Completeness;
use nu_ansi_term::{Color, Style};
use reedline::{
    DefaultHinter, DescriptionMode, EditCommand, EditMode, Emacs, FileBackedHistory, IdeMenu,
    KeyCode, KeyModifiers, Keybindings, MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch,
    PromptViMode, Reedline, ReedlineEvent, ReedlineMenu, Signal, ValidationResult, Validator, Vi,
    default_emacs_keybindings, default_vi_insert_keybindings, default_vi_normal_keybindings,
    default_vi_visual_keybindings,
};
use std::borrow::Cow;
use std::io::Write;

/// Lines of history that are kept.
const HISTORY: usize = 10_000;

/// The line editor.
pub(super) struct Editor {
    line: Reedline,
    /// The width that the menu was made for.
    menu_columns: usize,
    parser: Parser,
    color: bool,
    /// Whether the terminal has no cursor to move: lines are read as they come.
    plain: bool,
}

impl Editor {
    /// An editor whose history is kept in the user's data folder.
    pub(super) fn new(
        assistant: Assistant,
        keys: Keys,
        terminal: &Terminal,
    ) -> std::io::Result<Editor> {
        let color = terminal.color();
        let parser = Parser(assistant.clone());
        let mut line = Reedline::create()
            .use_bracketed_paste(true)
            .with_validator(Box::new(Parser(assistant.clone())))
            .with_completer(Box::new(Completion {
                assistant: assistant.clone(),
                columns,
            }))
            .with_edit_mode(keys.mode())
            .with_ansi_colors(color);
        if color {
            line = line.with_highlighter(Box::new(Colors(assistant)));
            line = line.with_hinter(Box::new(
                DefaultHinter::default().with_style(Style::new().fg(Color::DarkGray)),
            ));
        }
        if let Some(file) = dirs::data_dir().map(|dir| dir.join("auricle").join("history.txt")) {
            // A history that cannot be kept is no reason not to start.
            if let Ok(history) = FileBackedHistory::with_file(HISTORY, file) {
                line = line.with_history(Box::new(history));
            }
        }
        Ok(Editor {
            line,
            menu_columns: 0,
            parser,
            color,
            plain: !terminal.is_interactive(),
        })
    }

    /// Makes the menu no wider than the terminal, where its lines would wrap.
    fn fit_menu(&mut self) {
        let columns = columns();
        if columns != self.menu_columns {
            self.menu_columns = columns;
            // The editor is given a menu only while it is built.
            let line = std::mem::replace(&mut self.line, Reedline::create());
            self.line = line
                .clear_menus()
                .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu(columns))));
        }
    }

    /// Lets the user go on with the line in their own editor.
    fn edit_outside(&mut self) {
        match edited(self.line.current_buffer_contents()) {
            Ok(text) => self
                .line
                .run_edit_commands(&[EditCommand::Clear, EditCommand::InsertString(text)]),
            // The line stays; the message stands below it.
            Err(error) => drop(writeln!(std::io::stderr(), "\n\x1b[Jerror: {error}")),
        }
    }

    /// Puts text before the user, to be changed and run.
    pub(super) fn offer(&mut self, text: &str) {
        if self.plain && !text.is_empty() {
            // Nothing can be put before the cursor; at least it can be copied.
            let _ = writeln!(std::io::stdout(), "{text}");
        } else if !text.is_empty() {
            self.line
                .run_edit_commands(&[EditCommand::InsertString(text.to_owned())]);
        }
    }

    /// Reads a piece of text; nothing if the user leaves.
    pub(super) fn read(&mut self, cell: usize) -> std::io::Result<Option<String>> {
        let prompt = Numbered {
            cell,
            color: self.color,
        };
        if self.plain {
            return self.read_plain(&prompt);
        }
        // Other sessions see what ran here, and this one what ran there; a session that is killed loses nothing. A
        // history that cannot be written is no reason to stop.
        let _ = self.line.sync_history();
        self.fit_menu();
        let signal = loop {
            match self.line.read_line(&prompt)? {
                Signal::HostCommand(_) => self.edit_outside(),
                signal => break signal,
            }
        };
        let _ = self.line.sync_history();
        match signal {
            Signal::Success(text) => Ok(Some(text)),
            Signal::CtrlC => Ok(Some(String::new())),
            _ => Ok(None),
        }
    }

    /// Reads lines without editing, until the parser has enough.
    fn read_plain(&self, prompt: &Numbered) -> std::io::Result<Option<String>> {
        let mut text = String::new();
        let mut mark = format!(
            "{}{}",
            prompt.render_prompt_left(),
            prompt.render_prompt_indicator(PromptEditMode::Default)
        );
        loop {
            let mut stdout = std::io::stdout();
            stdout.write_all(mark.as_bytes())?;
            stdout.flush()?;
            if std::io::stdin().read_line(&mut text)? == 0 {
                return Ok(None);
            }
            if let ValidationResult::Complete = self.parser.validate(text.trim_end()) {
                return Ok(Some(text.trim_end().to_owned()));
            }
            mark = prompt.render_prompt_multiline_indicator().into_owned();
        }
    }
}

/// The keys that move and change text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    Emacs,
    Vi,
}

/// Name of the completion menu, by which keys call it.
const MENU: &str = "completion";

impl Keys {
    fn mode(self) -> Box<dyn EditMode> {
        match self {
            Keys::Emacs => Box::new(Emacs::new(with_menu(default_emacs_keybindings()))),
            Keys::Vi => {
                let insert = with_menu(default_vi_insert_keybindings());
                Box::new(Vi::new(
                    insert,
                    default_vi_normal_keybindings(),
                    default_vi_visual_keybindings(),
                ))
            }
        }
    }
}

/// Tab opens the menu and goes on in it, Alt-Enter begins a line, Ctrl-O opens the user's editor.
fn with_menu(mut keys: Keybindings) -> Keybindings {
    let tab = vec![
        ReedlineEvent::Menu(MENU.to_owned()),
        ReedlineEvent::MenuNext,
    ];
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        ReedlineEvent::UntilFound(tab),
    );
    keys.add_binding(
        KeyModifiers::SHIFT,
        KeyCode::BackTab,
        ReedlineEvent::MenuPrevious,
    );
    keys.add_binding(
        KeyModifiers::ALT,
        KeyCode::Enter,
        ReedlineEvent::Edit(vec![EditCommand::InsertNewline]),
    );
    let outside = ReedlineEvent::ExecuteHostCommand(String::new());
    keys.add_binding(KeyModifiers::CONTROL, KeyCode::Char('o'), outside);
    keys
}

/// Cells that the box of the menu takes at most.
const WORDS: usize = 50;

/// A menu for a terminal of some width.
fn menu(columns: usize) -> IdeMenu {
    let width = |cells: usize| u16::try_from(cells.min(columns)).unwrap_or(u16::MAX);
    IdeMenu::default()
        .with_name(MENU)
        .with_marker("> ")
        .with_max_completion_width(width(WORDS))
        .with_max_completion_height(12)
        .with_default_border()
        .with_description_mode(DescriptionMode::PreferRight)
        .with_min_description_width(width(DESCRIPTION))
        .with_max_description_width(60)
}

/// Cells in a line of the terminal.
fn columns() -> usize {
    usize::from(console::Term::stdout().size().1)
}

/// Asks the parser whether a piece of text is complete.
struct Parser(Assistant);

impl Validator for Parser {
    fn validate(&self, line: &str) -> ValidationResult {
        match self.0.completeness(line) {
            Completeness::Incomplete => ValidationResult::Incomplete,
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

    fn render_prompt_indicator(&self, mode: PromptEditMode) -> Cow<'_, str> {
        match mode {
            PromptEditMode::Vi(PromptViMode::Normal) => ": ".into(),
            _ => "> ".into(),
        }
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "... ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }

    fn get_prompt_color(&self) -> Color {
        if self.color {
            Color::Green
        } else {
            Color::Default
        }
    }
}
