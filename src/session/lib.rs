//! The language of Auricle and the session that runs it.
//!
//! `script` is rhai with our function table, diagnostics and help; `bind` declares the functions; [`Session`] is what
//! front ends and tests run. `script` knows neither sound nor tensors; `bind` alone sees all.

mod assistant;
mod bind;
mod builtin;
mod candidate;
mod cell;
mod chain;
mod command;
mod compile;
mod completion;
mod context;
mod fault;
mod history;
mod last_value;
mod made;
mod parameter;
mod presets;
mod question;
mod reference;
mod remembered;
mod rust_cell;
mod rust_fault;
mod rust_process;
mod rust_text;
mod scan;
mod scope;
pub mod script;
mod session;
mod shape;

pub use assistant::Assistant;
pub use auricle_audio::io::write_whole;
#[cfg(feature = "learn")]
pub use auricle_learn::train::{RunFolder, run_folders};
pub use bind::Settings;
pub use candidate::{Candidate, Completion, Kind};
pub use cell::Reply;
pub use command::COMMANDS;
pub use fault::{explain_fault, tell_faults_once};
pub use parameter::{Parameter, variables_made};
pub use reference::write_reference;
pub use session::{Outcome, Session, language};

/// The devices of this build: name and what it is.
pub fn devices() -> Vec<(String, String)> {
    #[cfg(feature = "learn")]
    return auricle_learn::devices();
    #[cfg(not(feature = "learn"))]
    Vec::new()
}
