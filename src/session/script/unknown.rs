//! The value that stands for what only data could tell, while a script is checked without data.

use super::ScriptValue;
use rhai::{Dynamic, Engine};

/// A value that is not known. Whatever is done with it gives another one.
#[derive(Clone, Debug)]
pub struct Unknown;

impl ScriptValue for Unknown {
    const NAME: &'static str = "value that depends on data";

    fn text(&self) -> String {
        "…".into()
    }
}

impl Unknown {
    /// Whether a value is, or holds, an unknown one.
    pub fn is_in(value: &Dynamic) -> bool {
        if value.is::<Unknown>() {
            return true;
        }
        match value.type_name() {
            "array" => value
                .as_array_ref()
                .is_ok_and(|array| array.iter().any(Unknown::is_in)),
            "map" => value
                .as_map_ref()
                .is_ok_and(|map| map.values().any(Unknown::is_in)),
            _ => false,
        }
    }

    /// Whether a message that is not ours is about an unknown value. From functions of the library rhai gives a type its name in Rust.
    pub(super) fn is_named_in(message: &str) -> bool {
        message.contains(Unknown::NAME) || message.contains(std::any::type_name::<Unknown>())
    }

    /// Lets an engine pass unknown values through properties, indices, loops, and functions and operators that are not
    /// ours.
    pub(super) fn register(engine: &mut Engine) {
        super::value::register::<Unknown>(engine);
        engine.register_indexer_get(|_: &mut Unknown, _: Dynamic| Unknown);
        engine.register_indexer_set(|_: &mut Unknown, _: Dynamic, _: Dynamic| {});
        engine.register_iterator::<Unknown>();
        #[expect(
            deprecated,
            reason = "rhai marks hooks that may change between minor versions, which we pin, as deprecated"
        )]
        engine.on_missing_function(|_, args, _, _| {
            Ok(args
                .iter()
                .any(|arg| Unknown::is_in(arg))
                .then(|| Dynamic::from(Unknown)))
        });
    }
}

impl IntoIterator for Unknown {
    type Item = Unknown;
    type IntoIter = std::option::IntoIter<Unknown>;

    /// A loop over something unknown runs once, so that its body is checked.
    fn into_iter(self) -> Self::IntoIter {
        Some(self).into_iter()
    }
}
