//! Pictures of sounds and numbers: text, pixels, outlines.

mod heat_map;
mod outline;
mod pixels;
mod sparkline;
mod spectrogram;
mod strip;

pub use heat_map::HeatMap;
pub use outline::{Frame, bounds};
use pixels::palette_png;
pub use sparkline::{envelope_line, sparkline};
pub use spectrogram::spectrogram;
pub use strip::{Content, Row, strip_svg};
