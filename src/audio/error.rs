//! What can go wrong with sound, said so that a reader can mend it.

use std::path::{Path, PathBuf};

/// An error of this crate. The message is the fact; [`Error::hint`] is the advice.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter outside its range.
    #[error("`{param}` must be {want}, not {got}")]
    Range {
        /// Name of the parameter.
        param: String,
        /// What is accepted.
        want: String,
        /// What was given.
        got: String,
    },
    /// A number that is NaN or infinite.
    #[error("`{param}` must be a finite number, not {got}")]
    NotFinite {
        /// Name of the parameter.
        param: String,
        /// What was given.
        got: f64,
    },
    /// A range whose ends are the wrong way round.
    #[error("`{what}` must go from low to high, not from {low} to {high}")]
    Order {
        /// The function or parameter.
        what: &'static str,
        /// First end.
        low: f64,
        /// Second end.
        high: f64,
    },
    /// A list without elements.
    #[error("`{what}` must have at least one element")]
    Empty {
        /// The function or parameter.
        what: &'static str,
    },
    /// A word that is none of the accepted ones.
    #[error("`{param}` must be {}, not {got}", list(options))]
    Choice {
        /// Name of the parameter.
        param: String,
        /// What was given.
        got: String,
        /// What is accepted.
        options: Vec<String>,
    },
    /// A parameter that must be given.
    #[error("`{stage}` needs `{param}`")]
    Missing {
        /// The stage.
        stage: String,
        /// The parameter.
        param: String,
    },
    /// A name that is unknown.
    #[error("`{owner}` has no {kind} `{got}`")]
    Unknown {
        /// What was asked.
        owner: String,
        /// Kind of the name: option, column, split ...
        kind: &'static str,
        /// The unknown name.
        got: String,
        /// The known names.
        known: Vec<String>,
    },
    /// Samples that do not make a waveform.
    #[error("{samples} samples do not divide into {n_channels} channels")]
    Channels {
        /// Number of samples.
        samples: usize,
        /// Number of channels.
        n_channels: usize,
    },
    /// Two things that must agree and do not.
    #[error("{what} differ: {left} and {right}")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// Left side.
        left: String,
        /// Right side.
        right: String,
    },
    /// A stage that cannot stand where it was put.
    #[error("`{stage}` works on {wants}, but gets {gets}")]
    Domain {
        /// The stage.
        stage: String,
        /// What it works on.
        wants: String,
        /// What it gets.
        gets: String,
    },
    /// A combinator around a stage that changes the domain.
    #[error(
        "{combinator} needs a recipe that gives what it takes, but `{stage}` turns {from} into {to}"
    )]
    Changes {
        /// The combinator.
        combinator: &'static str,
        /// The stage inside it.
        stage: String,
        /// Domain before.
        from: &'static str,
        /// Domain after.
        to: &'static str,
    },
    /// A trace that does not belong to the recipe.
    #[error("the trace does not belong to this recipe: {reason}")]
    Trace {
        /// Where they part.
        reason: String,
    },
    /// A sample that is NaN or infinite.
    #[error("sample {index} of {what} is {value}")]
    BadSample {
        /// The waveform or file.
        what: String,
        /// Index of the first such sample.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A file or folder that cannot be used.
    #[error("`{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What would help, if known.
        hint: Option<String>,
        /// Whether it is refused for what it is or says that it is, such as no sound: no copy of it would do better.
        refused: bool,
    },
    /// Text that is not what it should be.
    #[error("cannot read {what}: {reason}")]
    Parse {
        /// What the text should be.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// An operation that has no sensible result for this input.
    #[error("{0}")]
    Unusable(String),
    /// An expression that cannot be read, or that gives what no sample can be.
    #[error("{reason}, at column {column} of `{expression}`")]
    Expression {
        /// The whole expression.
        expression: String,
        /// First character of the part that is meant, from 1.
        column: usize,
        /// Number of characters.
        width: usize,
        /// What is wrong.
        reason: String,
        /// What would help.
        hint: Option<String>,
    },
    /// An operator of the user's that cannot be built or loaded.
    #[error(transparent)]
    Native(#[from] auricle_native::Error),
    /// A function of the user's that failed inside a stage; the text is its own message.
    #[error("{0}")]
    Callback(String),
}

impl Error {
    /// An [`Error::Range`] from a name, what is wanted and a number.
    pub fn range(param: &str, want: impl Into<String>, got: impl ToString) -> Error {
        Error::Range {
            param: param.to_owned(),
            want: want.into(),
            got: got.to_string(),
        }
    }

    /// An [`Error::File`] without a hint.
    pub fn file(path: impl AsRef<Path>, reason: impl ToString) -> Error {
        Error::File {
            path: path.as_ref().to_owned(),
            reason: reason.to_string(),
            hint: None,
            refused: false,
        }
    }

    /// An [`Error::File`] that says what would help.
    pub fn file_with_hint(
        path: impl AsRef<Path>,
        reason: impl ToString,
        hint: impl Into<String>,
    ) -> Error {
        let (path, reason) = (path.as_ref().to_owned(), reason.to_string());
        Error::File {
            path,
            reason,
            hint: Some(hint.into()),
            refused: false,
        }
    }

    /// An [`Error::File`] of a file that is refused for what it is or says that it is.
    pub fn refused_file(
        path: impl AsRef<Path>,
        reason: impl ToString,
        hint: impl Into<String>,
    ) -> Error {
        let (path, reason) = (path.as_ref().to_owned(), reason.to_string());
        Error::File {
            path,
            reason,
            hint: Some(hint.into()),
            refused: true,
        }
    }

    /// Whether a file is refused for what it is or says that it is, and not for what happened to it.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Error::File { refused: true, .. })
    }

    /// Advice that mends the error, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Choice { got, options, .. } => did_you_mean(got, options),
            Error::Unknown {
                got, known, kind, ..
            } => {
                let options = format!("{kind}s: {}", known.join(", "));
                match did_you_mean(got, known) {
                    Some(guess) => Some(format!("{guess} {options}")),
                    None if known.is_empty() => None,
                    None => Some(options),
                }
            }
            Error::Order { what, low, high } => match *what {
                "uniform" => Some(format!("write `{high}..{low}`")),
                what => Some(format!("write `{what}({high}, {low})`")),
            },
            Error::File { hint, .. } | Error::Expression { hint, .. } => hint.clone(),
            Error::Native(error) => error.hint(),
            Error::Domain { wants, .. } if wants == "waves" => {
                Some("put it before the stage that computes the features".into())
            }
            Error::Domain { .. } => {
                Some("put a feature stage such as `log_mel()` before it".into())
            }
            _ => None,
        }
    }
}

/// The known name nearest to a wrong one, as advice.
pub(crate) fn did_you_mean<S: AsRef<str>>(got: &str, known: &[S]) -> Option<String> {
    let got = got.trim_matches('"');
    known
        .iter()
        .map(|name| {
            let name = name.as_ref();
            let distance = strsim::damerau_levenshtein(got, name);
            // Of two as near, letters that changed places are likelier than one that is too much.
            (distance, name.len().abs_diff(got.len()), name)
        })
        .min()
        .filter(|(distance, _, name)| {
            *distance <= name.len().max(got.len()) / 3 + usize::from(name.len() > 2)
        })
        .map(|(_, _, name)| format!("did you mean `{name}`?"))
}

fn list(options: &[String]) -> String {
    match options {
        [] => "nothing".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_nearest_known_name() {
        let known = ["white", "pink", "brown"];
        assert_eq!(
            did_you_mean("pnik", &known).as_deref(),
            Some("did you mean `pink`?")
        );
        assert_eq!(
            did_you_mean("\"whit\"", &known).as_deref(),
            Some("did you mean `white`?")
        );
        assert_eq!(did_you_mean("ultraviolet", &known), None);
        let told = did_you_mean("tahn", &["tan", "tanh", "atan"]);
        assert_eq!(told.as_deref(), Some("did you mean `tanh`?"));
    }
}
