//! The terminal as a sink: the script's output, remarks and progress.

use auricle_session::script::{Progress, Sink};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where a person or a pipe reads.
pub(crate) struct Terminal {
    /// Whether the script's own output goes to standard error, because standard output is for the report.
    report_only: bool,
    quiet: bool,
    interactive: bool,
    bar: Mutex<Option<ProgressBar>>,
    last_line: Mutex<Option<Instant>>,
}

/// Where nothing can be overwritten, progress is a line that often at most.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Terminal {
    /// A terminal that shows everything; `report_only` keeps standard output free.
    pub(crate) fn new(report_only: bool) -> Terminal {
        let interactive = std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Terminal { report_only, quiet: false, interactive, bar: Mutex::default(), last_line: Mutex::default() }
    }

    /// The same without progress and remarks.
    pub(crate) fn quiet(mut self, quiet: bool) -> Terminal {
        self.quiet = quiet;
        self
    }

    /// Whether diagnostics may have colours.
    pub(crate) fn color(&self) -> bool {
        self.interactive && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// Cells in a line.
    pub(crate) fn columns(&self) -> usize {
        usize::from(console::Term::stderr().size().1)
    }

    /// A line on standard output.
    pub(crate) fn print(&self, text: &str) {
        self.above_the_bar(|| {
            // A reader that went away, such as `head`, is no reason to fail.
            let _ = writeln!(std::io::stdout(), "{text}");
        });
    }

    /// A line on standard error.
    pub(crate) fn error(&self, text: &str) {
        self.above_the_bar(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    fn above_the_bar(&self, write: impl FnOnce()) {
        match self.lock_bar().as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn lock_bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes an unfinished bar away, after an error or an interrupt.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.lock_bar().take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, progress: &Progress) {
        let mut slot = self.lock_bar();
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(progress.total), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {percent:>3} % {msg}") {
                bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
            }
            bar
        });
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_prefix(progress.title.clone());
        let left = progress.left_s.map(|s| format!(", {} left", duration(s))).unwrap_or_default();
        bar.set_message(format!("{}{left}", progress.figures));
        if progress.finished {
            bar.finish_and_clear();
            *slot = None;
        }
    }

    fn write_line(&self, progress: &Progress) {
        let mut last = self.last_line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let due = last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if due || progress.finished {
            *last = Some(Instant::now());
            let left = progress.left_s.map(|s| format!(", {} left", duration(s))).unwrap_or_default();
            drop(last);
            self.error(&format!(
                "{} ({}/{}): {}{left}",
                progress.title, progress.done, progress.total, progress.figures
            ));
        }
    }
}

impl Sink for Terminal {
    fn out(&self, text: &str) {
        if self.report_only { self.error(text) } else { self.print(text) }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    fn ask(&self, prompt: &str, hidden: bool, _: &dyn Fn() -> bool) -> Result<String, String> {
        self.clear();
        if hidden && std::io::stdin().is_terminal() {
            return rpassword::prompt_password(prompt).map_err(|error| error.to_string());
        }
        let mut line = String::new();
        let asked = write!(std::io::stderr(), "{prompt}").and_then(|()| std::io::stdin().read_line(&mut line));
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
        if self.interactive { self.draw(progress) } else { self.write_line(progress) }
    }
}

fn duration(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 1e9) as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_short() {
        assert_eq!(super::duration(59.9), "59 s");
        assert_eq!(super::duration(61.0), "1 min 01 s");
        assert_eq!(super::duration(3700.0), "1 h 01 min");
        assert_eq!(super::duration(f64::INFINITY), "277777 h 46 min");
    }
}
