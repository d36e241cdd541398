//! Pictures of sounds and numbers: text, pixels, outlines.

mod heat_map;
mod outline;
mod pixels;
mod sparkline;

pub use heat_map::HeatMap;
pub use outline::Frame;
use pixels::palette_png;
pub use sparkline::{envelope_line, sparkline};
