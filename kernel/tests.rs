//! The kernel as a front end meets it: a real client over real sockets.

use crate::wire::Wire;
use auricle_session::Settings;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zeromq::util::PeerIdentity;
use zeromq::{
    DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqMessage,
};

const PATIENCE: Duration = Duration::from_secs(20);

struct Client {
    runtime: Runtime,
    wire: Wire,
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    stdin: DealerSocket,
    heartbeat: ReqSocket,
    kernel: Option<std::thread::JoinHandle<Result<(), crate::Error>>>,
}

/// A message as the client reads it.
#[derive(Debug)]
struct Heard {
    kind: String,
    parent: Value,
    content: Value,
}

/// Everything that came of a request.
struct Answered {
    reply: Value,
    told: Vec<Heard>,
}

impl Answered {
    fn kinds(&self) -> Vec<&str> {
        self.told
            .iter()
            .map(|heard| heard.kind.as_str())
            .filter(|&kind| kind != "status")
            .collect()
    }

    fn told(&self, kind: &str) -> &Value {
        &self
            .told
            .iter()
            .find(|heard| heard.kind == kind)
            .unwrap_or_else(|| panic!("{kind}: {:?}", self.told))
            .content
    }

    fn printed(&self) -> String {
        let streams = self.told.iter().filter(|heard| heard.kind == "stream");
        streams
            .map(|heard| heard.content["text"].as_str().unwrap())
            .collect()
    }
}

fn connection_file(dir: &Path, tcp: bool) -> PathBuf {
    let listeners: Vec<_> = (0..5)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports: Vec<u16> = listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect();
    let ip = if tcp {
        "127.0.0.1".to_owned()
    } else {
        dir.join("kernel").display().to_string()
    };
    let content = json!({
        "transport": if tcp { "tcp" } else { "ipc" }, "ip": ip, "key": "secret", "signature_scheme": "hmac-sha256",
        "shell_port": ports[0], "control_port": ports[1], "stdin_port": ports[2],
        "iopub_port": ports[3], "hb_port": ports[4],
    });
    let file = dir.join("connection.json");
    std::fs::write(&file, content.to_string()).unwrap();
    file
}

fn parse(message: ZmqMessage) -> Heard {
    let frames = message.into_vec();
    let part = |from_end: usize| {
        serde_json::from_slice::<Value>(&frames[frames.len() - from_end]).unwrap()
    };
    Heard {
        kind: part(4)["msg_type"].as_str().unwrap().to_owned(),
        parent: part(3),
        content: part(1),
    }
}

impl Client {
    fn start(dir: &Path, tcp: bool) -> Client {
        Client::connect(&connection_file(dir, tcp), tcp)
    }

    /// Starts a kernel for a connection file and connects to it.
    fn connect(file: &Path, tcp: bool) -> Client {
        let served = file.to_owned();
        let kernel = std::thread::spawn(move || crate::run(Settings::default(), &served, None));
        let connection: Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let at = |port: &str| match tcp {
            true => format!("tcp://127.0.0.1:{}", connection[port]),
            false => format!(
                "ipc://{}-{}",
                connection["ip"].as_str().unwrap(),
                connection[port]
            ),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        // The kernel asks on the stdin socket under the name by which it knows the client's shell socket.
        let named = || {
            let mut options = SocketOptions::default();
            options.peer_identity(PeerIdentity::from_str("client").unwrap());
            DealerSocket::with_options(options)
        };
        let (mut shell, mut control, mut stdin) = (named(), DealerSocket::new(), named());
        let (mut iopub, mut heartbeat) = (SubSocket::new(), ReqSocket::new());
        runtime.block_on(async {
            shell.connect(&at("shell_port")).await.unwrap();
            control.connect(&at("control_port")).await.unwrap();
            stdin.connect(&at("stdin_port")).await.unwrap();
            heartbeat.connect(&at("hb_port")).await.unwrap();
            iopub.connect(&at("iopub_port")).await.unwrap();
            iopub.subscribe("").await.unwrap();
        });
        let mut client = Client {
            runtime,
            wire: Wire::new("secret"),
            shell,
            control,
            iopub,
            stdin,
            heartbeat,
            kernel: Some(kernel),
        };
        while client.hear().kind != "iopub_welcome" {}
        client
    }

    fn hear(&mut self) -> Heard {
        let message = self
            .runtime
            .block_on(async { timeout(PATIENCE, self.iopub.recv()).await });
        parse(message.expect("the kernel fell silent").unwrap())
    }

    fn send(&mut self, kind: &str, content: &Value) -> Value {
        let message = self.wire.write(&[], kind, &Value::Null, content);
        let header = parse_header(&message);
        self.runtime.block_on(self.shell.send(message)).unwrap();
        header
    }

    fn reply(&mut self) -> Heard {
        let message = self
            .runtime
            .block_on(async { timeout(PATIENCE, self.shell.recv()).await });
        parse(message.expect("no reply came").unwrap())
    }

    fn ask(&mut self, kind: &str, content: Value) -> Answered {
        let header = self.send(kind, &content);
        let told = self.told_of(&header);
        let reply = self.reply();
        assert_eq!(reply.parent, header);
        Answered {
            reply: reply.content,
            told,
        }
    }

    /// What is told between `busy` and `idle` of one request.
    fn told_of(&mut self, header: &Value) -> Vec<Heard> {
        let mut told = Vec::new();
        loop {
            let heard = self.hear();
            if heard.parent != *header {
                continue;
            }
            let idle = heard.content["execution_state"] == "idle";
            told.push(heard);
            if idle {
                assert_eq!(told[0].content["execution_state"], "busy");
                return told;
            }
        }
    }

    fn run(&mut self, code: &str) -> Answered {
        self.ask(
            "execute_request",
            json!({ "code": code, "store_history": true }),
        )
    }

    fn control(&mut self, kind: &str) -> Heard {
        let message = self
            .wire
            .write(&[], kind, &Value::Null, &json!({ "restart": false }));
        self.runtime.block_on(async {
            self.control.send(message).await.unwrap();
            parse(
                timeout(PATIENCE, self.control.recv())
                    .await
                    .expect("no reply came")
                    .unwrap(),
            )
        })
    }
}

fn parse_header(message: &ZmqMessage) -> Value {
    serde_json::from_slice(message.get(message.len() - 4).unwrap()).unwrap()
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(kernel) = self.kernel.take()
            && !std::thread::panicking()
        {
            assert_eq!(self.control("shutdown_request").kind, "shutdown_reply");
            kernel.join().unwrap().unwrap();
        }
    }
}

fn with_client(test: impl FnOnce(&mut Client)) {
    let dir = tempfile::tempdir().unwrap();
    test(&mut Client::start(dir.path(), true));
}

#[test]
fn a_notebook_is_served_over_tcp_and_ipc() {
    for tcp in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut client = Client::start(dir.path(), tcp);
        assert_eq!(
            client.ask("kernel_info_request", json!({})).reply["language_info"]["name"],
            "rhai"
        );
        let first = client.run("let x = 20; print(x); x + 1");
        assert_eq!(first.kinds(), ["execute_input", "stream", "execute_result"]);
        assert_eq!(first.told("execute_result")["data"]["text/plain"], "21");
        assert_eq!(
            (&first.reply["status"], &first.reply["execution_count"]),
            (&json!("ok"), &json!(1))
        );
        let second = client.run("x * 2;");
        assert_eq!(
            (second.kinds(), &second.reply["execution_count"]),
            (vec!["execute_input"], &json!(2))
        );
        let runtime = &client.runtime;
        let beat = runtime.block_on(async {
            client.heartbeat.send("ping".into()).await.unwrap();
            client.heartbeat.recv().await.unwrap()
        });
        assert_eq!(beat.into_vec(), ["ping".as_bytes()]);
    }
}

#[test]
#[cfg(unix)]
fn sockets_of_a_killed_kernel_are_taken_over_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = connection_file(dir.path(), false);
    let connection: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let sockets: Vec<String> = [
        "shell_port",
        "control_port",
        "stdin_port",
        "iopub_port",
        "hb_port",
    ]
    .map(|port| {
        format!(
            "{}-{}",
            connection["ip"].as_str().unwrap(),
            connection[port]
        )
    })
    .into();
    // What a kernel leaves that had no time to clear up: files of sockets that nobody listens on.
    sockets
        .iter()
        .for_each(|socket| drop(std::os::unix::net::UnixListener::bind(socket).unwrap()));
    let mut client = Client::connect(&file, false);
    assert_eq!(
        client.run("1 + 1").told("execute_result")["data"]["text/plain"],
        "2"
    );
    let second = crate::run(Settings::default(), &file, None)
        .unwrap_err()
        .to_string();
    assert!(second.starts_with("cannot listen on `ipc://"), "{second}");
    assert!(
        sockets.iter().all(|socket| Path::new(socket).exists()),
        "the second took the sockets of the first"
    );
    drop(client);
    assert!(
        sockets.iter().all(|socket| !Path::new(socket).exists()),
        "files of sockets were left behind"
    );
}

#[test]
fn what_was_meant_for_the_kernel_before_does_not_end_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = connection_file(dir.path(), false);
    let before = Wire::new("secret");
    let request = |kind: &str| before.write(&[], kind, &Value::Null, &json!({ "restart": true }));
    let late = [request("interrupt_request"), request("shutdown_request")];
    std::thread::sleep(Duration::from_millis(2));
    let mut client = Client::connect(&file, false);
    for message in late {
        let runtime = &client.runtime;
        runtime
            .block_on(client.control.send(message))
            .expect("the kernel listens");
    }
    assert_eq!(
        client.control("kernel_info_request").kind,
        "kernel_info_reply"
    );
    assert_eq!(
        client.run("1 + 1").told("execute_result")["data"]["text/plain"],
        "2"
    );
    // A request of now is obeyed.
    let now = client.wire.write(
        &[],
        "shutdown_request",
        &Value::Null,
        &json!({ "restart": true }),
    );
    let reply = client.runtime.block_on(async {
        client.control.send(now).await.unwrap();
        timeout(PATIENCE, client.control.recv())
            .await
            .unwrap()
            .unwrap()
    });
    assert_eq!(parse(reply).kind, "shutdown_reply");
    client.kernel.take().unwrap().join().unwrap().unwrap();
}

#[test]
fn an_error_names_the_place_and_gives_up_what_was_to_follow() {
    with_client(|client| {
        let failed = client.run("let a = 1;\nnosie(3)");
        let error = failed.told("error");
        assert_eq!(
            (&failed.reply["status"], &error["ename"]),
            (&json!("error"), &json!("ScriptError"))
        );
        let lines = error["traceback"].as_array().unwrap();
        assert!(
            lines
                .iter()
                .any(|line| line.as_str().unwrap().contains("cell 1:2:1")),
            "{lines:?}"
        );
        let cells = ["throw 1", "let b = 2;", "let c = 3;"];
        for code in cells {
            client.send(
                "execute_request",
                &json!({ "code": code, "stop_on_error": true }),
            );
        }
        let replies = cells.map(|_| client.reply().content);
        assert_eq!(
            replies
                .each_ref()
                .map(|reply| reply["status"].as_str().unwrap()),
            ["error", "aborted", "aborted"]
        );
        let counts = replies
            .each_ref()
            .map(|reply| reply["execution_count"].as_u64());
        assert_eq!(counts, [Some(2), None, None]);
        assert_eq!(client.run("a").reply["execution_count"], 3);
        assert_eq!(client.run("b").reply["status"], "error");
    });
}

#[test]
fn requests_are_answered_while_a_cell_runs_and_it_can_be_interrupted() {
    with_client(|client| {
        client.run("let kept = 1;");
        let busy = client.send("execute_request", &json!({ "code": "loop { kept += 1; }" }));
        while client.hear().kind != "execute_input" {}
        let answer = client.ask(
            "complete_request",
            json!({ "code": "x + kep", "cursor_pos": 7 }),
        );
        assert_eq!(
            (&answer.reply["matches"], &answer.reply["cursor_start"]),
            (&json!(["kept"]), &json!(4))
        );
        let again = client.hear();
        assert_eq!(
            (&again.parent, &again.content["execution_state"]),
            (&busy, &json!("busy"))
        );
        let begin = Instant::now();
        assert_eq!(client.control("interrupt_request").kind, "interrupt_reply");
        assert_eq!(client.reply().content["ename"], "Interrupted");
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
        assert_eq!(
            client.run("kept > 1").told("execute_result")["data"]["text/plain"],
            "true"
        );
    });
}

#[test]
fn no_line_is_lost() {
    with_client(|client| {
        let n = 20_000;
        let printed = client
            .run(&format!("for i in 0..{n} {{ print(i) }}"))
            .printed();
        let want: String = (0..n).map(|i| format!("{i}\n")).collect();
        assert!(printed == want, "{} of {} bytes", printed.len(), want.len());
    });
}

#[test]
fn what_is_asked_quietly_leaves_no_trace() {
    with_client(|client| {
        let silent = client.ask(
            "execute_request",
            json!({ "code": "print(1); 2", "silent": true }),
        );
        assert_eq!(
            (silent.kinds(), &silent.reply["execution_count"]),
            (vec![], &json!(0))
        );
        let unkept = client.ask(
            "execute_request",
            json!({ "code": "let y = 5; y", "store_history": false }),
        );
        assert_eq!(unkept.reply["execution_count"], 0);
        let asked = json!({ "code": "1;", "user_expressions": { "y": "y", "bad": "nope()" } });
        let values = &client.ask("execute_request", asked).reply["user_expressions"];
        assert_eq!(
            (&values["y"]["data"]["text/plain"], &values["bad"]["status"]),
            (&json!("5"), &json!("error"))
        );
        let past = client
            .ask(
                "history_request",
                json!({ "hist_access_type": "tail", "n": 10 }),
            )
            .reply;
        let [past] = past["history"].as_array().unwrap().as_slice() else {
            panic!("{past}")
        };
        assert_eq!((&past[1], &past[2]), (&json!(1), &json!("1;")));
    });
}

#[test]
fn every_question_has_its_answer() {
    with_client(|client| {
        let status = |client: &mut Client, code: &str| {
            client
                .ask("is_complete_request", json!({ "code": code }))
                .reply["status"]
                .clone()
        };
        assert_eq!(
            ["1", "[1,", ")"].map(|code| status(client, code)),
            ["complete", "incomplete", "invalid"]
        );
        let about = client
            .ask(
                "inspect_request",
                json!({ "code": "fade()", "cursor_pos": 2 }),
            )
            .reply;
        assert!(
            about["data"]["text/plain"]
                .as_str()
                .unwrap()
                .starts_with("fade(")
        );
        assert_eq!(
            client.ask("comm_info_request", json!({})).reply["comms"],
            json!({})
        );
        let page = client.run("noise?").reply;
        assert!(
            page["payload"][0]["data"]["text/plain"]
                .as_str()
                .unwrap()
                .starts_with("noise(")
        );
        let header = client.send(
            "comm_open",
            &json!({ "comm_id": "c", "target_name": "widget" }),
        );
        assert!(
            client
                .told_of(&header)
                .iter()
                .any(|heard| heard.kind == "comm_close")
        );
        let header = client.send("unheard_of", &json!({}));
        assert_eq!(client.told_of(&header).len(), 2);
    });
}

#[test]
fn values_are_shown_richly_and_in_place() {
    with_client(|client| {
        let wave = client.run("tone(440, 0.1)");
        let html = wave.told("execute_result")["data"]["text/html"]
            .as_str()
            .unwrap();
        assert!(html.contains("data:audio/wav;base64,UklGR"), "{html}");
        let png = &client
            .run("show(tone(440, 0.5) |> log_mel())")
            .told("display_data")["data"]["image/png"]
            .clone();
        assert!(png.as_str().unwrap().starts_with("iVBORw0KGgo"));
        let shown = client
            .run("display_id(\"a\", 1); update_display(\"a\", 2); clear_output(#{ wait: false })");
        assert_eq!(
            shown.kinds(),
            [
                "execute_input",
                "display_data",
                "update_display_data",
                "clear_output"
            ]
        );
        assert_eq!(
            shown.told("update_display_data")["transient"]["display_id"],
            "a"
        );
        assert_eq!(client.run("eprint(\"x\")").told("stream")["name"], "stderr");
    });
}

#[test]
fn a_person_is_asked_where_one_can_be() {
    with_client(|client| {
        let refused = client.run("input(\"name? \")").reply;
        assert!(
            refused["evalue"]
                .as_str()
                .unwrap()
                .starts_with("`input` cannot ask: this front end"),
            "{refused}"
        );
        client.send(
            "execute_request",
            &json!({ "code": "password(\"key? \") + \"!\"", "allow_stdin": true }),
        );
        let question = client
            .runtime
            .block_on(async { timeout(PATIENCE, client.stdin.recv()).await });
        let question = parse(question.expect("nothing was asked").unwrap());
        assert_eq!(
            question.content,
            json!({ "prompt": "key? ", "password": true })
        );
        let answer = client.wire.write(
            &[],
            "input_reply",
            &question.parent,
            &json!({ "value": "abc" }),
        );
        client.runtime.block_on(client.stdin.send(answer)).unwrap();
        while client.hear().kind != "execute_result" {}
        assert_eq!(client.reply().content["status"], "ok");
    });
}

#[test]
fn messages_that_are_not_signed_or_no_messages_are_passed_over() {
    with_client(|client| {
        let forged = Wire::new("guessed").write(
            &[],
            "execute_request",
            &Value::Null,
            &json!({ "code": "let evil = 1;" }),
        );
        let runtime = &client.runtime;
        runtime.block_on(client.shell.send(forged)).unwrap();
        runtime
            .block_on(client.shell.send(vec![0u8, 255, 3].into()))
            .unwrap();
        assert_eq!(client.run("evil").reply["status"], "error");
    });
}

#[test]
fn a_taken_address_is_an_error_and_two_kernels_live_side_by_side() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut first = Client::start(one.path(), true);
    let mut second = Client::start(two.path(), true);
    first.run("let here = 1;");
    assert_eq!(second.run("here").reply["status"], "error");
    let taken = crate::run(
        Settings::default(),
        &one.path().join("connection.json"),
        None,
    )
    .unwrap_err()
    .to_string();
    assert!(
        taken.starts_with("cannot listen on `tcp://127.0.0.1:"),
        "{taken}"
    );
}
