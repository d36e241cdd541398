//! An error on its way through rhai.

use super::{ScriptValue, Unknown};
use rhai::{Dynamic, EvalAltResult, Position};

/// What a script function reports: the fact, and advice. It travels through rhai as a value, so that its parts survive.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptError {
    /// The fact: lower case, no full stop.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
    /// The part of a text among the arguments that is meant, if it is one.
    pub part: Option<TextPart>,
    /// Whether a value that is not known, while a script is checked without data, is what is wrong.
    pub(crate) of_unknown: bool,
}

/// A part of a text that a script wrote, such as a name in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct TextPart {
    /// The whole text.
    pub text: String,
    /// First character of the part, from 1.
    pub column: usize,
    /// Number of characters.
    pub width: usize,
    /// The fact as it is said where the part is shown.
    pub message: String,
}

impl ScriptError {
    /// An error without advice.
    pub fn new(message: impl Into<String>) -> ScriptError {
        ScriptError {
            message: message.into(),
            hint: None,
            part: None,
            of_unknown: false,
        }
    }

    /// The error of a text that others wrote: of rhai, or of a crate below that called a function of the script. What such
    /// a function gave is in their words and nowhere else.
    pub(crate) fn in_words_of_others(message: String) -> ScriptError {
        ScriptError {
            of_unknown: Unknown::is_named_in(&message),
            ..ScriptError::new(message)
        }
    }

    /// What work reports that the user stopped.
    pub(crate) fn interrupted() -> ScriptError {
        ScriptError::new("interrupted")
    }

    /// The same error with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> ScriptError {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, which a value is the cause of.
    pub(crate) fn caused_by(mut self, value: &Dynamic) -> ScriptError {
        self.of_unknown |= value.is::<Unknown>();
        self
    }

    /// The error of a script function that was called from here. One of our own keeps its parts.
    pub(crate) fn from_nested(error: EvalAltResult) -> ScriptError {
        let mut inner = error;
        loop {
            match inner {
                EvalAltResult::ErrorInFunctionCall(_, _, error, _)
                | EvalAltResult::ErrorInModule(_, error, _) => {
                    inner = *error;
                }
                EvalAltResult::ErrorRuntime(value, position) => {
                    match value.clone().try_cast::<ScriptError>() {
                        Some(error) => return error,
                        None => {
                            let message = format!("{value} ({position})");
                            return ScriptError::in_words_of_others(message);
                        }
                    }
                }
                EvalAltResult::ErrorTerminated(reason, _) => {
                    return ScriptError::in_words_of_others(reason.to_string());
                }
                other => return ScriptError::in_words_of_others(other.to_string()),
            }
        }
    }

    /// Whether an unknown value is what stopped a script. An error of ours knows; rhai's, and what a script throws, name the
    /// type in what is `told` of them and nowhere else.
    pub(crate) fn is_of_unknown(error: &EvalAltResult, told: &str) -> bool {
        match error {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
            | EvalAltResult::ErrorInModule(_, inner, _) => ScriptError::is_of_unknown(inner, told),
            EvalAltResult::ErrorRuntime(value, _) if value.is::<ScriptError>() => value
                .read_lock::<ScriptError>()
                .is_some_and(|error| error.of_unknown),
            _ => Unknown::is_named_in(told),
        }
    }
}

/// What `catch (e)` gets: it prints as its message.
impl ScriptValue for ScriptError {
    const NAME: &'static str = "error";

    fn text(&self) -> String {
        self.message.clone()
    }
}

impl From<ScriptError> for Box<EvalAltResult> {
    fn from(error: ScriptError) -> Self {
        // Without a position of its own, rhai fills in that of the call.
        Box::new(EvalAltResult::ErrorRuntime(
            Dynamic::from(error),
            Position::NONE,
        ))
    }
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The known name nearest to a wrong one.
pub(crate) fn nearest<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(got, name);
            // Of two as near, letters that changed places are likelier than one that is too much.
            (distance, name.len().abs_diff(got.len()), name)
        })
        .min()
        .filter(|(distance, _, name)| *distance <= (name.len().max(got.len()) / 3).max(1))
        // A name of one letter is near to every other one.
        .filter(|(distance, ..)| *distance < got.chars().count())
        .map(|(_, _, name)| name)
}
