//! Advice for calls that would be right in another library.

use super::convert::type_name;
use super::signature::Form;
use super::{Function, ScriptError, Shown, Topic};
use rhai::Dynamic;

/// The error of a call, with the advice that fits what it was given.
pub(super) fn advised(error: ScriptError, function: &Function, args: &[Dynamic]) -> ScriptError {
    let advice = if function.signature.form != Form::Call {
        None
    } else if function.returned_noun() == "recipe" {
        of_stage(function, args)
    } else {
        of_value(function, args)
    };
    match advice {
        Some(advice) => error.hint(advice),
        None => error,
    }
}

/// `w.gain(3)`, `gain(w, 3)`, `noise(10).gain(3)`, `noise(5, 40)`, `noise([5, 40])`, `gain(3, 0.5)`.
fn of_stage(function: &Function, args: &[Dynamic]) -> Option<String> {
    let name = function.name();
    let parameters = function.positional_parameters();
    let wanted = parameters.first().map_or("", |first| &first.wanted);
    let (first, rest) = args.split_first()?;
    let texts: Vec<String> = rest.iter().map(Shown::source_of).collect();
    let texts = texts.join(", ");
    match type_name(first).as_str() {
        "recipe" if wanted.contains("array") => {
            Some(format!("recipes stand in an array: write `{name}([a, b])`"))
        }
        "wave" if !wanted.contains("wave") => Some(format!(
            "a sound goes through a stage by `|>`: write `w |> {name}({texts})`"
        )),
        "recipe" if function.topic() == Topic::Stages && !wanted.contains("recipe") => Some(
            format!("one stage stands behind the other: write `r |> {name}({texts})`"),
        ),
        "array" if rest.is_empty() && wanted.contains("distribution") => {
            let array = first.as_array_ref().ok()?;
            range(&array)
        }
        // One parameter, and a number too many.
        _ if parameters.len() == 1 && args.len() == 2 => range(args).or_else(|| {
            let (value, share) = (number(first)?, number(&rest[0])?);
            let is_share = share > 0.0 && share <= 1.0;
            is_share.then(|| {
                format!("a probability stands before a recipe: `{share} * {name}({value})`")
            })
        }),
        _ => None,
    }
}

/// What two rising numbers are meant for.
fn range(values: &[Dynamic]) -> Option<String> {
    let [low, high] = values else {
        return None;
    };
    let (low, high) = (number(low)?, number(high)?);
    (low < high).then(|| format!("a range to draw from is written `{low}..{high}`"))
}

/// `max(w)`, `round("3")`.
fn of_value(function: &Function, args: &[Dynamic]) -> Option<String> {
    match (function.topic(), type_name(args.first()?).as_str()) {
        (Topic::Numbers | Topic::Arrays, "wave") => Some(
            "the samples of a sound are an array: `w.samples()`; `w.peak` and `w.rms_db` measure them".into(),
        ),
        (Topic::Numbers, "string") => {
            Some("a text is read as a number by `parse_float(s)` or `parse_int(s)`".into())
        }
        _ => None,
    }
}

fn number(value: &Dynamic) -> Option<f64> {
    let whole = value.as_int().ok().map(|n| n as f64);
    whole.or_else(|| value.as_float().ok())
}
