//! Sounds made from nothing.

mod example;
mod source;

pub use example::{EXAMPLE_S, knocks, plucked, surroundings, voice};
pub use source::{chirp, click, silence, tone, white_noise};
