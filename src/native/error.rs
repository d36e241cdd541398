//! What can go wrong with an operator, said so that its writer can mend it.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is no Rust, or none that compiles, or its function has no shape of an operator.
    #[error("{}{}", .0.message, place(.0))]
    Source(Box<Fault>),
    /// There is no operator in the text.
    #[error("there is no operator in this Rust")]
    NoOperator,
    /// There is no compiler on this machine.
    #[error("there is no Rust compiler on this machine: {0}")]
    NoCompiler(String),
    /// The compiler itself failed.
    #[error("the Rust compiler {0}")]
    Compiler(String),
    /// An operator that failed when it was tried out.
    #[error("{0}")]
    Probe(String),
    /// A file that is no operator or cannot be used.
    #[error("`{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The user did not wait for it.
    #[error("stopped")]
    Stopped,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// The fact.
    pub message: String,
    /// Where; the first one is the main one.
    pub labels: Vec<Label>,
    /// What would mend it.
    pub hint: Option<String>,
    /// How many other faults there are.
    pub others: usize,
}

/// A stretch of one line with a remark. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Number of characters, at least 1.
    pub width: usize,
    /// What about it; may be empty.
    pub text: String,
}

impl Error {
    /// An [`Error::File`].
    pub(crate) fn file(path: &std::path::Path, reason: impl ToString) -> Error {
        Error::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Advice that mends the error, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Source(fault) => fault.hint.clone(),
            Error::NoOperator => Some(format!("write {SHAPES}")),
            Error::NoCompiler(_) => Some(
                "install Rust from https://rustup.rs, or write the operator as an expression, `op(\"tanh(drive * x)\", #{ drive: \
                 2..8 })`, which needs nothing; a file that `auricle build-op` made needs no compiler either"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// How operators are written.
pub(crate) const SHAPES: &str = "`fn name(x: &mut [f32], sample_rate: u32, drive: f32)` for samples, `fn name(x: &mut [f32], n_bands: usize, n_frames: usize)` \
     for features, or a struct with `fn new(sample_rate: u32, drive: f32) -> Self` and `fn process(&mut self, x: &mut [f32])`";

fn place(fault: &Fault) -> String {
    match fault.labels.first() {
        Some(label) if label.text.is_empty() => format!(", line {}", label.line),
        Some(label) => format!(", line {}: {}", label.line, label.text),
        None => String::new(),
    }
}
