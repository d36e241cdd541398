//! Answers to requests that need no evaluation; they are given while a cell runs, too.

use crate::cell::Cells;
use crate::wire::Message;
use auricle_session::Kind;
use auricle_session::script::Completeness;
use serde_json::{Value, json};

/// What a request comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// A reply of some type.
    Reply(&'static str, Value),
    /// Nothing to the one who asked, but something for all.
    Tell(&'static str, Value),
    /// The request is not known.
    Nothing,
}

/// Answers a request.
pub(crate) fn answer(message: &Message, cells: &Cells) -> Answer {
    let cursor = || match message.content["cursor_pos"].as_u64() {
        Some(cursor) => cursor as usize,
        None => message.text("code").chars().count(),
    };
    match message.kind() {
        "kernel_info_request" => Answer::Reply("kernel_info_reply", kernel_info()),
        "is_complete_request" => {
            let content = match cells.assistant.completeness(message.text("code")) {
                Completeness::Complete => json!({ "status": "complete" }),
                Completeness::Incomplete => json!({ "status": "incomplete", "indent": "    " }),
                Completeness::Invalid => json!({ "status": "invalid" }),
            };
            Answer::Reply("is_complete_reply", content)
        }
        "complete_request" => Answer::Reply(
            "complete_reply",
            complete(cells, message.text("code"), cursor()),
        ),
        "inspect_request" => {
            let about = cells.assistant.inspect(message.text("code"), cursor());
            let data = about
                .as_ref()
                .map_or(json!({}), |text| json!({ "text/plain": text }));
            let content =
                json!({ "status": "ok", "found": about.is_some(), "data": data, "metadata": {} });
            Answer::Reply("inspect_reply", content)
        }
        "history_request" => {
            let mut history = cells
                .history
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            Answer::Reply(
                "history_reply",
                json!({ "status": "ok", "history": history.find(&message.content) }),
            )
        }
        "comm_info_request" => {
            Answer::Reply("comm_info_reply", json!({ "status": "ok", "comms": {} }))
        }
        // No widget has a counterpart here; one that asks is told so, and does not wait.
        "comm_open" => Answer::Tell(
            "comm_close",
            json!({ "comm_id": message.content["comm_id"], "data": {} }),
        ),
        _ => Answer::Nothing,
    }
}

fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": crate::PROTOCOL,
        "implementation": "auricle",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": language_info(),
        "banner": concat!("Auricle ", env!("CARGO_PKG_VERSION"), ", a language for contrastive learning of audio"),
        "help_links": [],
        "debugger": false,
        "supported_features": [],
    })
}

/// What front ends and notebooks are told of the language. Pages that are written show it as Rust. Editors read it line by
/// line as Swift, whose words are nearly the same: CodeMirror has a grammar for Rust, which is lost at a `#{` or a backtick
/// and leaves what follows without colours.
pub(crate) fn language_info() -> Value {
    json!({
        "name": "rhai",
        "version": env!("CARGO_PKG_VERSION"),
        "mimetype": "text/x-rhai",
        "file_extension": ".rhai",
        "pygments_lexer": "rust",
        "codemirror_mode": "swift",
    })
}

fn complete(cells: &Cells, code: &str, cursor: usize) -> Value {
    let completion = cells.assistant.complete(code, cursor);
    let (start, end) = (completion.start, completion.end);
    let types = completion.candidates.iter().map(|candidate| {
        let kind = match candidate.kind {
            Kind::Variable => "instance",
            Kind::Function | Kind::Member => "function",
            Kind::Option => "param",
            Kind::Path => "path",
            Kind::Device => "instance",
            Kind::Module => "module",
            Kind::Keyword => "keyword",
            Kind::Command => "magic",
        };
        json!({ "start": start, "end": end, "text": candidate.text, "type": kind, "signature": candidate.signature })
    });
    json!({
        "status": "ok",
        "matches": completion.candidates.iter().map(|candidate| &candidate.text).collect::<Vec<_>>(),
        "cursor_start": start,
        "cursor_end": end,
        "metadata": { "_jupyter_types_experimental": types.collect::<Vec<_>>() },
    })
}
