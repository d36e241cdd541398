//! Where a session's output goes.

/// What a front end offers to a session. Everything a script prints or shows passes here.
pub trait Sink: Send + Sync {
    /// A line that the script printed.
    fn out(&self, text: &str);

    /// A remark for the person at the terminal, apart from the script's output.
    fn note(&self, text: &str);

    /// The state of long work; called often.
    fn progress(&self, progress: &Progress);
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
    /// Seconds left, if they can be told.
    pub left_s: Option<f64>,
    /// A milestone, such as the end of an epoch: worth a line of its own where nothing can be overwritten.
    pub milestone: bool,
    /// Whether this is the last state.
    pub finished: bool,
}

/// A sink that forgets everything.
#[derive(Debug, Default)]
pub struct Silent;

impl Sink for Silent {
    fn out(&self, _: &str) {}
    fn note(&self, _: &str) {}
    fn progress(&self, _: &Progress) {}
}
