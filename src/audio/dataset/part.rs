//! The parts of a split.

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// For training.
    Train,
    /// For choosing among models.
    Validation,
    /// For the final judgement.
    Test,
}

impl Part {
    /// The words by which tables call the parts.
    pub const WORDS: [(&'static str, Part); 10] = [
        ("train", Part::Train),
        ("training", Part::Train),
        ("dev", Part::Train),
        ("validation", Part::Validation),
        ("valid", Part::Validation),
        ("val", Part::Validation),
        ("test", Part::Test),
        ("testing", Part::Test),
        ("eval", Part::Test),
        ("evaluation", Part::Test),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }

    /// The part that a word means, in letters of either case.
    pub fn of_word(word: &str) -> Option<Part> {
        let found = |(own, _): &&(&str, Part)| own.eq_ignore_ascii_case(word.trim());
        Part::WORDS.iter().find(found).map(|(_, part)| *part)
    }
}
