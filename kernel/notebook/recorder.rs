//! What the cells of a notebook show, kept as a server keeps it.

use crate::figures::Figures;
use crate::publish::progress_data;
use auricle_session::script::{Display, Progress, Sink};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// Keeps what cells show.
pub(super) struct Recorder {
    recorded: Mutex<Recorded>,
    figures: Figures,
}

#[derive(Default)]
struct Recorded {
    /// Outputs of the cell that runs.
    outputs: Vec<Output>,
    /// Outputs of the cells before it.
    earlier: Vec<Vec<Output>>,
    /// What stands under each name now. A display under an earlier name replaces all that were shown under it.
    named: HashMap<String, Value>,
    clear_next: bool,
}

enum Output {
    /// Lines of one stream, which are many: they are put together once, when the cell ends.
    Stream { name: &'static str, text: String },
    /// Anything else, with the name by which it can be replaced.
    Other(Value, Option<String>),
}

/// Name of the display of progress; a script's own names cannot begin so.
const PROGRESS: &str = "\u{1}progress";

impl Recorded {
    fn push(&mut self, output: Output) {
        // What was shown goes if the cell asked for that and now shows something new.
        if std::mem::take(&mut self.clear_next) {
            self.outputs.clear();
        }
        self.outputs.push(output);
    }
}

impl Output {
    /// The output as notebooks have it.
    fn into_value(self, named: &HashMap<String, Value>) -> Value {
        match self {
            Output::Stream { name, text } => {
                json!({ "output_type": "stream", "name": name, "text": text })
            }
            Output::Other(mut value, name) => {
                if let Some(data) = name.and_then(|name| named.get(&name)) {
                    value["data"] = data.clone();
                }
                value
            }
        }
    }
}

impl Recorder {
    pub(super) fn new() -> Recorder {
        Recorder {
            recorded: Mutex::default(),
            figures: Figures::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.recorded
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A cell begins.
    pub(super) fn begin(&self, number: usize) {
        self.figures.begin(Some(&number.to_string()), &[]);
    }

    /// The cell has ended.
    pub(super) fn end(&self) {
        let mut recorded = self.lock();
        recorded.clear_next = false;
        let mut outputs = std::mem::take(&mut recorded.outputs);
        // Progress of one cell is not replaced by that of the next.
        if let Some(state) = recorded.named.remove(PROGRESS) {
            for output in &mut outputs {
                if let Output::Other(value, name @ Some(_)) = output
                    && name.as_deref() == Some(PROGRESS)
                {
                    value["data"] = state.clone();
                    *name = None;
                }
            }
        }
        recorded.earlier.push(outputs);
    }

    /// The outputs of every cell, as they are in the end.
    pub(super) fn finish(&self) -> Vec<Vec<Value>> {
        let mut recorded = self.lock();
        let cells = std::mem::take(&mut recorded.earlier);
        let of_cell = |outputs: Vec<Output>| {
            outputs
                .into_iter()
                .map(|output| output.into_value(&recorded.named))
        };
        cells
            .into_iter()
            .map(|outputs| of_cell(outputs).collect())
            .collect()
    }

    /// The value that a cell came to.
    pub(super) fn result(&self, number: usize, display: &Display) {
        let data = self.figures.bundle(display);
        let output = json!({ "output_type": "execute_result", "execution_count": number, "data": data, "metadata": {} });
        self.push(output, None);
    }

    /// An output as notebooks have it.
    pub(super) fn push(&self, output: Value, name: Option<String>) {
        self.lock().push(Output::Other(output, name));
    }

    fn write(&self, stream: &'static str, line: &str) {
        let mut recorded = self.lock();
        let goes_on = !recorded.clear_next;
        match recorded.outputs.last_mut() {
            Some(Output::Stream { name, text }) if goes_on && *name == stream => {
                text.push_str(line);
                text.push('\n');
            }
            _ => recorded.push(Output::Stream {
                name: stream,
                text: format!("{line}\n"),
            }),
        }
    }

    fn show(&self, data: Value, name: Option<&str>) {
        let output = json!({ "output_type": "display_data", "data": data, "metadata": {} });
        let mut recorded = self.lock();
        if let Some(name) = name {
            recorded.named.insert(name.to_owned(), data);
        }
        recorded.push(Output::Other(output, name.map(str::to_owned)));
    }
}

impl Sink for Recorder {
    fn out(&self, text: &str) {
        self.write("stdout", text);
    }

    /// As the kernel publishes it: the error stream is shown in red, and a remark is no error.
    fn note(&self, text: &str) {
        self.write("stdout", text);
    }

    fn error(&self, text: &str) {
        self.write("stderr", text);
    }

    fn display(&self, display: &Display, name: Option<&str>) {
        self.show(self.figures.bundle(display), name);
    }

    fn update(&self, display: &Display, name: &str) {
        let data = self.figures.bundle(display);
        self.lock().named.insert(name.to_owned(), data);
    }

    fn clear(&self, wait: bool) {
        self.figures.clear();
        let mut recorded = self.lock();
        if wait {
            recorded.clear_next = true
        } else {
            recorded.outputs.clear()
        }
    }

    fn progress(&self, progress: &Progress) {
        let data = progress_data(progress);
        let is_shown =
            |output: &Output| matches!(output, Output::Other(_, Some(name)) if name == PROGRESS);
        if self.lock().outputs.iter().rev().any(is_shown) {
            self.lock().named.insert(PROGRESS.to_owned(), data);
        } else {
            self.show(data, Some(PROGRESS));
        }
    }
}
