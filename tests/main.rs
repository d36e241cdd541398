//! Everything that is tested through the program or the language: one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also where a helper notices it"
)]

mod augment;
mod circles;
mod cli;
mod corpus;
mod golden;
mod notebook;
mod quality;
mod recipe;
mod recordings;
#[cfg(unix)]
mod repl;
mod rust_op;
mod scripts;
mod shards;
mod sweep;
mod synth;
mod tidy;

use std::path::Path;

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
