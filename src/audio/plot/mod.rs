//! Pictures of sounds and features.

mod card;
mod envelope;
mod evcxr;
mod outline;
mod player;
mod spectrogram;
mod strip;

pub use card::{Scale, features_card, map_image, wave_card};
pub use envelope::envelope_line;
pub use outline::{Frame, bounds};
pub use player::{players, wav_url};
pub use spectrogram::spectrogram;
pub use strip::{Content, Row, features_drawing, strip, wave_drawing};
