//! What can go wrong before a kernel serves, or when it is installed.

use std::path::PathBuf;

/// Why a kernel cannot be started or installed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{0}")]
    Write(String),
    /// The connection file is none.
    #[error("`{}` is no connection file: {reason}", path.display())]
    Connection {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is no notebook.
    #[error("`{}` is no notebook that can be run: {reason}", path.display())]
    Notebook {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An address is taken, or cannot be used.
    #[error("cannot listen on `{endpoint}`: {reason}")]
    Bind {
        /// The address.
        endpoint: String,
        /// What the system says.
        reason: String,
    },
    /// Threads or timers cannot be started.
    #[error("the kernel cannot be started: {0}")]
    Start(std::io::Error),
    /// The language is broken.
    #[error("the session cannot be started: {0}")]
    Session(String),
    /// There is no such kernel to remove.
    #[error("there is no kernel `{name}` in {}", looked_in.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", "))]
    NotInstalled {
        /// Its name.
        name: String,
        /// Where it was looked for.
        looked_in: Vec<PathBuf>,
    },
    /// A name that cannot be the name of a folder.
    #[error("`{0}` is no name of a kernel: letters, digits, `-`, `_` and `.` are allowed")]
    Name(String),
    /// No Python environment is active.
    #[error("no Python environment is active; activate one, or give a folder with `--prefix`")]
    NoEnvironment,
    /// No folder of the user's is known.
    #[error("no folder for the user's data is known; give one with `--prefix`")]
    NoHome,
}

impl Error {
    /// A file error.
    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Error {
        Error::File {
            path: path.into(),
            source,
        }
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write(file: &std::path::Path, content: &[u8]) -> Result<(), Error> {
    auricle_session::write_whole(file, content).map_err(|error| Error::Write(error.to_string()))
}
