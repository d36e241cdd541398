//! Studies: the same question at every point of a grid, with what came out as a table.

mod folder;
mod grid;
mod pictures;
mod results;
mod synergy;

pub use folder::Study;
pub use grid::{Axis, Point, grid};
pub use results::{Results, Row};
