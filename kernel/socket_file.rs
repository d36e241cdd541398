//! The files of sockets that are reached through the file system.

use crate::connection::{Channel, Connection};
use std::path::{Path, PathBuf};

/// Files of sockets that this kernel listens on. They are removed with it: nobody else does.
#[derive(Default)]
pub(crate) struct SocketFiles(Vec<PathBuf>);

impl SocketFiles {
    /// Makes room for a socket: a kernel that was killed has left its file behind, which nobody listens on any more but
    /// which keeps every other from doing so. A socket that somebody listens on stays.
    pub(crate) fn make_room(connection: &Connection, channel: Channel) {
        if let Some(file) = connection.socket_file(channel).filter(|file| is_dead(file)) {
            // If it cannot be removed, listening on it fails and says why.
            let _ = std::fs::remove_file(file);
        }
    }

    /// Takes over the file of a socket that was made.
    pub(crate) fn own(&mut self, connection: &Connection, channel: Channel) {
        self.0.extend(connection.socket_file(channel));
    }
}

impl Drop for SocketFiles {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Whether a file is a socket that nobody listens on.
#[cfg(unix)]
fn is_dead(file: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;
    let is_socket =
        std::fs::symlink_metadata(file).is_ok_and(|about| about.file_type().is_socket());
    let refused = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(file).is_err_and(refused)
}

#[cfg(not(unix))]
fn is_dead(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_a_socket_without_a_listener_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("text"), "x").unwrap();
        let living = UnixListener::bind(at("socket")).unwrap();
        assert!(!is_dead(&at("text")) && !is_dead(&at("nothing")) && !is_dead(&at("socket")));
        drop(living);
        assert!(is_dead(&at("socket")));
    }
}
