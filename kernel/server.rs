//! The five sockets and the thread that serves them.

use crate::Error;
use crate::answer::{Answer, answer};
use crate::cell::Cells;
use crate::connection::{Channel, Connection};
use crate::history::History;
use crate::input::{Answers, Questions};
use crate::publish::{BATCH_TIME, Door, Outbox, Publisher};
use crate::socket_file::SocketFiles;
use crate::wire::{Message, Seen, Wire};
use auricle_session::Settings;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use zeromq::{
    PubSocket, RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketEvent,
    SocketRecv, SocketSend, ZmqMessage,
};

/// A reader that takes nothing for this long is given up.
const STUCK: Duration = Duration::from_secs(5);

/// The first answer waits this long for a listener, so that a front end does not miss the first `idle`.
const FIRST_LISTENER: Duration = Duration::from_millis(50);

/// Welcomes are sent after these waits, because a listener's subscription follows its connection unseen. Only the first
/// is sent to a front end that asks something meanwhile: it does not wait for a welcome, and Jupyter's own client takes a
/// kernel for ready when nothing was told for a while.
const WELCOMES: [Duration; 3] = [
    Duration::from_millis(3),
    Duration::from_millis(30),
    Duration::from_millis(200),
];

/// A front end connects to all sockets within this time.
const FIRST_QUESTION: Duration = Duration::from_millis(100);

/// A cell may take this long to stop when the kernel ends.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Time for the last messages to leave.
const LINGER: Duration = Duration::from_millis(30);

/// A front end gives up within this time what it could not send to a kernel that is gone.
const LATE: Duration = Duration::from_secs(2);

/// Serves one connection file until a front end says that it is enough, or the program that started it is gone. Cells
/// are kept in the file `history`, if one is given, for kernels to come.
///
/// # Errors
/// The connection file is none, an address is taken, or the session cannot be started.
pub fn run(
    settings: Settings,
    connection_file: &Path,
    history: Option<&Path>,
) -> Result<(), Error> {
    let connection = Connection::read(connection_file)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Start)?;
    let mut files = SocketFiles::default();
    let result = runtime.block_on(serve(
        &connection,
        settings,
        History::new(history),
        &mut files,
    ));
    // A cell that does not stop must not keep the program.
    runtime.shutdown_background();
    result
}

/// What the tasks share.
struct Shared {
    wire: Wire,
    outbox: Outbox,
    cells: Cells,
    listened: watch::Receiver<bool>,
    /// When the last request came.
    asked: watch::Sender<Option<Instant>>,
    end: mpsc::Sender<()>,
    started: (DateTime<Utc>, Instant),
}

impl Shared {
    /// Whether a message was meant for a kernel that was here before. A front end that restarts a kernel which has died
    /// asks the dead one to stop, and what it could not send is delivered to whoever listens there next.
    fn is_for_the_last(&self, message: &Message) -> bool {
        let ends = match message.kind() {
            "shutdown_request" => message.flag("restart", false),
            kind => kind == "interrupt_request",
        };
        let (date, start) = self.started;
        ends && start.elapsed() < LATE && message.date().is_some_and(|sent| sent < date)
    }
}

async fn serve(
    connection: &Connection,
    settings: Settings,
    history: History,
    files: &mut SocketFiles,
) -> Result<(), Error> {
    let started = (Utc::now(), Instant::now());
    // Front ends try again every 100 ms: the addresses come first, the language after.
    let (mut shell, mut control, mut stdin) = (
        RouterSocket::new(),
        RouterSocket::new(),
        RouterSocket::new(),
    );
    let (mut iopub, mut heartbeat) = (PubSocket::new(), RepSocket::new());
    let listeners = iopub.monitor();
    bind(&mut shell, connection, Channel::Shell, files).await?;
    bind(&mut control, connection, Channel::Control, files).await?;
    bind(&mut stdin, connection, Channel::Stdin, files).await?;
    bind(&mut iopub, connection, Channel::Iopub, files).await?;
    bind(&mut heartbeat, connection, Channel::Heartbeat, files).await?;

    let wire = Wire::new(&connection.key);
    let (outbox, outgoing) = Outbox::new(wire.clone());
    let (questions, answers) = Questions::new();
    let publisher = Publisher::new(outbox.clone(), questions);
    let cells = Cells::start(settings, publisher.clone(), history)?;
    let (listening, listened) = watch::channel(false);
    let asked = watch::Sender::new(None);
    let (end, mut ended) = mpsc::channel(1);
    let shared = Arc::new(Shared {
        wire,
        outbox: outbox.clone(),
        cells,
        listened,
        asked,
        end,
        started,
    });

    let (shell_out, shell_in) = shell.split();
    let (control_out, control_in) = control.split();
    let (stdin_out, stdin_in) = stdin.split();
    tokio::spawn(write(outgoing, iopub, [shell_out, control_out, stdin_out]));
    tokio::spawn(listen(shared.clone(), stdin_in, answers));
    tokio::spawn(read(shared.clone(), shell_in, Door::Shell));
    tokio::spawn(read(shared.clone(), control_in, Door::Control));
    tokio::spawn(echo(heartbeat));
    tokio::spawn(welcome(listeners, shared.clone(), listening));
    tokio::spawn(flush(publisher));
    outbox
        .tell(
            "status",
            &Value::Null,
            json!({ "execution_state": "starting" }),
        )
        .await;
    tokio::select! {
        _ = ended.recv() => {}
        () = orphaned() => {}
    }
    Ok(())
}

async fn bind<S: Socket>(
    socket: &mut S,
    connection: &Connection,
    channel: Channel,
    files: &mut SocketFiles,
) -> Result<(), Error> {
    let endpoint = connection.endpoint(channel);
    SocketFiles::make_room(connection, channel);
    match socket.bind(&endpoint).await {
        Ok(_) => {
            files.own(connection, channel);
            Ok(())
        }
        Err(error) => Err(Error::Bind {
            endpoint,
            reason: error.to_string(),
        }),
    }
}

async fn write(
    mut outgoing: mpsc::Receiver<(Door, ZmqMessage)>,
    mut iopub: PubSocket,
    [mut shell, mut control, mut stdin]: [RouterSendHalf; 3],
) {
    while let Some((door, message)) = outgoing.recv().await {
        // A client that has gone cannot be answered, and that is no fault of the others.
        let _ = match door {
            Door::Iopub => timeout(STUCK, iopub.send(message)).await,
            Door::Shell => timeout(STUCK, shell.send(message)).await,
            Door::Control => timeout(STUCK, control.send(message)).await,
            Door::Stdin => timeout(STUCK, stdin.send(message)).await,
        };
    }
}

async fn read(shared: Arc<Shared>, mut socket: RouterRecvHalf, door: Door) {
    let mut seen = Seen::default();
    loop {
        let Ok(frames) = socket.recv().await else {
            sleep(Duration::from_millis(1)).await;
            continue;
        };
        // What is not signed, or is no message at all, gets no answer: who sends it may not know the key.
        let Ok(message) = shared.wire.read(frames, &mut seen) else {
            continue;
        };
        if shared.is_for_the_last(&message) {
            continue;
        }
        shared.asked.send_replace(Some(Instant::now()));
        match message.kind() {
            "execute_request" => shared.cells.execute(message),
            "shutdown_request" => return shut_down(&shared, &message, door).await,
            _ => respond(&shared, &message, door).await,
        }
    }
}

/// Takes what people answer.
async fn listen(shared: Arc<Shared>, mut socket: RouterRecvHalf, answers: Answers) {
    let mut seen = Seen::default();
    loop {
        let Ok(frames) = socket.recv().await else {
            sleep(Duration::from_millis(1)).await;
            continue;
        };
        if let Ok(message) = shared.wire.read(frames, &mut seen)
            && message.kind() == "input_reply"
        {
            answers.give(message.text("value"));
        }
    }
}

/// Answers a request between `busy` and `idle`.
async fn respond(shared: &Shared, message: &Message, door: Door) {
    let status = |state: &'static str| json!({ "execution_state": state });
    if message.kind() == "kernel_info_request" && !*shared.listened.borrow() {
        let mut listened = shared.listened.clone();
        let _ = timeout(FIRST_LISTENER, listened.wait_for(|listened| *listened)).await;
    }
    shared
        .outbox
        .tell("status", &message.header, status("busy"))
        .await;
    if message.kind() == "interrupt_request" {
        shared.cells.interrupt();
        shared
            .outbox
            .reply(door, "interrupt_reply", message, json!({ "status": "ok" }))
            .await;
    } else {
        match answer(message, &shared.cells) {
            Answer::Reply(kind, content) => shared.outbox.reply(door, kind, message, content).await,
            Answer::Tell(kind, content) => shared.outbox.tell(kind, &message.header, content).await,
            Answer::Nothing => {}
        }
    }
    shared
        .outbox
        .tell("status", &message.header, status("idle"))
        .await;
    // A front end shows the last state it heard; a cell that still runs says so again.
    if let Some(parent) = shared.cells.running() {
        shared.outbox.tell("status", &parent, status("busy")).await;
    }
}

async fn shut_down(shared: &Shared, message: &Message, door: Door) {
    shared.cells.stop();
    let stopped = async {
        while shared.cells.running().is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = timeout(LAST_WORDS, stopped).await;
    let content = json!({ "status": "ok", "restart": message.flag("restart", false) });
    shared
        .outbox
        .tell(
            "status",
            &message.header,
            json!({ "execution_state": "busy" }),
        )
        .await;
    shared
        .outbox
        .tell("shutdown_reply", &message.header, content.clone())
        .await;
    shared
        .outbox
        .reply(door, "shutdown_reply", message, content)
        .await;
    shared
        .outbox
        .tell(
            "status",
            &message.header,
            json!({ "execution_state": "idle" }),
        )
        .await;
    sleep(LINGER).await;
    let _ = shared.end.send(()).await;
}

/// Sends every heartbeat back.
async fn echo(mut heartbeat: RepSocket) {
    loop {
        match heartbeat.recv().await {
            Ok(beat) => {
                let _ = heartbeat.send(beat).await;
            }
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Greets who begins to listen: whoever receives a greeting misses nothing from then on.
async fn welcome(
    mut events: futures::channel::mpsc::Receiver<SocketEvent>,
    shared: Arc<Shared>,
    listening: watch::Sender<bool>,
) {
    while let Some(event) = events.next().await {
        if !matches!(event, SocketEvent::Accepted(..)) {
            continue;
        }
        // Its first question may come before this connection is heard of.
        let connected = Instant::now().checked_sub(FIRST_QUESTION);
        let mut waited = Duration::ZERO;
        for due in WELCOMES {
            sleep(due - waited).await;
            if !waited.is_zero() && *shared.asked.borrow() > connected {
                break;
            }
            waited = due;
            listening.send_replace(true);
            shared
                .outbox
                .tell("iopub_welcome", &Value::Null, json!({ "subscription": "" }))
                .await;
        }
    }
}

/// Sends text that a cell printed before it fell silent.
async fn flush(publisher: Arc<Publisher>) {
    loop {
        sleep(BATCH_TIME).await;
        publisher.flush_what_is_due();
    }
}

/// Waits until the program that started this one is gone. A kernel that was started by hand waits for ever.
async fn orphaned() {
    #[cfg(unix)]
    if std::env::var_os("JPY_PARENT_PID").is_some() {
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            sleep(Duration::from_secs(1)).await;
        }
        return;
    }
    std::future::pending().await
}
