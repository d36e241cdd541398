//! Everything that is tested through the program or the language: one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also where a helper notices it")]

mod augment;
mod cli;
mod corpus;
mod golden;
mod notebook;
mod quality;
mod recipe;
#[cfg(unix)]
mod repl;
mod tidy;

use std::path::{Path, PathBuf};

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder beside the project, of vectors or recordings that are read in place. Its absence is a failure.
fn shared(path: &str) -> PathBuf {
    let folder = root().join("../shared").join(path);
    assert!(folder.exists(), "{} is missing: the tests read reference vectors and recordings there", folder.display());
    folder
}
