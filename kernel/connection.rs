//! Connection files: where a kernel listens, and the key that signs its messages.

use crate::Error;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What Jupyter writes for a kernel to be started.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Connection {
    transport: String,
    ip: String,
    #[serde(default)]
    pub(crate) key: String,
    #[serde(default = "hmac_sha256")]
    signature_scheme: String,
    shell_port: u32,
    control_port: u32,
    stdin_port: u32,
    iopub_port: u32,
    hb_port: u32,
}

fn hmac_sha256() -> String {
    "hmac-sha256".into()
}

/// The five sockets of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Shell,
    Control,
    Stdin,
    Iopub,
    Heartbeat,
}

impl Connection {
    /// Reads a connection file.
    pub(crate) fn read(path: &Path) -> Result<Connection, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        let wrong = |reason: String| Error::Connection {
            path: path.into(),
            reason,
        };
        let connection: Connection =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if connection.signature_scheme != hmac_sha256() && !connection.key.is_empty() {
            return Err(wrong(format!(
                "its signatures are `{}`, hmac-sha256 is known",
                connection.signature_scheme
            )));
        }
        if !["tcp", "ipc"].contains(&connection.transport.as_str()) {
            return Err(wrong(format!(
                "its transport is `{}`, tcp and ipc are known",
                connection.transport
            )));
        }
        Ok(connection)
    }

    /// The address of a socket. Over ipc a port is a suffix of a file's name.
    pub(crate) fn endpoint(&self, channel: Channel) -> String {
        let port = match channel {
            Channel::Shell => self.shell_port,
            Channel::Control => self.control_port,
            Channel::Stdin => self.stdin_port,
            Channel::Iopub => self.iopub_port,
            Channel::Heartbeat => self.hb_port,
        };
        let separator = if self.transport == "ipc" { '-' } else { ':' };
        format!("{}://{}{separator}{port}", self.transport, self.ip)
    }

    /// The file of a socket, if the transport has any.
    pub(crate) fn socket_file(&self, channel: Channel) -> Option<PathBuf> {
        let endpoint = self.endpoint(channel);
        endpoint.strip_prefix("ipc://").map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Connection, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Connection::read(file.path())
    }

    const GOOD: &str = r#"{"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
        "ip": "127.0.0.1", "key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "x"}"#;

    #[test]
    fn endpoints_are_as_jupyter_forms_them() {
        let tcp = read(GOOD).unwrap();
        assert_eq!(tcp.endpoint(Channel::Shell), "tcp://127.0.0.1:1");
        let ipc = read(
            &GOOD
                .replace("\"tcp\"", "\"ipc\"")
                .replace("127.0.0.1", "run/k"),
        )
        .unwrap();
        assert_eq!(ipc.endpoint(Channel::Heartbeat), "ipc://run/k-5");
        assert_eq!(ipc.socket_file(Channel::Shell), Some("run/k-1".into()));
        assert_eq!(tcp.socket_file(Channel::Shell), None);
    }

    #[test]
    fn wrong_files_are_explained() {
        for (text, want) in [
            ("{", "EOF"),
            ("{}", "missing field `transport`"),
            (
                &GOOD.replace("hmac-sha256", "hmac-md5"),
                "its signatures are `hmac-md5`",
            ),
            (
                &GOOD.replace("\"tcp\"", "\"udp\""),
                "its transport is `udp`",
            ),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(want), "{message}");
        }
        assert!(Connection::read(Path::new("/nowhere/at/all.json")).is_err());
    }
}
