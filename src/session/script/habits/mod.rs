//! What people who come from other languages write, and how it is written here.
//!
//! A script that does not parse is looked at token by token for what Python, JavaScript, MATLAB, R and others have and this
//! language has not. No shape that is looked for is ever right here, so that a script that parses is not judged, but for the
//! few things that parse and are something else (`misread.rs`).

mod blocks;
mod brackets;
mod calls;
mod closures;
mod misread;
mod numbers;
mod shapes;
mod signs;
mod statements;
mod text;
mod words;

pub(super) use brackets::unbalanced;
pub(super) use misread::misread;
pub(super) use shapes::near;
pub(super) use statements::between;
pub(super) use text::{Habit, Text};
