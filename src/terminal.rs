//! The terminal as a sink: the script's output, remarks, pictures and progress.

use crate::ask::{Unanswered, ask};
use crate::panel::{Panel, duration};
use crate::picture::{Space, USUAL_CELL, Way};
use auricle_session::script::{CancelToken, Display, Picture, Progress, Sink};
use console::truncate_str;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

/// An error as a front end tells it.
pub(crate) fn with_hint(error: &impl std::fmt::Display, hint: Option<String>) -> String {
    let hint = hint.map(|hint| format!("\n  = help: {hint}"));
    format!("error: {error}{}", hint.unwrap_or_default())
}

/// Where a person or a pipe reads.
pub(crate) struct Terminal {
    /// Whether the script's own output goes to standard error, because standard output is for the report.
    report_only: bool,
    quiet: bool,
    /// Whether the terminal may be asked what it is: this program alone reads from it.
    asks: bool,
    interactive: bool,
    panel: Mutex<Panel>,
    last_line: Mutex<Option<Instant>>,
    abilities: OnceLock<Abilities>,
    typed: Mutex<String>,
    named: Mutex<Option<Named>>,
    /// What stops the script, for a `Ctrl-C` that comes as a key.
    token: OnceLock<CancelToken>,
}

/// The last thing that was written, if it has a name by which it can be replaced.
struct Named {
    name: String,
    rows: usize,
}

/// What is known of the terminal once it matters.
struct Abilities {
    way: Way,
    cell: [usize; 2],
}

/// Where nothing can be overwritten, progress is a line that often at most, and one at every milestone.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Terminal {
    /// A terminal that shows everything; `report_only` keeps standard output free.
    pub(crate) fn new(report_only: bool) -> Terminal {
        let interactive = std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Terminal {
            report_only,
            quiet: false,
            asks: false,
            interactive,
            panel: Mutex::default(),
            last_line: Mutex::default(),
            abilities: OnceLock::new(),
            typed: Mutex::default(),
            named: Mutex::default(),
            token: OnceLock::new(),
        }
    }

    /// Takes over what stops the script. A script that goes on after a question was refused could not be left otherwise.
    pub(crate) fn stops(&self, token: CancelToken) {
        let _ = self.token.set(token);
    }

    /// The same without progress and remarks.
    pub(crate) fn quiet(mut self, quiet: bool) -> Terminal {
        self.quiet = quiet;
        self
    }

    /// The same in front of a person who does nothing but look on while a cell runs: the terminal may be asked.
    pub(crate) fn asking(mut self) -> Terminal {
        self.asks = std::io::stdin().is_terminal();
        self
    }

    /// Whether lines can be edited and overwritten.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether diagnostics may have colours.
    pub(crate) fn color(&self) -> bool {
        self.interactive && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// Cells in a line.
    fn columns(&self) -> usize {
        usize::from(console::Term::stderr().size().1)
    }

    /// A line on standard output.
    pub(crate) fn print(&self, text: &str) {
        self.above_the_panel(|| {
            // A reader that went away, such as `head`, is no reason to fail.
            let _ = writeln!(std::io::stdout(), "{text}");
        });
    }

    /// A line on standard error.
    pub(crate) fn error(&self, text: &str) {
        self.above_the_panel(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    /// A value's picture, if a person looks on who can see it.
    pub(crate) fn picture(&self, picture: &Picture) {
        if !self.draws_pictures() {
            return;
        }
        let columns = self.columns();
        match picture {
            Picture::Rows(rows) => self.print(&cut(rows, columns)),
            Picture::Pixels(pixels) => {
                let Abilities { way, cell } = *self.abilities.get_or_init(|| self.find_out());
                if let Some(text) = way.draw(pixels, Space { columns, cell }) {
                    self.print(&text);
                }
            }
        }
    }

    #[cfg(unix)]
    fn find_out(&self) -> Abilities {
        let mut cell = None;
        let ask = || {
            if !self.asks {
                return Vec::new();
            }
            let answer = crate::picture::ask();
            cell = answer.cell;
            *locked(&self.typed) += &answer.typed;
            answer.attributes
        };
        let way = Way::of(&variable, self.color(), ask);
        Abilities {
            way,
            cell: cell.unwrap_or(USUAL_CELL),
        }
    }

    #[cfg(not(unix))]
    fn find_out(&self) -> Abilities {
        Abilities {
            way: Way::of(&variable, self.color(), Vec::new),
            cell: USUAL_CELL,
        }
    }

    /// What the user typed while the terminal was asked.
    pub(crate) fn take_typed(&self) -> String {
        std::mem::take(&mut locked(&self.typed))
    }

    fn above_the_panel(&self, write: impl FnOnce()) {
        let panel = locked(&self.panel);
        put(&panel.erase());
        *locked(&self.named) = None;
        write();
        put(&panel.draw());
    }

    /// A value whose text may have lines of characters for a picture, in the place of the last output if that was of the
    /// same name.
    fn show(&self, display: &Display, name: Option<&str>, again: bool) {
        let columns = self.columns();
        let mut text = display.text.clone();
        let lines = match &display.picture {
            Some(Picture::Rows(rows)) => Some(rows),
            _ => None,
        };
        if let Some(rows) = lines.filter(|_| self.draws_pictures()) {
            text = format!("{text}\n{}", cut(rows, columns));
        }
        let height = || {
            text.lines()
                .map(|line| {
                    console::measure_text_width(line)
                        .div_ceil(columns.max(1))
                        .max(1)
                })
                .sum()
        };
        let above = locked(&self.named)
            .take()
            .filter(|last| again && Some(last.name.as_str()) == name);
        let back = above.map_or(String::new(), |last| format!("\x1b[{}A\x1b[J", last.rows));
        self.out(&format!("{back}{text}"));
        match &display.picture {
            Some(picture @ Picture::Pixels(_)) => self.picture(picture),
            _ if self.draws_pictures() => {
                *locked(&self.named) = name.map(|name| Named {
                    name: name.to_owned(),
                    rows: height(),
                });
            }
            _ => {}
        }
    }

    /// Takes the panel of unfinished work away, after an error or an interrupt.
    pub(crate) fn clear(&self) {
        *locked(&self.named) = None;
        put(&locked(&self.panel).clear());
    }

    fn write_line(&self, progress: &Progress) {
        let mut last = locked(&self.last_line);
        let due = last.get_or_insert_with(Instant::now).elapsed() >= LINE_EVERY;
        if due || progress.milestone || progress.finished {
            *last = Some(Instant::now());
            let left = progress
                .left_s
                .map(|s| format!(", {} left", duration(s)))
                .unwrap_or_default();
            drop(last);
            let figures = format!("{}{left}", progress.figures);
            let figures = figures.trim_start_matches(", ");
            let colon = if figures.is_empty() { "" } else { ": " };
            self.error(&format!(
                "{} ({}/{}){colon}{figures}",
                progress.title, progress.done, progress.total
            ));
        }
    }
}

/// Rows that fit a line.
fn cut(rows: &str, columns: usize) -> String {
    rows.lines()
        .map(|row| truncate_str(row, columns, ""))
        .collect::<Vec<_>>()
        .join("\n")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Writes a part of the panel, in one piece.
fn put(text: &str) {
    if !text.is_empty() {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }
}

impl Sink for Terminal {
    fn out(&self, text: &str) {
        if self.report_only {
            self.error(text)
        } else {
            self.print(text)
        }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    fn has_players(&self) -> bool {
        false
    }

    fn draws_pictures(&self) -> bool {
        self.interactive && !self.report_only && std::io::stdout().is_terminal()
    }

    fn display(&self, display: &Display, name: Option<&str>) {
        self.show(display, name, false);
    }

    fn update(&self, display: &Display, name: &str) {
        self.show(display, Some(name), true);
    }

    fn ask(&self, prompt: &str, hidden: bool, _: &dyn Fn() -> bool) -> Result<String, String> {
        self.clear();
        if self.interactive && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
            return ask(prompt, hidden).map_err(|reason| match reason {
                Unanswered::Because(reason) => reason,
                Unanswered::Interrupted => {
                    self.token.get().inspect(|token| token.cancel());
                    "interrupted".to_owned()
                }
            });
        }
        if hidden && std::io::stdin().is_terminal() {
            return rpassword::prompt_password(prompt).map_err(|error| error.to_string());
        }
        let mut line = String::new();
        let asked = write!(std::io::stderr(), "{prompt}")
            .and_then(|()| std::io::stdin().read_line(&mut line));
        match asked {
            Ok(0) => Err("standard input has ended".into()),
            Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn progress(&self, progress: &Progress) {
        if self.quiet {
            return;
        }
        if !self.interactive {
            return self.write_line(progress);
        }
        if let Some(text) = locked(&self.panel).update(progress, self.columns()) {
            put(&text);
        }
    }
}
