//! What a running cell shows: text in batches, results, progress that is updated in place.

use crate::figures::Figures;
use crate::input::Questions;
use crate::wire::{Message, Wire};
use auricle_figure::{Figure, drawing_image};
use auricle_session::script::{Display, Progress, Sink, escape};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use zeromq::ZmqMessage;

/// Text waits this long at most, so that a flood of lines becomes few messages.
pub(crate) const BATCH_TIME: Duration = Duration::from_millis(50);

/// Text that is this long is sent at once.
const BATCH_BYTES: usize = 8 << 10;

/// Progress is redrawn this often at most; a page pays for every update.
const REDRAW_EVERY: Duration = Duration::from_millis(200);

/// Messages that may wait for the sockets; a cell that prints faster than they are sent waits for them.
const WAITING_MESSAGES: usize = 4096;

/// The socket a message leaves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Iopub,
    Shell,
    Control,
    Stdin,
}

/// Messages on their way to the sockets.
#[derive(Clone)]
pub(crate) struct Outbox {
    wire: Wire,
    queue: mpsc::Sender<(Door, ZmqMessage)>,
}

impl Outbox {
    /// An outbox, and the end that the sockets read.
    pub(crate) fn new(wire: Wire) -> (Outbox, mpsc::Receiver<(Door, ZmqMessage)>) {
        let (queue, waiting) = mpsc::channel(WAITING_MESSAGES);
        (Outbox { wire, queue }, waiting)
    }

    fn broadcast(&self, kind: &str, parent: &Value, content: &Value) -> (Door, ZmqMessage) {
        (
            Door::Iopub,
            self.wire.write(
                &[Bytes::copy_from_slice(kind.as_bytes())],
                kind,
                parent,
                content,
            ),
        )
    }

    fn answer(&self, door: Door, kind: &str, to: &Message, content: &Value) -> (Door, ZmqMessage) {
        (
            door,
            self.wire.write(&to.identities, kind, &to.header, content),
        )
    }

    /// Tells every front end, from the sockets' own thread.
    pub(crate) async fn tell(&self, kind: &str, parent: &Value, content: Value) {
        // The queue closes only when the kernel ends.
        let _ = self
            .queue
            .send(self.broadcast(kind, parent, &content))
            .await;
    }

    /// Answers a request, from the sockets' own thread.
    pub(crate) async fn reply(&self, door: Door, kind: &str, to: &Message, content: Value) {
        let _ = self.queue.send(self.answer(door, kind, to, &content)).await;
    }
}

/// The front ends as seen from the thread that runs cells.
pub(crate) struct Publisher {
    outbox: Outbox,
    state: Mutex<State>,
    pub(crate) figures: Figures,
    questions: Questions,
}

#[derive(Default)]
struct State {
    /// The request that is being answered.
    request: Option<Message>,
    /// Its header.
    parent: Value,
    silent: bool,
    stream: Option<&'static str>,
    text: String,
    since: Option<Instant>,
    bar: Option<Bar>,
}

/// A progress bar that is shown.
struct Bar {
    id: String,
    drawn: Instant,
}

impl Publisher {
    /// A publisher into an outbox; what people answer comes through `questions`.
    pub(crate) fn new(outbox: Outbox, questions: Questions) -> Arc<Publisher> {
        Arc::new(Publisher {
            outbox,
            state: Mutex::default(),
            figures: Figures::new(),
            questions,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A value as the content of a display message.
    fn displayed(&self, display: &Display, name: Option<&str>) -> Value {
        let transient = name.map_or(json!({}), |name| json!({ "display_id": name }));
        json!({ "data": self.figures.bundle(display), "metadata": {}, "transient": transient })
    }

    /// Begins to answer a request. What a silent one shows is dropped.
    pub(crate) fn begin(&self, request: &Message, silent: bool) {
        if !silent {
            let deleted: Vec<&str> = request.metadata["deletedCells"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            self.figures
                .begin(request.metadata["cellId"].as_str(), &deleted);
        }
        let (parent, request) = (request.header.clone(), Some(request.clone()));
        *self.lock() = State {
            request,
            parent,
            silent,
            ..State::default()
        };
    }

    /// Whether a cell runs, in the words of the protocol: `busy` or `idle`.
    pub(crate) fn status(&self, state: &str) {
        let mut guard = self.lock();
        self.flush(&mut guard);
        let message = self.outbox.broadcast(
            "status",
            &guard.parent,
            &json!({ "execution_state": state }),
        );
        self.send(message);
    }

    /// Something for every front end, unless the request is silent.
    pub(crate) fn show(&self, kind: &str, content: Value) {
        let mut guard = self.lock();
        self.flush(&mut guard);
        self.show_now(&guard, kind, &content);
    }

    /// The answer to the request itself.
    pub(crate) fn reply(&self, to: &Message, content: Value) {
        let mut guard = self.lock();
        self.flush(&mut guard);
        self.send(
            self.outbox
                .answer(Door::Shell, "execute_reply", to, &content),
        );
    }

    /// Sends text that has waited long enough. Called by the sockets' own thread, which must not wait: text that is
    /// just being written, or that meets a full queue, is left for the next time.
    pub(crate) fn flush_what_is_due(&self) {
        let Ok(mut state) = self.state.try_lock() else {
            return;
        };
        if state
            .since
            .is_some_and(|since| since.elapsed() >= BATCH_TIME)
            && let Ok(permit) = self.outbox.queue.try_reserve()
            && let Some(content) = state.take_text()
        {
            permit.send(self.outbox.broadcast("stream", &state.parent, &content));
        }
    }

    fn send(&self, message: (Door, ZmqMessage)) {
        let _ = self.outbox.queue.blocking_send(message);
    }

    fn show_now(&self, state: &State, kind: &str, content: &Value) {
        if !state.silent {
            self.send(self.outbox.broadcast(kind, &state.parent, content));
        }
    }

    fn flush(&self, state: &mut State) {
        if let Some(content) = state.take_text() {
            self.send(self.outbox.broadcast("stream", &state.parent, &content));
        }
    }

    fn write(&self, stream: &'static str, text: &str) {
        let mut state = self.lock();
        if state.silent {
            return;
        }
        if state.stream != Some(stream) {
            self.flush(&mut state);
            state.stream = Some(stream);
        }
        state.text.push_str(text);
        state.text.push('\n');
        state.since.get_or_insert_with(Instant::now);
        if state.text.len() >= BATCH_BYTES {
            self.flush(&mut state);
        }
    }
}

impl State {
    /// The waiting text as the content of a message.
    fn take_text(&mut self) -> Option<Value> {
        self.since = None;
        let text = std::mem::take(&mut self.text);
        let stream = self.stream.take()?;
        (!text.is_empty()).then(|| json!({ "name": stream, "text": text }))
    }
}

impl Sink for Publisher {
    fn out(&self, text: &str) {
        self.write("stdout", text);
    }

    /// Notebooks show the error stream in red, and a remark is no error.
    fn note(&self, text: &str) {
        self.write("stdout", text);
    }

    fn error(&self, text: &str) {
        self.write("stderr", text);
    }

    fn display(&self, display: &Display, name: Option<&str>) {
        self.show("display_data", self.displayed(display, name));
    }

    fn update(&self, display: &Display, name: &str) {
        self.show("update_display_data", self.displayed(display, Some(name)));
    }

    fn clear(&self, wait: bool) {
        self.figures.clear();
        self.show("clear_output", json!({ "wait": wait }));
    }

    fn ask(&self, prompt: &str, hidden: bool, stop: &dyn Fn() -> bool) -> Result<String, String> {
        let mut state = self.lock();
        self.flush(&mut state);
        let request = state
            .request
            .clone()
            .filter(|request| request.flag("allow_stdin", false));
        let Some(request) = request else {
            return Err("this front end takes no input while a cell runs".into());
        };
        // The lock is not held while the person thinks: what was printed must still leave.
        drop(state);
        self.questions.forget();
        let content = json!({ "prompt": prompt, "password": hidden });
        self.send(
            self.outbox
                .answer(Door::Stdin, "input_request", &request, &content),
        );
        self.questions.wait(stop)
    }

    fn progress(&self, progress: &Progress) {
        let mut state = self.lock();
        let content = |id: &str| json!({ "data": progress_data(progress), "metadata": {}, "transient": { "display_id": id } });
        match &mut state.bar {
            Some(bar) => {
                if !progress.finished && !progress.milestone && bar.drawn.elapsed() < REDRAW_EVERY {
                    return;
                }
                bar.drawn = Instant::now();
                let content = content(&bar.id);
                self.show_now(&state, "update_display_data", &content);
            }
            None => {
                let id = uuid::Uuid::new_v4().to_string();
                self.flush(&mut state);
                self.show_now(&state, "display_data", &content(&id));
                state.bar = Some(Bar {
                    id,
                    drawn: Instant::now(),
                });
            }
        }
        if progress.finished {
            state.bar = None;
        }
    }
}

/// What the figure of interest has been so far, light enough to be drawn again several times a second.
fn progress_curve(values: &[f64]) -> String {
    drawing_image(
        "curve",
        &Figure::lines("", "loss", &[("loss", values)]).to_small_drawing(),
    )
}

/// The state of long work as text and as a page shows it.
pub(crate) fn progress_data(progress: &Progress) -> Value {
    let left = progress
        .left_s
        .filter(|_| !progress.finished)
        .map(|s| format!(", {s:.0} s left"))
        .unwrap_or_default();
    let text = format!(
        "{}/{} {}{left}",
        progress.done, progress.total, progress.figures
    );
    // What was done is shown by the value of the cell, with the whole curve.
    let curve = match progress.curve.as_slice() {
        _ if progress.finished => String::new(),
        [] | [_] => String::new(),
        curve => format!("<br>{}", progress_curve(curve)),
    };
    let html = format!(
        "<div>{} <progress value=\"{}\" max=\"{}\"></progress> {}{curve}</div>",
        escape(&progress.title),
        progress.done,
        progress.total.max(1),
        escape(&text)
    );
    json!({ "text/plain": format!("{} {text}", progress.title), "text/html": html })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind and content of what has been sent.
    fn sent(waiting: &mut mpsc::Receiver<(Door, ZmqMessage)>) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        while let Ok((_, message)) = waiting.try_recv() {
            let frames = message.into_vec();
            let header: Value = serde_json::from_slice(&frames[frames.len() - 4]).unwrap();
            let content = serde_json::from_slice(&frames[frames.len() - 1]).unwrap();
            out.push((header["msg_type"].as_str().unwrap().to_owned(), content));
        }
        out
    }

    fn publisher() -> (Arc<Publisher>, mpsc::Receiver<(Door, ZmqMessage)>) {
        let (outbox, waiting) = Outbox::new(Wire::new("key"));
        (Publisher::new(outbox, Questions::new().0), waiting)
    }

    #[test]
    fn lines_go_in_batches_and_keep_their_order() {
        let (publisher, mut waiting) = publisher();
        publisher.begin(&Message::default(), false);
        for line in ["a", "b"] {
            publisher.out(line);
        }
        publisher.error("c");
        publisher.note("d");
        publisher.show("display_data", json!({}));
        let streams = [("stdout", "a\nb\n"), ("stderr", "c\n"), ("stdout", "d\n")];
        let mut want: Vec<(String, Value)> = streams
            .map(|(name, text)| ("stream".into(), json!({ "name": name, "text": text })))
            .into();
        want.push(("display_data".into(), json!({})));
        assert_eq!(sent(&mut waiting), want);
    }

    #[test]
    fn text_leaves_when_its_time_has_come() {
        let (publisher, mut waiting) = publisher();
        publisher.begin(&Message::default(), false);
        publisher.out("a");
        publisher.flush_what_is_due();
        assert_eq!(sent(&mut waiting), []);
        std::thread::sleep(BATCH_TIME);
        publisher.flush_what_is_due();
        assert_eq!(sent(&mut waiting).len(), 1);
        publisher.out(&"x".repeat(BATCH_BYTES));
        assert_eq!(sent(&mut waiting).len(), 1);
    }

    #[test]
    fn a_silent_cell_shows_nothing() {
        let (publisher, mut waiting) = publisher();
        publisher.begin(&Message::default(), true);
        publisher.out("a");
        publisher.show("display_data", json!({}));
        publisher.progress(&Progress {
            finished: true,
            ..Progress::default()
        });
        publisher.status("idle");
        assert_eq!(
            sent(&mut waiting),
            [("status".into(), json!({ "execution_state": "idle" }))]
        );
    }

    #[test]
    fn progress_is_one_display_that_is_updated() {
        let (publisher, mut waiting) = publisher();
        publisher.begin(&Message::default(), false);
        for done in 0..=100 {
            let title = "scan <x>".into();
            let (finished, curve) = (done == 100, vec![2.0, 1.0]);
            publisher.progress(&Progress {
                title,
                done,
                total: 100,
                finished,
                curve,
                ..Progress::default()
            });
        }
        let sent = sent(&mut waiting);
        let kinds: Vec<&str> = sent.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["display_data", "update_display_data"]);
        assert_eq!(sent[0].1["transient"], sent[1].1["transient"]);
        assert!(
            sent[1].1["data"]["text/html"]
                .as_str()
                .unwrap()
                .contains("scan &lt;x&gt;")
        );
        // Once it is done, the value of the cell has the curve.
        let curves = |message: &(String, Value)| {
            message.1["data"]["text/html"]
                .as_str()
                .unwrap()
                .matches("<img")
                .count()
        };
        assert_eq!((curves(&sent[0]), curves(&sent[1])), (1, 0));
    }
}
