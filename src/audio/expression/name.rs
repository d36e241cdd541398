//! What a name in an expression means, and what is said of one that means nothing.

use super::fault::{Fault, Span};
use super::function::KNOWN;
use super::token::is_of_name;
use super::{Variable, Vocabulary};
use crate::error::did_you_mean;

/// How many parameters an expression may have.
const MOST_PARAMETERS: usize = 64;

/// The names of an expression.
pub(super) struct Names<'a> {
    pub(super) vocabulary: &'static Vocabulary,
    pub(super) parameters: &'a [&'a str],
}

/// Names of other languages: what is meant here.
const FOREIGN: [(&str, &str); 39] = [
    ("if", "choose with `select(condition, a, b)`"),
    ("else", "choose with `select(condition, a, b)`"),
    ("where", "choose with `select(condition, a, b)`"),
    ("ifelse", "choose with `select(condition, a, b)`"),
    (
        "let",
        "an expression is one formula: what is used twice is computed once anyway",
    ),
    ("return", "the expression itself is what is given"),
    (
        "for",
        "the expression is computed for every place; there are no loops",
    ),
    (
        "while",
        "the expression is computed for every place; there are no loops",
    ),
    ("and", "both conditions: `a && b`"),
    ("or", "either condition: `a || b`"),
    ("not", "the opposite: `!a`"),
    ("true", "conditions are numbers: 1 is true, 0 is false"),
    ("false", "conditions are numbers: 1 is true, 0 is false"),
    ("np", "functions are called by their name alone, `tanh(x)`"),
    (
        "numpy",
        "functions are called by their name alone, `tanh(x)`",
    ),
    (
        "math",
        "functions are called by their name alone, `tanh(x)`",
    ),
    (
        "torch",
        "functions are called by their name alone, `tanh(x)`",
    ),
    (
        "Math",
        "functions are called by their name alone, `tanh(x)`",
    ),
    ("ln", "the natural logarithm is `log(x)`"),
    ("log1p", "write `log(1 + x)`"),
    ("expm1", "write `exp(x) - 1`"),
    ("clip", "write `clamp(x, -1, 1)`"),
    ("fabs", "write `abs(x)`"),
    ("maximum", "write `max(a, b)`"),
    ("minimum", "write `min(a, b)`"),
    ("fmod", "write `a % b`"),
    ("power", "write `a ** b`"),
    ("square", "write `a ** 2`"),
    ("sgn", "write `sign(x)`"),
    ("arctan", "write `atan(x)`"),
    ("arctan2", "write `atan2(a, b)`"),
    ("arcsin", "write `asin(x)`"),
    ("arccos", "write `acos(x)`"),
    ("mix", "write `lerp(a, b, share)`"),
    (
        "rand",
        "write `noise`, a normal number that is drawn for every place",
    ),
    (
        "randn",
        "write `noise`, a normal number that is drawn for every place",
    ),
    (
        "random",
        "write `noise`, a normal number that is drawn for every place",
    ),
    ("sr", "write `sample_rate`"),
    ("fs", "write `sample_rate`"),
];

impl Names<'_> {
    /// Checks that parameters have names of their own.
    pub(super) fn check(&self, taken: &[&str]) -> Result<(), Fault> {
        let none = Span::default();
        if self.parameters.len() > MOST_PARAMETERS {
            let reason = format!("an expression has at most {MOST_PARAMETERS} parameters");
            return Err(Fault::new(none, reason));
        }
        for &name in self.parameters {
            let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
            if !name.starts_with(begins) || !name.chars().all(is_of_name) {
                let reason = format!("`{name}` cannot be the name of a parameter");
                let hint = "a name is letters, digits and `_`, and begins with a letter";
                return Err(Fault::new(none, reason).hint(hint));
            }
            let meaning = match name {
                "x" => Some("the input".to_owned()),
                "y" => Some("the output".to_owned()),
                name if taken.contains(&name) => Some("what the stage itself is told".to_owned()),
                name if KNOWN.iter().any(|known| known.name == name) => {
                    Some(format!("the function `{name}(...)`"))
                }
                name => {
                    let variable = self.vocabulary.find(name);
                    variable.map(|(variable, _)| variable.about.to_owned())
                }
            };
            if let Some(meaning) = meaning {
                let reason = format!("`{name}` has a meaning of its own: {meaning}");
                let hint = format!("give the parameter another name, such as `{name}_1`");
                return Err(Fault::new(none, reason).hint(hint));
            }
        }
        Ok(())
    }

    /// What is said of a name that is none of these.
    pub(super) fn unknown(&self, name: &str, span: Span, called: bool) -> Fault {
        let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == name);
        let kind = if called { "function" } else { "name" };
        let fault = Fault::new(span, format!("there is no {kind} `{name}`"));
        if let Some((_, hint)) = foreign {
            return fault.hint(*hint);
        }
        let functions = KNOWN.iter().map(|known| known.name);
        if called {
            let known: Vec<&str> = functions.collect();
            let list = format!("functions: {}", known.join(", "));
            return fault.hint(match did_you_mean(name, &known) {
                Some(guess) => format!("{guess} {list}"),
                None => list,
            });
        }
        let variables = self.vocabulary.variables.iter().map(|v: &Variable| v.name);
        let own = self.parameters.iter().copied();
        let known: Vec<&str> = ["x", "y"].into_iter().chain(own).chain(variables).collect();
        let all: Vec<&str> = known.iter().copied().chain(functions).collect();
        let list = format!("names: {}", known.join(", "));
        let near = (name.chars().count() > 1)
            .then(|| did_you_mean(name, &all))
            .flatten();
        fault.hint(match near {
            Some(guess) => format!("{guess} {list}"),
            None => {
                format!("a parameter is given behind the expression, `#{{ {name}: 0.5 }}`; {list}")
            }
        })
    }
}
