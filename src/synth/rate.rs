//! At what rate a signal runs.

use std::fmt;

/// At what rate a signal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Pitch and duration of a note: a number each for a sound.
    Note,
    /// A number at each control sample.
    Control,
    /// A number at each audio sample.
    Audio,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rate::Note => "a note",
            Rate::Control => "a control signal",
            Rate::Audio => "an audio signal",
        })
    }
}
