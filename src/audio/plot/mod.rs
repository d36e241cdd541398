//! Pictures of sounds and numbers: text, pixels, outlines.

mod heat_map;
mod outline;
mod sparkline;

pub use heat_map::HeatMap;
pub use outline::{bounds, outline_svg};
pub use sparkline::{envelope_line, sparkline};
