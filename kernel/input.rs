//! Questions to the person in front of the notebook, and their answers.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often a cell that waits for an answer looks whether it was interrupted.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The side of the cell, which waits.
pub(crate) struct Questions(Mutex<Receiver<String>>);

/// The side of the sockets.
pub(crate) struct Answers(Sender<String>);

impl Questions {
    /// Both sides.
    pub(crate) fn new() -> (Questions, Answers) {
        let (answers, questions) = channel();
        (Questions(Mutex::new(questions)), Answers(answers))
    }

    /// Drops answers to questions that nobody asks any more.
    pub(crate) fn forget(&self) {
        let answers = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        while answers.try_recv().is_ok() {}
    }

    /// Waits for the next answer.
    pub(crate) fn wait(&self, stop: &dyn Fn() -> bool) -> Result<String, String> {
        let answers = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        loop {
            match answers.recv_timeout(LOOK_EVERY) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) if !stop() => {}
                Err(RecvTimeoutError::Timeout) => return Err("interrupted".into()),
                Err(RecvTimeoutError::Disconnected) => return Err("the kernel ends".into()),
            }
        }
    }
}

impl Answers {
    /// Hands an answer on.
    pub(crate) fn give(&self, text: &str) {
        // Nobody may wait any more; then the answer is for nothing.
        let _ = self.0.send(text.to_owned());
    }
}
