//! What the session's variables held at the end of the last cell, as far as that is said of them while text is typed.

use crate::script::{Shown, type_name};
use crate::shape::Shape;
use rhai::Dynamic;

/// A variable.
pub(crate) struct Remembered {
    /// What is known of it even when it is forgotten.
    pub(crate) shape: Shape,
    value: Excerpt,
}

/// A value, or as much of it as is cheap to keep: copies of arrays and maps cost what they hold.
enum Excerpt {
    Value(Dynamic),
    Text(String),
    Nothing,
}

/// Elements of an array and entries of a map that are shown, and characters of all.
const ELEMENTS: usize = 8;
const LONGEST: usize = 400;

impl Remembered {
    /// Remembers a value.
    pub(crate) fn new(value: &Dynamic) -> Remembered {
        let excerpt = match value.type_name() {
            "array" | "map" => Excerpt::Text(short(value, 0)),
            "Fn" => Excerpt::Nothing,
            // Our own values and text share what they hold; all others are small.
            _ => Excerpt::Value(value.flatten_clone()),
        };
        Remembered {
            shape: Shape::of(value),
            value: excerpt,
        }
    }

    /// Frees the value; what it is stays known.
    pub(crate) fn forget(&mut self) {
        self.value = Excerpt::Nothing;
    }

    /// The value in a few lines; empty if it is not known.
    pub(crate) fn text(&self) -> String {
        match &self.value {
            Excerpt::Value(value) => short(value, 0),
            Excerpt::Text(text) => text.clone(),
            Excerpt::Nothing => String::new(),
        }
    }
}

/// The beginning of a value's text.
fn short(value: &Dynamic, depth: usize) -> String {
    let text = if let Ok(array) = value.as_array_ref() {
        if depth > 1 {
            return format!("[{} values]", array.len());
        }
        let mut parts: Vec<String> = array
            .iter()
            .take(ELEMENTS)
            .map(|element| short(element, depth + 1))
            .collect();
        if array.len() > ELEMENTS {
            parts.push(format!("… {} in all", array.len()));
        }
        format!("[{}]", parts.join(", "))
    } else if let Ok(map) = value.as_map_ref() {
        if depth > 1 {
            return format!("#{{{} entries}}", map.len());
        }
        let entry = |(key, value): (&_, &_)| format!("{key}: {}", short(value, depth + 1));
        let mut parts: Vec<String> = map.iter().take(ELEMENTS).map(entry).collect();
        if map.len() > ELEMENTS {
            parts.push(format!("… {} in all", map.len()));
        }
        format!("#{{{}}}", parts.join(", "))
    } else if value.is_unit() {
        "()".to_owned()
    } else if let Ok(text) = value.as_immutable_string_ref() {
        format!("{:?}", text.chars().take(LONGEST).collect::<String>())
    } else if depth > 0 && Shown::name_of(value).is_some() {
        // A text may take a look at all samples of a sound, which a list has many of.
        type_name(value)
    } else {
        Shown::text_of(value)
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_said_in_short() {
        let engine = rhai::Engine::new();
        for (script, want) in [
            ("42", "whole number|42"),
            ("\"a\\nb\"", "string|\"a\\nb\""),
            (
                "[1, \"b\", [2, [3, 4]]]",
                "array|[1, \"b\", [2, [2 values]]]",
            ),
            (
                "let a = []; a.pad(100, 7); a",
                "array|[7, 7, 7, 7, 7, 7, 7, 7, … 100 in all]",
            ),
            ("#{ a: 1, b: #{ c: () } }", "map|#{a: 1, b: #{c: ()}}"),
            ("|x| x", "function|"),
        ] {
            let remembered = Remembered::new(&engine.eval(script).unwrap());
            assert_eq!(
                format!("{}|{}", remembered.shape.type_name, remembered.text()),
                want,
                "{script}"
            );
        }
        let long = Remembered::new(&"x".repeat(10_000).into()).text();
        assert_eq!(long.chars().count(), LONGEST + 2);
    }

    #[test]
    fn keys_are_known_and_a_value_can_be_forgotten() {
        let mut map = Remembered::new(&rhai::Engine::new().eval("#{ b: 1, a: 2 }").unwrap());
        map.forget();
        assert_eq!(
            (map.text().as_str(), map.shape.type_name.as_str()),
            ("", "map")
        );
        assert!(map.shape.entry("a").is_some() && map.shape.entry("b").is_some());
    }
}
