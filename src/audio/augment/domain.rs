//! What flows between the stages of a recipe.

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
