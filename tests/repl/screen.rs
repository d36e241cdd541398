//! The program in a terminal of its own: a pseudo-terminal, and an emulator that keeps the screen and answers questions.

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Nothing is judged by its duration: this only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(180);

/// Lines and columns, unless a test asks for others.
const SIZE: (u16, u16) = (40, 80);

/// A running program and what its terminal shows.
pub(super) struct Screen {
    pty: Arc<Pty>,
    child: Child,
    state: Arc<Mutex<State>>,
}

struct State {
    parser: vt100::Parser<Answers>,
    /// All that was written.
    bytes: Vec<u8>,
}

/// What the terminal says when it is asked.
struct Answers {
    attributes: &'static str,
    pending: Vec<u8>,
}

impl vt100::Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        match (first, last, parameters) {
            (None, 'n', [[6]]) => {
                let (row, column) = screen.cursor_position();
                self.pending
                    .extend(format!("\x1b[{};{}R", row + 1, column + 1).into_bytes());
            }
            (None, 'c', _) => self.pending.extend(self.attributes.as_bytes()),
            _ => {}
        }
    }
}

/// How the program is started.
pub(super) struct Start<'a> {
    /// Words behind the program's name.
    pub(super) arguments: &'a [&'a str],
    /// Variables of the environment beside the usual ones; an empty value removes one.
    pub(super) variables: &'a [(&'a str, &'a str)],
    /// What the terminal says of its abilities.
    pub(super) attributes: &'static str,
    /// Whether a shell starts the program and then prints the terminal's settings.
    pub(super) in_shell: bool,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Start {
            arguments: &[],
            variables: &[],
            attributes: "\x1b[?62;22c",
            in_shell: false,
        }
    }
}

impl Screen {
    /// The REPL, with a home folder of its own.
    pub(super) fn new(home: &Path) -> Screen {
        Screen::start(home, &Start::default())
    }

    /// The program as it is told.
    pub(super) fn start(home: &Path, start: &Start<'_>) -> Screen {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(SIZE.0, SIZE.1)).unwrap();
        let program = env!("CARGO_BIN_EXE_auricle");
        let mut command = if start.in_shell {
            let script = "\"$0\" \"$@\"; echo \"exit code $?\"; stty -a; echo end";
            Command::new("sh").args(["-c", script, program])
        } else {
            Command::new(program)
        };
        command = command
            .args(start.arguments)
            .current_dir(home)
            .env("HOME", home);
        for (name, folder) in [
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_CONFIG_HOME", "config"),
        ] {
            command = command.env(name, home.join(folder));
        }
        for name in [
            "NO_COLOR",
            "VISUAL",
            "EDITOR",
            "TMUX",
            "KITTY_WINDOW_ID",
            "TERM_PROGRAM",
            "AURICLE_PICTURES",
        ] {
            command = command.env_remove(name);
        }
        command = command
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor");
        for (name, value) in start.variables {
            command = if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        let child = command.spawn(pts).unwrap();
        let answers = Answers {
            attributes: start.attributes,
            pending: Vec::new(),
        };
        let parser = vt100::Parser::new_with_callbacks(cells(SIZE.0), cells(SIZE.1), 0, answers);
        let state = Arc::new(Mutex::new(State {
            parser,
            bytes: Vec::new(),
        }));
        let pty = Arc::new(pty);
        let (reader, shared) = (pty.clone(), state.clone());
        // Ends when the program has closed its side.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = (&*reader).read(&mut buffer) {
                let mut state = lock(&shared);
                state.bytes.extend_from_slice(&buffer[..n]);
                state.parser.process(&buffer[..n]);
                let answer = std::mem::take(&mut state.parser.callbacks_mut().pending);
                drop(state);
                if (&*reader).write_all(&answer).is_err() {
                    break;
                }
            }
        });
        Screen { pty, child, state }
    }

    /// Presses keys.
    pub(super) fn keys(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size.
    pub(super) fn resize(&self, rows: u16, columns: u16) {
        lock(&self.state)
            .parser
            .set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// What the screen shows, trailing spaces removed.
    pub(super) fn text(&self) -> String {
        let state = lock(&self.state);
        let columns = state.parser.screen().size().1.get();
        let rows: Vec<String> = state
            .parser
            .screen()
            .rows(0, columns)
            .map(|row| row.trim_end().to_owned())
            .collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// The row with the cursor.
    pub(super) fn cursor_row(&self) -> String {
        let state = lock(&self.state);
        let screen = state.parser.screen();
        let (row, columns) = (screen.cursor_position().0, screen.size().1.get());
        screen
            .rows(0, columns)
            .nth(usize::from(row))
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    }

    /// Colours of the upper and lower half of the cells that hold half blocks, row by row.
    pub(super) fn blocks(&self) -> Vec<Vec<[vt100::Color; 2]>> {
        let state = lock(&self.state);
        let screen = state.parser.screen();
        let (rows, columns) = screen.size();
        let row = |row: u16| -> Vec<[vt100::Color; 2]> {
            let cells = (0..columns.get()).filter_map(|column| screen.cell(row, column));
            cells
                .filter(|cell| cell.contents() == "▀")
                .map(|cell| [cell.fgcolor(), cell.bgcolor()])
                .collect()
        };
        (0..rows.get())
            .map(row)
            .filter(|row| !row.is_empty())
            .collect()
    }

    /// All that was written, as it came.
    pub(super) fn bytes(&self) -> String {
        String::from_utf8_lossy(&lock(&self.state).bytes).into_owned()
    }

    /// Whether the program wants pastes to be marked, which it does only while a line is edited.
    pub(super) fn bracketed_paste(&self) -> bool {
        lock(&self.state).parser.screen().bracketed_paste()
    }

    /// Waits until the screen shows what a test waits for.
    pub(super) fn until(&self, what: &str, shown: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !shown(self) {
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; the screen:\n{}",
                self.text()
            );
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits until a text is on the screen.
    pub(super) fn shows(&self, text: &str) {
        self.until(text, |screen| screen.text().contains(text));
    }

    /// Waits until the cursor is in a row that begins so.
    pub(super) fn at(&self, row: &str) {
        self.until(&format!("a row {row:?}"), |screen| {
            screen.cursor_row().starts_with(row)
        });
    }

    /// Waits for the prompt of a cell, empty.
    pub(super) fn prompt(&self, cell: usize) {
        let prompt = format!("[{cell}]>");
        self.until(&format!("the empty prompt {prompt}"), |screen| {
            screen.cursor_row() == prompt && screen.bracketed_paste()
        });
    }

    /// Runs a line as a cell and gives what it showed.
    pub(super) fn run(&self, cell: usize, line: &str) -> String {
        self.prompt(cell);
        self.keys(&format!("{line}\r"));
        self.prompt(cell + 1);
        self.shown_by(cell)
    }

    /// What stands between a cell and the prompt after it.
    pub(super) fn shown_by(&self, cell: usize) -> String {
        let text = self.text();
        let from = text
            .rfind(&format!("[{cell}]>"))
            .unwrap_or_else(|| panic!("cell {cell} has left the screen:\n{text}"));
        let until = text
            .rfind(&format!("[{}]>", cell + 1))
            .unwrap_or(text.len());
        let lines = text[from..until].lines().skip(1);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits for the program's end.
    pub(super) fn left(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the program does not end; the screen:\n{}",
                self.text()
            );
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}
