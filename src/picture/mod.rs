//! Pictures in terminals: as such where the terminal takes them, else as coloured cells or characters.

#[cfg(unix)]
mod ask;
mod blocks;
mod fit;
mod kitty;
mod sixel;
mod way;

#[cfg(unix)]
pub(crate) use ask::ask;
pub(crate) use way::{Space, USUAL_CELL, Way};
