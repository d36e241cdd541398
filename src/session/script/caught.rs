//! What `catch (error)` gets of an error of rhai's own: a map, which shows itself as its message.

use super::wording::lower_first;
use rhai::Map;

/// The message of a map that stands for an error; `None` for every other map.
pub(super) fn message(map: &Map) -> Option<String> {
    let text = |key: &str| map.get(key)?.clone().into_string().ok();
    let number = |key: &str| map.get(key)?.as_int().ok();
    let kind = text("error").filter(|kind| kind.starts_with("Error"))?;
    let message = text("message").filter(|_| map.contains_key("position"))?;
    let told = match kind.as_str() {
        "ErrorArrayBounds" => (number("index").zip(number("length")))
            .map(|(index, length)| format!("index {index} is outside an array of {length}")),
        "ErrorVariableNotFound" => {
            text("variable").map(|name| format!("there is no variable `{name}`"))
        }
        "ErrorFunctionNotFound" => text("function").and_then(|signature| {
            let name = signature.split(" (").next()?;
            let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_name.then(|| format!("there is no function `{name}` for these arguments"))
        }),
        "ErrorMismatchDataType" => match (text("requested"), text("actual")) {
            (Some(wanted), Some(got)) if wanted == "Fn" => Some(format!(
                "a function is wanted here, not a value of type {got}"
            )),
            (Some(wanted), Some(got)) => Some(format!("{wanted} is wanted here, not {got}")),
            _ => None,
        },
        _ => None,
    };
    Some(told.unwrap_or_else(|| {
        // Of an error inside a function rhai says where it passed through, in lines of their own.
        let first = message.lines().next().unwrap_or_default();
        lower_first(first.split(" @ '").next().unwrap_or(first))
    }))
}
