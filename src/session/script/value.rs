//! What our own types have in common: a name, a text, perhaps JSON.

use super::{Parts, Picture};
use rhai::{Dynamic, Engine};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{OnceLock, RwLock};

/// A type of the language. Values are cheap to clone: rhai clones them at every call.
pub trait ScriptValue: Clone + Send + Sync + 'static {
    /// Name of the type, a noun in lower case.
    const NAME: &'static str;

    /// The value as text: its source where it has one, else a line of facts or a table.
    fn text(&self) -> String;

    /// The value as JSON, if it has any.
    fn json(&self) -> Option<serde_json::Value> {
        None
    }

    /// A whole page of HTML for the value, if it has one.
    fn html(&self) -> Option<String> {
        None
    }

    /// The value for a notebook, by MIME type: binary forms in base 64, JSON as itself.
    fn parts(&self) -> Parts {
        Vec::new()
    }

    /// What a person at a terminal wants to see below the text, if the value is a picture by nature.
    fn picture(&self) -> Option<Picture> {
        None
    }

    /// Whether it is so large that what is done with it may take a person's time.
    fn is_long(&self) -> bool {
        false
    }

    /// Whether two values are the same; `None` if they cannot be compared.
    fn same(&self, _: &Self) -> Option<bool> {
        None
    }
}

/// How to show values of our types that rhai holds. Text and displays are made in `value_text` and `value_display`, which
/// know how arrays and maps show what they hold.
pub struct Shown {
    name: Option<&'static str>,
    text: fn(&Dynamic) -> Option<String>,
    json: fn(&Dynamic) -> Option<serde_json::Value>,
    html: fn(&Dynamic) -> Option<String>,
    parts: fn(&Dynamic) -> Option<Parts>,
    picture: fn(&Dynamic) -> Option<Picture>,
    long: fn(&Dynamic) -> bool,
}

/// A rhai value carries its `TypeId` and nothing else of ours. The list only grows, with facts that do not change, when
/// a first engine of the process registers its types.
fn registry() -> &'static RwLock<HashMap<TypeId, Shown>> {
    static REGISTRY: OnceLock<RwLock<HashMap<TypeId, Shown>>> = OnceLock::new();
    REGISTRY.get_or_init(RwLock::default)
}

fn with<T>(value: &Dynamic, read: impl FnOnce(&Shown) -> T) -> Option<T> {
    let registry = registry()
        .read()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    registry.get(&value.type_id()).map(read)
}

/// What a value of our own types says of itself as text.
pub(super) fn own_text(value: &Dynamic) -> Option<String> {
    with(value, |shown| (shown.text)(value)).flatten()
}

/// The forms of a value of our own types.
pub(super) fn own_parts(value: &Dynamic) -> Option<Parts> {
    with(value, |shown| (shown.parts)(value)).flatten()
}

impl Shown {
    /// The name of a value's type, if it is ours.
    pub fn name_of(value: &Dynamic) -> Option<&'static str> {
        with(value, |shown| shown.name).flatten()
    }

    /// The value as JSON: our own types as they say, numbers, strings, arrays and maps as themselves.
    pub fn json_of(value: &Dynamic) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        if let Some(json) = with(value, |shown| (shown.json)(value)).flatten() {
            return Some(json);
        }
        match value.type_name() {
            "()" => Some(Json::Null),
            "bool" => value.as_bool().ok().map(Json::Bool),
            "i64" => value.as_int().ok().map(Json::from),
            "f64" => value.as_float().ok().map(Json::from),
            "string" | "char" => Some(Json::String(value.to_string())),
            "array" => value
                .as_array_ref()
                .ok()?
                .iter()
                .map(Shown::json_of)
                .collect::<Option<_>>()
                .map(Json::Array),
            "map" => {
                let map = value.as_map_ref().ok()?;
                let entries = map
                    .iter()
                    .map(|(key, value)| Some((key.to_string(), Shown::json_of(value)?)));
                entries.collect::<Option<_>>().map(Json::Object)
            }
            _ => None,
        }
    }

    /// What a person at a terminal wants to see below the text.
    pub fn picture_of(value: &Dynamic) -> Option<Picture> {
        with(value, |shown| (shown.picture)(value)).flatten()
    }

    /// Whether what is done with the value may take a person's time.
    pub(super) fn is_long(value: &Dynamic) -> bool {
        if matches!(value.type_name(), "i64" | "f64" | "bool" | "string" | "()") {
            return false;
        }
        // The lock must be free again: the elements of an array are looked up, too.
        with(value, |shown| shown.long).is_some_and(|long| long(value))
    }

    /// A page of HTML for the value, if its type has one.
    pub fn html_of(value: &Dynamic) -> Option<String> {
        with(value, |shown| (shown.html)(value)).flatten()
    }
}

/// Elements of an array that take a while, and as many as are looked at one by one.
const LONG_ARRAY: usize = 100_000;
const LOOKED_AT: usize = 64;

fn long_array(array: &Dynamic) -> bool {
    array.as_array_ref().is_ok_and(|array| {
        array.len() > LONG_ARRAY || array.iter().take(LOOKED_AT).any(Shown::is_long)
    })
}

/// Says how arrays are drawn, which are rhai's own.
pub(crate) fn draw_arrays(picture: fn(&Dynamic) -> Option<Picture>) {
    let (name, long): (_, fn(&Dynamic) -> bool) = (None, long_array);
    let arrays = Shown {
        name,
        text: |_| None,
        json: |_| None,
        html: |_| None,
        parts: |_| None,
        picture,
        long,
    };
    registry()
        .write()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .entry(TypeId::of::<rhai::Array>())
        .or_insert(arrays);
}

/// Makes a type known to an engine: its name, `print`, interpolation, `debug`, `==` and `!=`.
pub(crate) fn register<T: ScriptValue>(engine: &mut Engine) {
    registry()
        .write()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .entry(TypeId::of::<T>())
        .or_insert(Shown {
            name: Some(T::NAME),
            text: |value| Some(value.read_lock::<T>()?.text()),
            json: |value| value.read_lock::<T>()?.json(),
            html: |value| value.read_lock::<T>()?.html(),
            parts: |value| Some(value.read_lock::<T>()?.parts()),
            picture: |value| value.read_lock::<T>()?.picture(),
            long: |value| value.read_lock::<T>().is_some_and(|value| value.is_long()),
        });
    engine
        .register_type_with_name::<T>(T::NAME)
        .register_fn("to_string", |value: &mut T| value.text())
        .register_fn("to_debug", |value: &mut T| value.text())
        .register_fn("==", |a: T, b: T| a.same(&b).unwrap_or(false))
        .register_fn("!=", |a: T, b: T| !a.same(&b).unwrap_or(false));
}
