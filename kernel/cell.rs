//! The thread that owns the session and runs cells in order.

use crate::Error;
use crate::history::History;
use crate::publish::Publisher;
use crate::wire::Message;
use auricle_session::script::{CancelToken, Diagnostic, Shown};
use auricle_session::{Assistant, Outcome, Reply, Session, Settings};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Enough for the deepest nesting of calls that the session allows. Memory is taken only as it is used.
const STACK_BYTES: usize = 256 << 20;

/// A front end that runs a whole notebook sends its cells at once, but they arrive one by one: after an error, those
/// that come this soon were meant to follow it.
const STRAGGLERS: Duration = Duration::from_millis(15);

/// The running of cells as seen from the sockets.
pub(crate) struct Cells {
    requests: Sender<Message>,
    pub(crate) assistant: Assistant,
    pub(crate) history: Arc<Mutex<History>>,
    token: CancelToken,
    running: Arc<Mutex<Option<Value>>>,
    stopping: Arc<AtomicBool>,
}

impl Cells {
    /// Starts the thread and its session.
    pub(crate) fn start(
        settings: Settings,
        publisher: Arc<Publisher>,
        history: History,
    ) -> Result<Cells, Error> {
        let (requests, waiting) = channel();
        let (ready, is_ready) = channel();
        let history = Arc::new(Mutex::new(history));
        let running: Arc<Mutex<Option<Value>>> = Arc::default();
        let stopping: Arc<AtomicBool> = Arc::default();
        let (kept, shown, stops) = (history.clone(), running.clone(), stopping.clone());
        let work = move || {
            let session = match Session::new(settings, publisher.clone()) {
                Ok(session) => session,
                Err(error) => {
                    let _ = ready.send(Err(Error::Session(error.to_string())));
                    return;
                }
            };
            let _ = ready.send(Ok((session.assistant(), session.cancel_token())));
            Runner {
                session,
                publisher,
                history: kept,
                running: shown,
                count: 0,
            }
            .run(&waiting, &stops);
        };
        std::thread::Builder::new()
            .name("cells".into())
            .stack_size(STACK_BYTES)
            .spawn(work)
            .map_err(Error::Start)?;
        let gone = |_| Error::Session("its thread ended".into());
        let (assistant, token) = is_ready.recv().map_err(gone)??;
        Ok(Cells {
            requests,
            assistant,
            history,
            token,
            running,
            stopping,
        })
    }

    /// Queues an `execute_request`.
    pub(crate) fn execute(&self, message: Message) {
        // The thread ends only when the kernel does.
        let _ = self.requests.send(message);
    }

    /// The header of the cell that runs, if one does.
    pub(crate) fn running(&self) -> Option<Value> {
        lock(&self.running).clone()
    }

    /// Stops the cell that runs.
    pub(crate) fn interrupt(&self) {
        self.token.cancel();
    }

    /// Stops the cell that runs and starts no other.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.token.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

struct Runner {
    session: Session,
    publisher: Arc<Publisher>,
    history: Arc<Mutex<History>>,
    running: Arc<Mutex<Option<Value>>>,
    /// Cells that were kept so far.
    count: u64,
}

impl Runner {
    fn run(mut self, waiting: &Receiver<Message>, stopping: &AtomicBool) {
        while let Ok(message) = waiting.recv() {
            if stopping.load(Ordering::SeqCst) {
                return;
            }
            let content = self.execute(&message);
            let failed = content["status"] == "error" && message.flag("stop_on_error", true);
            let mut given_up = Vec::new();
            if failed {
                std::thread::sleep(STRAGGLERS);
                given_up.extend(waiting.try_iter());
            }
            if stopping.load(Ordering::SeqCst) {
                // The kernel ends with this cell: what it was training must be on disk by then.
                self.session.settle(|| ());
            }
            self.finish(&message, content);
            for message in given_up {
                self.publisher.begin(&message, false);
                self.publisher.status("busy");
                // It was not run and has no number, as in ipykernel.
                self.finish(&message, json!({ "status": "aborted" }));
            }
        }
    }

    fn finish(&self, message: &Message, content: Value) {
        self.publisher.reply(message, content);
        *lock(&self.running) = None;
        self.publisher.status("idle");
    }

    /// Runs a cell; gives the content of the reply.
    fn execute(&mut self, message: &Message) -> Value {
        let silent = message.flag("silent", false);
        let kept = message.flag("store_history", true) && !silent;
        let code = message.text("code");
        *lock(&self.running) = Some(message.header.clone());
        self.publisher.begin(message, silent);
        self.publisher.status("busy");
        if kept {
            self.count += 1;
            lock(&self.history).push(self.count, code);
        }
        self.publisher.show(
            "execute_input",
            json!({ "code": code, "execution_count": self.count }),
        );
        match self.session.cell(&format!("cell {}", self.count), code) {
            Ok(reply) => {
                let payload = match reply {
                    Reply::Value(outcome) => {
                        self.show_result(&outcome, kept);
                        json!([])
                    }
                    Reply::Text(text) => {
                        json!([{ "source": "page", "data": { "text/plain": text }, "start": 0 }])
                    }
                    Reply::Edit(text) => {
                        json!([{ "source": "set_next_input", "text": text, "replace": false }])
                    }
                };
                let expressions = self.expressions(&message.content["user_expressions"]);
                self.done(payload, expressions)
            }
            Err(diagnostic) => {
                let mut content = error_content(&diagnostic, &self.session);
                self.publisher.show("error", content.clone());
                content["status"] = "error".into();
                content["execution_count"] = self.count.into();
                content["user_expressions"] = json!({});
                content
            }
        }
    }

    fn done(&self, payload: Value, expressions: Value) -> Value {
        json!({
            "status": "ok",
            "execution_count": self.count,
            "payload": payload,
            "user_expressions": expressions,
        })
    }

    fn show_result(&self, outcome: &Outcome, kept: bool) {
        if !outcome.shown {
            return;
        }
        let display = Shown::display_of(&outcome.value);
        if kept {
            lock(&self.history).result(&display.text);
        }
        let content = json!({ "execution_count": self.count, "data": self.publisher.figures.bundle(&display), "metadata": {} });
        self.publisher.show("execute_result", content);
    }

    /// Values of expressions that a front end asks for after a cell.
    fn expressions(&mut self, asked: &Value) -> Value {
        let mut values = Map::new();
        for (name, expression) in asked.as_object().into_iter().flatten() {
            let value = match self
                .session
                .eval("user expression", expression.as_str().unwrap_or(""))
            {
                Ok(outcome) => {
                    let data = json!({ "text/plain": Shown::source_of(&outcome.value) });
                    json!({ "status": "ok", "data": data, "metadata": {} })
                }
                Err(diagnostic) => {
                    let mut content = error_content(&diagnostic, &self.session);
                    content["status"] = "error".into();
                    content
                }
            };
            values.insert(name.clone(), value);
        }
        values.into()
    }
}

/// A diagnostic as the protocol wants it: name, value, and coloured lines.
pub(crate) fn error_content(diagnostic: &Diagnostic, session: &Session) -> Value {
    let name = match session.cancel_token().is_cancelled() {
        true => "Interrupted",
        false => "ScriptError",
    };
    let rendered = diagnostic.render(true);
    json!({ "ename": name, "evalue": diagnostic.message, "traceback": rendered.lines().collect::<Vec<_>>() })
}
