//! Messages as ZeroMQ frames: identities, a delimiter, a signature, and four parts of JSON.
//!
//! "Messaging in Jupyter", protocol 5.4, section "The wire protocol".

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{HashSet, VecDeque};
use zeromq::ZmqMessage;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Signatures that are remembered, so that no message can be sent again by a listener.
const REMEMBERED: usize = 1 << 16;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// Who is to be answered.
    pub(crate) identities: Vec<Bytes>,
    /// The header; it becomes the parent of every answer.
    pub(crate) header: Value,
    /// What the front end adds, such as the cell that is run.
    pub(crate) metadata: Value,
    /// What is asked for.
    pub(crate) content: Value,
}

impl Message {
    /// The type of the message.
    pub(crate) fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or("")
    }

    /// A text of the content, or nothing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.content[field].as_str().unwrap_or("")
    }

    /// A yes or no of the content.
    pub(crate) fn flag(&self, field: &str, default: bool) -> bool {
        self.content[field].as_bool().unwrap_or(default)
    }

    /// When it was sent, by the clock of the front end.
    pub(crate) fn date(&self) -> Option<DateTime<Utc>> {
        let text = self.header["date"].as_str()?;
        Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
    }
}

/// Signs and reads messages of one kernel.
#[derive(Clone)]
pub(crate) struct Wire {
    key: Vec<u8>,
    session: String,
}

impl Wire {
    /// A wire with the key of a connection file; an empty one signs nothing.
    pub(crate) fn new(key: &str) -> Wire {
        Wire {
            key: key.as_bytes().to_vec(),
            session: uuid::Uuid::new_v4().to_string(),
        }
    }

    fn mac(&self, parts: &[impl AsRef<[u8]>]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key)
            .expect("a key of any length is good");
        parts.iter().for_each(|part| mac.update(part.as_ref()));
        mac
    }

    fn signature(&self, parts: &[Vec<u8>; 4]) -> String {
        if self.key.is_empty() {
            return String::new();
        }
        self.mac(parts)
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Reads a message; the reason if it is to be passed over.
    pub(crate) fn read(
        &self,
        frames: ZmqMessage,
        seen: &mut Seen,
    ) -> Result<Message, &'static str> {
        let frames = frames.into_vec();
        let start = frames
            .iter()
            .position(|frame| &frame[..] == DELIMITER)
            .ok_or("it has no delimiter")?;
        let [signature, header, parent, metadata, content, ..] = &frames[start + 1..] else {
            return Err("it lacks a part");
        };
        if !self.key.is_empty() {
            let bytes = from_hex(signature).ok_or("its signature is no hexadecimal number")?;
            let mac = self.mac(&[header, parent, metadata, content]);
            mac.verify_slice(&bytes)
                .map_err(|_| "its signature is wrong")?;
            if !seen.remember(signature) {
                return Err("it was sent before");
            }
        }
        let json =
            |part: &Bytes| serde_json::from_slice::<Value>(part).map_err(|_| "a part is no JSON");
        let (identities, metadata) = (frames[..start].to_vec(), json(metadata).unwrap_or_default());
        Ok(Message {
            identities,
            header: json(header)?,
            metadata,
            content: json(content)?,
        })
    }

    /// Writes a message to some identities, or under a topic.
    pub(crate) fn write(
        &self,
        identities: &[Bytes],
        kind: &str,
        parent: &Value,
        content: &Value,
    ) -> ZmqMessage {
        let header = json!({
            "msg_id": uuid::Uuid::new_v4().to_string(),
            "session": self.session,
            "username": "kernel",
            "date": Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            "msg_type": kind,
            "version": crate::PROTOCOL,
        });
        let parent = if parent.is_null() {
            json!({})
        } else {
            parent.clone()
        };
        let bytes = |value: &Value| value.to_string().into_bytes();
        let parts = [
            bytes(&header),
            bytes(&parent),
            b"{}".to_vec(),
            bytes(content),
        ];
        let signature = self.signature(&parts);
        let mut frames = identities.to_vec();
        frames.push(Bytes::from_static(DELIMITER));
        frames.push(signature.into());
        frames.extend(parts.into_iter().map(Bytes::from));
        ZmqMessage::try_from(frames).expect("a message has frames")
    }
}

/// Signatures of the last messages.
#[derive(Default)]
pub(crate) struct Seen {
    order: VecDeque<Bytes>,
    known: HashSet<Bytes>,
}

impl Seen {
    /// Whether a signature is new.
    fn remember(&mut self, signature: &Bytes) -> bool {
        if !self.known.insert(signature.clone()) {
            return false;
        }
        self.order.push_back(signature.clone());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.iter().map(|&c| char::from(c).to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(
        digits
            .chunks(2)
            .map(|pair| (pair[0] * 16 + pair[1]) as u8)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(wire: &Wire) -> Vec<Bytes> {
        let parent = json!({"msg_id": "p"});
        wire.write(
            &[Bytes::from_static(b"who")],
            "execute_request",
            &parent,
            &json!({"code": "1"}),
        )
        .into_vec()
    }

    fn read(wire: &Wire, frames: &[Bytes]) -> Result<Message, &'static str> {
        wire.read(
            ZmqMessage::try_from(frames.to_vec()).unwrap(),
            &mut Seen::default(),
        )
    }

    #[test]
    fn a_message_survives_the_wire() {
        let wire = Wire::new("key");
        let message = read(&wire, &frames(&wire)).unwrap();
        assert_eq!(message.identities, [Bytes::from_static(b"who")]);
        assert_eq!(
            (message.kind(), message.text("code")),
            ("execute_request", "1")
        );
        assert_eq!(message.header["version"], "5.4");
    }

    /// RFC 4231, test case 2, split into the four parts that are signed.
    #[test]
    fn signatures_are_hmac_sha256() {
        let parts = [
            b"what do ya ".to_vec(),
            b"want ".to_vec(),
            b"for ".to_vec(),
            b"nothing?".to_vec(),
        ];
        let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(Wire::new("Jefe").signature(&parts), want);
        assert_eq!(Wire::new("").signature(&parts), "");
    }

    #[test]
    fn bad_messages_are_passed_over() {
        let (wire, other) = (Wire::new("key"), Wire::new("another"));
        let good = frames(&wire);
        let with = |i: usize, text: &'static [u8]| {
            let mut frames = good.clone();
            frames[i] = Bytes::from_static(text);
            frames
        };
        for (frames, want) in [
            (frames(&other), "its signature is wrong"),
            (with(6, b"{\"code\": \"2\"}"), "its signature is wrong"),
            (with(2, b"xyz"), "its signature is no hexadecimal number"),
            (with(2, b""), "its signature is wrong"),
            (with(1, b""), "it has no delimiter"),
            (good[..5].to_vec(), "it lacks a part"),
        ] {
            assert_eq!(read(&wire, &frames).unwrap_err(), want);
        }
        let open = Wire::new("");
        assert_eq!(
            read(&open, &with(6, b"{")).unwrap_err(),
            "a part is no JSON"
        );
        let mut seen = Seen::default();
        let message = || ZmqMessage::try_from(good.clone()).unwrap();
        assert!(wire.read(message(), &mut seen).is_ok());
        assert_eq!(
            wire.read(message(), &mut seen).unwrap_err(),
            "it was sent before"
        );
    }
}
