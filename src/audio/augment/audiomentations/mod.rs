//! Configurations and names of audiomentations and torch-audiomentations, understood here.

mod config;
mod import;
mod names;
mod noises;
mod room;
mod settings;
mod transforms;

pub use config::parse;
pub use import::{Imported, from_audiomentations};
pub use names::foreign_names;
