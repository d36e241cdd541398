//! Values as text: arrays and maps with what they hold as it shows itself.

use super::convert::integer_range;
use super::value::own_text;
use super::{Shown, caught};
use rhai::{Array, Dynamic, Engine, FnPtr, INT, Map};

/// Levels inside each other that are shown.
const DEEPEST: usize = 32;

impl Shown {
    /// The text of a value: our own types as they say, arrays and maps with what they hold, others as rhai prints them.
    pub fn text_of(value: &Dynamic) -> String {
        own_text(value)
            .or_else(|| text(value))
            .unwrap_or_else(|| value.to_string())
    }

    /// The text of a value as the end of a cell shows it: a string stands in quotation marks.
    pub fn source_of(value: &Dynamic) -> String {
        if value.is_string() || value.is_char() {
            element(value)
        } else {
            Shown::text_of(value)
        }
    }
}

/// The text of a value that rhai has no good one for: an array, a map, a range, a function; `None` for every other one.
fn text(value: &Dynamic) -> Option<String> {
    at_depth(value, 0)
}

/// A value as an element: texts in quotation marks.
fn element(value: &Dynamic) -> String {
    element_at(value, 0)
}

fn at_depth(value: &Dynamic, depth: usize) -> Option<String> {
    if let Ok(array) = value.as_array_ref() {
        let items: Vec<String> = array
            .iter()
            .map(|item| element_at(item, depth + 1))
            .collect();
        return Some(format!("[{}]", items.join(", ")));
    }
    if let Ok(map) = value.as_map_ref() {
        if let Some(message) = caught::message(&map) {
            return Some(message);
        }
        let items = map
            .iter()
            .map(|(key, value)| format!("{}: {}", key_text(key), element_at(value, depth + 1)));
        let items: Vec<String> = items.collect();
        return Some(if items.is_empty() {
            "#{}".into()
        } else {
            format!("#{{ {} }}", items.join(", "))
        });
    }
    if let Some((low, high)) = integer_range(value) {
        let sign = if value.is::<std::ops::RangeInclusive<INT>>() {
            "..="
        } else {
            ".."
        };
        return Some(if high == INT::MAX {
            format!("{low}..")
        } else {
            format!("{low}{sign}{high}")
        });
    }
    let function = value.read_lock::<FnPtr>()?;
    Some(if function.is_anonymous() {
        "closure".into()
    } else {
        format!("Fn({:?})", function.fn_name())
    })
}

fn element_at(value: &Dynamic, depth: usize) -> String {
    if depth > DEEPEST {
        return "…".into();
    }
    if value.is_unit() {
        return "()".into();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return format!("{:?}", text.as_str());
    }
    if value.is_char() {
        return format!("'{value}'");
    }
    at_depth(value, depth).unwrap_or_else(|| Shown::text_of(value))
}

/// A key as a script writes it.
fn key_text(key: &str) -> String {
    let is_name = key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}

/// Lets `print` and interpolation write arrays and maps in the same way.
pub(super) fn register(engine: &mut Engine) {
    let array = |array: &mut Array| {
        let items: Vec<String> = array.iter().map(element).collect();
        format!("[{}]", items.join(", "))
    };
    let map = |map: &mut Map| Shown::text_of(&Dynamic::from_map(map.clone()));
    for name in ["print", "to_string", "debug", "to_debug"] {
        engine.register_fn(name, array).register_fn(name, map);
    }
    for name in ["to_string", "print"] {
        engine.register_fn(name, |function: &mut FnPtr| {
            Shown::text_of(&Dynamic::from(function.clone()))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_show_as_themselves_inside_others() {
        let engine = Engine::new();
        for (script, want) in [
            (
                "[1, 2.0, \"a\", 'b', (), true]",
                "[1, 2.0, \"a\", 'b', (), true]",
            ),
            (
                "#{ a: [#{ \"x y\": 1 }], b: #{} }",
                "#{ a: [#{ \"x y\": 1 }], b: #{} }",
            ),
            ("[0..3, 0..=3, 5..]", "[0..3, 0..=3, 5..]"),
            ("[|x| x]", "[closure]"),
        ] {
            let value = engine.eval::<Dynamic>(script).unwrap();
            assert_eq!(text(&value).as_deref(), Some(want), "{script}");
        }
        assert_eq!(text(&1_i64.into()), None);
    }
}
