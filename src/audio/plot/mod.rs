//! Pictures of sounds and features.

mod envelope;
mod outline;
mod spectrogram;
mod strip;

pub use envelope::envelope_line;
pub use outline::{Frame, bounds};
pub use spectrogram::spectrogram;
pub use strip::{Content, Row, features_drawing, strip, wave_drawing};
