//! What is known of a value without the value: its type, the entries of a map, the elements of a list.

use crate::script::type_name;
use rhai::Dynamic;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Name of its type; empty if that is not known.
    pub(crate) type_name: String,
    /// The entries of a map.
    pub(crate) entries: Vec<(String, Shape)>,
    /// The elements of a list, as far as the first tells.
    pub(crate) element: Option<Box<Shape>>,
}

/// Entries of a map that are kept, and how deep maps and lists are looked into.
const ENTRIES: usize = 1000;
const DEPTH: usize = 3;

impl Shape {
    /// The shape of a value.
    pub(crate) fn of(value: &Dynamic) -> Shape {
        Shape::at(value, 0)
    }

    /// A shape of which the type alone is known.
    pub(crate) fn of_type(type_name: &str) -> Shape {
        Shape {
            type_name: type_name.to_owned(),
            ..Shape::default()
        }
    }

    fn at(value: &Dynamic, depth: usize) -> Shape {
        let mut shape = Shape::of_type(&type_name(value));
        if depth == DEPTH {
            return shape;
        }
        if let Ok(map) = value.as_map_ref() {
            // The deeper, the fewer: a map of maps must not cost what all of them hold.
            let entries = map.iter().take(ENTRIES >> (4 * depth));
            shape.entries = entries
                .map(|(key, value)| (key.to_string(), Shape::at(value, depth + 1)))
                .collect();
        } else if let Ok(array) = value.as_array_ref() {
            shape.element = array
                .first()
                .map(|first| Box::new(Shape::at(first, depth + 1)));
        }
        shape
    }

    /// The shape of an entry.
    pub(crate) fn entry(&self, key: &str) -> Option<&Shape> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, shape)| shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_lists_are_looked_into() {
        let engine = rhai::Engine::new();
        let shape = Shape::of(&engine.eval("#{ a: [#{ b: 1.5 }], c: \"x\" }").unwrap());
        assert_eq!(shape.type_name, "map");
        let element = shape
            .entry("a")
            .and_then(|list| list.element.as_deref())
            .unwrap();
        assert_eq!(element.entry("b").unwrap().type_name, "number");
        assert_eq!(
            (
                shape.entry("c").unwrap().type_name.as_str(),
                shape.entry("d")
            ),
            ("string", None)
        );
        let deep = Shape::of(&engine.eval("[[[[[[1]]]]]]").unwrap());
        let depth = std::iter::successors(Some(&deep), |shape| shape.element.as_deref()).count();
        assert_eq!(depth, DEPTH + 1);
    }
}
