//! The names that expressions know.

/// What an expression is about: the rows that it runs along, and what is known of them.
pub struct Vocabulary {
    /// What stands at one place of a row: "sample" or "frame".
    pub place: &'static str,
    /// Names beside `x` and `y`.
    pub variables: &'static [Variable],
}

/// A name with a meaning of its own.
#[derive(Clone, Copy)]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// Where its value comes from.
    pub(super) source: Source,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Source {
    /// Always this.
    Constant(f64),
    /// Given with a row, in the order of the vocabulary.
    Row,
    /// The place in the row, from 0.
    Index,
    /// The place over the rate.
    Time,
    /// A draw for every place.
    Noise,
}

const fn variable(name: &'static str, source: Source, about: &'static str) -> Variable {
    Variable {
        name,
        about,
        source,
    }
}

const PI: Variable = variable("pi", Source::Constant(std::f64::consts::PI), "3.14159...");
const TAU: Variable = variable("tau", Source::Constant(std::f64::consts::TAU), "2 pi");
const NOISE: Variable = variable(
    "noise",
    Source::Noise,
    "a normal number of mean 0 and deviation 1, drawn anew for every place and channel",
);

/// Samples of a wave, a channel a row. With a row are given, in this order: `sample_rate`, `peak`, `rms`, `duration`,
/// `channel`.
pub static WAVE: Vocabulary = Vocabulary {
    place: "sample",
    variables: &[
        variable("t", Source::Time, "time from the start of the clip, s"),
        variable("sample_rate", Source::Row, "samples per second, Hz"),
        NOISE,
        variable("peak", Source::Row, "largest magnitude in the clip"),
        variable("rms", Source::Row, "root mean square of the clip"),
        variable("duration", Source::Row, "length of the clip, s"),
        variable("channel", Source::Row, "number of the channel, from 0"),
        PI,
        TAU,
    ],
};

/// Cells of features, a band a row. With a row are given, in this order: `band`, `n_bands`, `n_frames`, `mean`, `std`,
/// `channel`.
pub static FEATURES: Vocabulary = Vocabulary {
    place: "frame",
    variables: &[
        variable("band", Source::Row, "number of the band, from 0"),
        variable("frame", Source::Index, "number of the frame, from 0"),
        variable("n_bands", Source::Row, "how many bands there are"),
        variable("n_frames", Source::Row, "how many frames there are"),
        variable("mean", Source::Row, "mean of the channel's cells"),
        variable(
            "std",
            Source::Row,
            "standard deviation of the channel's cells",
        ),
        NOISE,
        variable("channel", Source::Row, "number of the channel, from 0"),
        PI,
        TAU,
    ],
};

impl Vocabulary {
    /// The variable of a name; with it, its place among those that are given with a row.
    pub(super) fn find(&self, name: &str) -> Option<(Variable, usize)> {
        let at = self.variables.iter().position(|v| v.name == name)?;
        let rows = self.variables[..at].iter();
        let before = rows.filter(|v| v.source == Source::Row).count();
        Some((self.variables[at], before))
    }
}
