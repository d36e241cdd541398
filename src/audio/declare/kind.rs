//! What a parameter accepts, and how that reads.

use super::preset::names;
use super::{Inside, Preset};
use std::fmt;

/// What a parameter accepts. Ends of ranges belong to them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number or a distribution that is drawn from for every clip.
    Drawn {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A number.
    Number {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A whole number.
    Count {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// `true` or `false`.
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// One of some words, or a number or a distribution that is drawn from for every clip.
    WordOrDrawn {
        /// The words.
        words: &'static [&'static str],
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// One of some words, or a number.
    WordOrNumber {
        /// The words.
        words: &'static [&'static str],
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// The name of a preset of the stage's other parameters.
    Preset(&'static [Preset]),
    /// A file, a folder or a list of them; or one of some words. A folder stands for every sound file under it.
    Paths {
        /// The words; a path that is spelled like one of them is written with `./` before it.
        words: &'static [&'static str],
    },
    /// A whole number for all axes or a list with one for each; or one of some words.
    Sizes {
        /// The words.
        words: &'static [&'static str],
        /// Smallest value of each.
        low: f64,
        /// Largest value of each.
        high: f64,
    },
    /// A text.
    Text,
    /// A folder, or nothing.
    Folder,
    /// Numbers in a list.
    Numbers {
        /// Smallest value of each.
        low: f64,
        /// Largest value of each.
        high: f64,
    },
    /// A value that is itself described, or a function of the user's.
    Nested(&'static Inside),
    /// Any number of parameters that the user names, each a number or a distribution that is drawn from for every clip.
    /// They stand among the options, as if they were declared.
    Named,
}

impl Kind {
    /// The words that it accepts.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Kind::Word(words)
            | Kind::WordOrDrawn { words, .. }
            | Kind::WordOrNumber { words, .. }
            | Kind::Sizes { words, .. }
            | Kind::Paths { words } => words.to_vec(),
            Kind::Preset(presets) => names(presets),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Drawn { low, high } => {
                write!(f, "a number or a distribution {}", within(*low, *high))
            }
            Kind::Number { low, high } => write!(f, "a number {}", within(*low, *high)),
            Kind::Count { low, high } => write!(f, "a whole number {}", within(*low, *high)),
            Kind::Flag => f.write_str("true or false"),
            Kind::Word(words) => f.write_str(&quoted(words)),
            Kind::WordOrNumber { words, .. } => write!(f, "{} or a number", quoted(words)),
            Kind::WordOrDrawn { words, .. } => {
                write!(f, "{}, a number or a distribution", quoted(words))
            }
            Kind::Preset(presets) => f.write_str(&quoted(&names(presets))),
            Kind::Paths { words: [] } => f.write_str("a file, a folder or an array of them"),
            Kind::Paths { words } => write!(
                f,
                "a file, a folder, an array of them, or {}",
                quoted(words)
            ),
            Kind::Sizes { words, low, high } => {
                let or_words: String = words.iter().map(|word| format!("\"{word}\", ")).collect();
                let range = within(*low, *high);
                write!(f, "{or_words}a whole number {range} or an array of them")
            }
            Kind::Text => f.write_str("a text"),
            Kind::Folder => f.write_str("a folder, or ()"),
            Kind::Numbers { low, high } => {
                write!(f, "an array of numbers {}", within(*low, *high))
            }
            Kind::Nested(inside) => f.write_str(inside.what),
            Kind::Named => f.write_str("a number or a distribution for every name"),
        }
    }
}

/// The low end of a range whose numbers are above 0.
pub const ABOVE_ZERO: f64 = f64::MIN_POSITIVE;
/// The high end of a range whose numbers are below 1.
pub const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// A range as a person would write it; infinite ends are left out.
pub(super) fn within(low: f64, high: f64) -> String {
    let is_open = low == ABOVE_ZERO || high == BELOW_ONE;
    let lower = match low {
        ABOVE_ZERO => "above 0".to_owned(),
        _ => format!("at least {low}"),
    };
    let upper = match high {
        BELOW_ONE => "below 1".to_owned(),
        _ => format!("at most {high}"),
    };
    match (low.is_finite(), high.is_finite()) {
        (true, true) if is_open => format!("{lower} and {upper}"),
        (true, true) => format!("within {low}..{high}"),
        (true, false) => lower,
        (false, true) => upper,
        (false, false) => "finite".into(),
    }
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ")
}
