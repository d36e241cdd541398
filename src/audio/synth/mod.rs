//! Sounds made from nothing.

mod source;

pub use source::{chirp, click, silence, tone, white_noise};
