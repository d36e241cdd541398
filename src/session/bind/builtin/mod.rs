//! Functions that the language brings along: what help, completion and the reference page say of them.
//!
//! They are rhai's own; a test walks all that an engine knows and finds none without its words here.

mod arrays;
mod numbers;
mod session;
mod texts;

use crate::script::{Function, Topic};
use arrays::ARRAYS;
use numbers::NUMBERS;
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use session::SESSION;
use texts::{BYTES, MAPS, TEXTS};

pub(super) fn functions() -> Vec<Function> {
    let chapters = [
        (Topic::Session, SESSION),
        (Topic::Numbers, NUMBERS),
        (Topic::Arrays, ARRAYS),
        (Topic::Maps, MAPS),
        (Topic::Texts, TEXTS),
        (Topic::Texts, BYTES),
    ];
    chapters
        .into_iter()
        .flat_map(|(topic, rows)| rows.iter().flat_map(move |row| described(topic, row)))
        .collect()
}

/// The types it is a method of, joined by `|`; its name; its parameters, those that may be left out with a `?`; what it
/// does; an example.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

fn described(topic: Topic, (owners, name, parameters, about, example): &Row) -> Vec<Function> {
    let of = |owner: &str| {
        let function = Function::built_in(name, topic);
        let function = match owner {
            "array" => function.on_built_in::<Array>("array"),
            "string" => function.on_built_in::<ImmutableString>("string"),
            "map" => function.on_built_in::<Map>("map"),
            "blob" => function.on_built_in::<Blob>("blob"),
            _ => function,
        };
        let with = |function: Function, (name, about): &(&str, &str)| match name.strip_suffix('?') {
            Some(name) => function.param_or::<Dynamic>(name, (), about),
            None => function.param::<Dynamic>(name, about),
        };
        parameters
            .iter()
            .fold(function, with)
            .about(*about)
            .example(*example)
    };
    owners.split('|').map(of).collect()
}
