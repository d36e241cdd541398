//! The Jupyter kernel of Auricle: the session engine behind the messaging protocol 5.4.
//!
//! [`run`] serves one connection file until it is told to shut down. One thread owns the sockets and answers everything
//! that needs no evaluation, also while a cell runs; another owns the session and runs the cells in order. [`install`]
//! and its kin tell Jupyter how the program is started.

mod answer;
mod cell;
mod connection;
mod error;
mod figures;
mod history;
mod input;
mod notebook;
mod publish;
mod server;
mod socket_file;
mod spec;
#[cfg(test)]
mod tests;
mod wire;

pub use error::Error;
pub use notebook::{Execution, Notebook, Watch};
pub use server::run;
pub use spec::{Installation, Place, install, list, uninstall};

/// The version of the messaging protocol that is spoken.
const PROTOCOL: &str = "5.4";
