//! Where a session's output goes.

use super::Display;

/// What a front end offers to a session. Everything a script prints or shows passes here.
pub trait Sink: Send + Sync {
    /// A line that the script printed.
    fn out(&self, text: &str);

    /// A remark for the person at the terminal, apart from the script's output.
    fn note(&self, text: &str);

    /// A line that the script wrote to the error stream.
    fn error(&self, text: &str) {
        self.note(text);
    }

    /// The state of long work; called often.
    fn progress(&self, progress: &Progress);

    /// Whether it shows the pictures of displays.
    fn draws_pictures(&self) -> bool {
        false
    }

    /// Whether the displays of sounds have players; where they have none, a program of the system plays.
    fn has_players(&self) -> bool {
        true
    }

    /// Hands on what was printed so far, if some is held back.
    fn flush(&self) {}

    /// A value that is to be seen. Under a name it can be replaced later.
    fn display(&self, display: &Display, _name: Option<&str>) {
        self.out(&display.text);
    }

    /// A value in the place of what was displayed under a name.
    fn update(&self, display: &Display, _name: &str) {
        self.out(&display.text);
    }

    /// Takes away what the cell has shown so far; with `wait`, only once something new is there.
    fn clear(&self, _wait: bool) {}

    /// Asks the person for a line, unseen while it is typed if it is `hidden`. `stop` says when nobody waits any more.
    ///
    /// # Errors
    /// Why nobody can be asked.
    fn ask(
        &self,
        _prompt: &str,
        _hidden: bool,
        _stop: &dyn Fn() -> bool,
    ) -> Result<String, String> {
        Err("there is nobody to ask".into())
    }
}

/// The state of long work.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Progress {
    /// What is being done.
    pub title: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 if not known.
    pub total: u64,
    /// Figures of interest, such as the loss and the rate.
    pub figures: String,
    /// What the figure of interest has been so far, such as the loss of every epoch.
    pub curve: Vec<f64>,
    /// Seconds left, if they can be told.
    pub left_s: Option<f64>,
    /// A milestone, such as the end of an epoch: worth a line of its own where nothing can be overwritten.
    pub milestone: bool,
    /// Whether this is the last state.
    pub finished: bool,
}

impl Progress {
    /// The state of work whose steps take alike: what is left takes as long a step as what is done, in `elapsed_s` seconds.
    pub fn steady(
        title: &str,
        [done, total]: [u64; 2],
        elapsed_s: f64,
        figures: String,
    ) -> Progress {
        Progress {
            title: title.to_owned(),
            done,
            total,
            figures,
            left_s: (done > 0).then(|| elapsed_s / done as f64 * (total - done) as f64),
            finished: done == total,
            ..Progress::default()
        }
    }
}

/// A sink that forgets everything.
#[derive(Debug, Default)]
pub struct Silent;

impl Sink for Silent {
    fn out(&self, _: &str) {}
    fn note(&self, _: &str) {}
    fn progress(&self, _: &Progress) {}
}
