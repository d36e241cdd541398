//! Notebooks without a server: read, given parameters, run or checked, and written with what a server would keep.

mod check;
mod file;
mod recorder;
mod run;

pub use file::Notebook;
pub use run::{Execution, Watch};
