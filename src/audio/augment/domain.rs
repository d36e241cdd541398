//! What flows between the stages of a recipe, and what of it a stage takes.

/// The two things a stage can take or give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Samples in time.
    Wave,
    /// Bands by frames.
    Features,
}

impl Domain {
    /// The word for it in a message.
    pub fn plural(self) -> &'static str {
        match self {
            Domain::Wave => "waves",
            Domain::Features => "features",
        }
    }
}

/// Which domains a stage works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Waves only.
    Wave,
    /// Features only.
    Features,
    /// Either; it does the same in both.
    Either,
}
