//! An error on its way through rhai.

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
}

/// What `catch (e)` gets: it prints as its message.
impl super::ScriptValue for ScriptError {
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
