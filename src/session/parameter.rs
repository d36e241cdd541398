//! Variables that are given from outside, as a word of the command line: `NAME=VALUE`.
//!
//! A value is a number, a flag, nothing, a list or a map, in JSON's writing or the language's own; everything else is text,
//! whatever characters it has. Text that looks like one of the others is given in double quotes.

use crate::made::names_made;
use crate::script::{Completeness, completeness, new_parser};
use rhai::{Dynamic, Engine};
use serde_json::Value;
use std::fmt::Write;

/// A variable with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    name: String,
    /// The value as the language writes it.
    source: String,
}

impl Parameter {
    /// Reads `NAME=VALUE`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(word: &str) -> Result<Parameter, String> {
        let (name, value) = word.split_once('=').ok_or("wanted NAME=VALUE")?;
        if !is_free_name(name) {
            return Err(format!("`{name}` cannot be the name of a variable"));
        }
        Ok(Parameter {
            name: name.to_owned(),
            source: source_of_word(value),
        })
    }

    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The statement that makes the variable.
    pub fn statement(&self) -> String {
        format!("let {} = {};", self.name, self.source)
    }
}

/// Names of the variables that a text makes, for those who give them other values.
pub fn variables_made(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    names_made(&chars)
        .into_iter()
        .filter(|made| made.is_variable())
        .map(|made| made.name)
        .collect()
}

/// Whether a variable may have this name: a word that the language does not keep for itself.
fn is_free_name(name: &str) -> bool {
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name != "_";
    let parses = |parser: Engine| {
        completeness(&parser, &format!("let {name} = 0;")) == Completeness::Complete
    };
    is_word && new_parser().is_ok_and(parses)
}

/// A word as the language writes its value.
fn source_of_word(word: &str) -> String {
    match word {
        // Python's words for them, which who comes from papermill types.
        "True" | "False" => return word.to_lowercase(),
        "None" | "null" | "()" => return "()".to_owned(),
        _ => {}
    }
    if let Ok(value) = serde_json::from_str::<Value>(word) {
        return source(&value);
    }
    match own_literal(word).or_else(|| loose_number(word)) {
        Some(value) => source(&value),
        None => quoted(word),
    }
}

/// A list or map in the writing of the language itself, which is JSON but for the `#`, the names and a last comma.
fn own_literal(word: &str) -> Option<Value> {
    if !word.trim_start().starts_with(['[', '#']) {
        return None;
    }
    let mut engine = Engine::new_raw();
    // Literals take no steps to speak of.
    engine.set_max_operations(100_000);
    let value = engine.eval_expression::<Dynamic>(word).ok()?;
    (value.is_array() || value.is_map())
        .then(|| json(&value))
        .flatten()
}

/// A value of plain numbers, texts, lists and maps as JSON; nothing for any other.
fn json(value: &Dynamic) -> Option<Value> {
    if let Ok(list) = value.as_array_ref() {
        return list
            .iter()
            .map(json)
            .collect::<Option<Vec<Value>>>()
            .map(Value::Array);
    }
    if let Ok(map) = value.as_map_ref() {
        return map
            .iter()
            .map(|(key, value)| Some((key.to_string(), json(value)?)))
            .collect::<Option<_>>();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(text.as_str().into());
    }
    match (value.as_int(), value.as_float(), value.as_bool()) {
        (Ok(n), ..) => Some(n.into()),
        (_, Ok(x), _) => serde_json::Number::from_f64(x).map(Value::Number),
        (.., Ok(flag)) => Some(flag.into()),
        _ => value.is_unit().then_some(Value::Null),
    }
}

/// Numbers that people write and JSON does not: `.5`, `5.`, `+3`. A number with leading zeros is a name of something.
fn loose_number(word: &str) -> Option<Value> {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let is_plain = digits
        .chars()
        .all(|c| c.is_ascii_digit() || ".eE+-".contains(c));
    let is_padded =
        digits.starts_with('0') && digits[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_plain || is_padded {
        return None;
    }
    let unsigned = word.strip_prefix('+').unwrap_or(word);
    if let Ok(n) = unsigned.parse::<i64>() {
        return Some(n.into());
    }
    serde_json::Number::from_f64(unsigned.parse().ok()?).map(Value::Number)
}

/// A value as the language writes it.
fn source(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match number.as_i64() {
            Some(n) => n.to_string(),
            None => number
                .as_f64()
                .map_or_else(|| number.to_string(), |x| format!("{x:?}")),
        },
        Value::String(text) => quoted(text),
        Value::Array(list) => format!(
            "[{}]",
            list.iter().map(source).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) if map.is_empty() => "#{}".to_owned(),
        Value::Object(map) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{}: {}", quoted(key), source(value));
            format!(
                "#{{ {} }}",
                map.iter().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// A text in double quotes. What is not seen, or ends a line, is written as its number.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `Debug` knows which characters are seen; writing into a text cannot fail.
            c if c != '\'' && c.escape_debug().count() > 1 => {
                let _ = match u32::from(c) {
                    n @ 0..=0x7f => write!(out, "\\x{n:02x}"),
                    n @ 0x80..=0xffff => write!(out, "\\u{n:04x}"),
                    n => write!(out, "\\U{n:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Shown, Silent};
    use crate::{Session, Settings};
    use proptest::prelude::*;
    use std::sync::Arc;

    #[test]
    fn every_kind_of_value_is_read() {
        let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        for (word, want) in [
            ("3", "3"),
            ("-2.5", "-2.5"),
            ("1e300", "1e300"),
            ("1e5", "100000.0"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("+3", "3"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9.223372036854776e18"),
            ("true", "true"),
            ("False", "false"),
            ("None", "()"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("007", "\"007\""),
            ("1-2", "\"1-2\""),
            ("inf", "\"inf\""),
            ("\"3\"", "\"3\""),
            ("it's", "\"it's\""),
            ("[1, 2.5, \"x\", null]", "[1, 2.5, \"x\", ()]"),
            ("[1, true,]", "[1, true]"),
            ("{\"k l\": [1]}", "#{ \"k l\": [1] }"),
            ("#{a: -1, b: #{}}", "#{ \"a\": -1, \"b\": #{} }"),
            ("[a]", "\"[a]\""),
            ("[draft] x", "\"[draft] x\""),
            ("#1", "\"#1\""),
            (
                "a\u{1b}\u{0}\u{7f}\u{85}\u{feff}\u{e0001}é",
                "\"a\\x1b\\x00\\x7f\\u0085\\ufeff\\U000e0001é\"",
            ),
        ] {
            let parameter = Parameter::read(&format!("p={word}")).unwrap();
            assert_eq!(parameter.source, want, "{word}");
            session
                .eval("t", &parameter.statement())
                .unwrap_or_else(|d| panic!("{word}: {}", d.render(false)));
        }
        assert_eq!(Parameter::read("p=a=b").unwrap().source, "\"a=b\"");
    }

    #[test]
    fn a_name_must_be_free() {
        for word in ["n", "=3", "a b=1", "1a=1", "let=1", "_=1", "x y=1", "a.b=1"] {
            assert!(Parameter::read(word).is_err(), "{word}");
        }
        assert_eq!(
            Parameter::read("größe=1").unwrap().statement(),
            "let größe = 1;"
        );
    }

    proptest! {
        #[test]
        fn any_text_arrives(text in "\\PC*|[\u{0}-\u{2ff}\u{2028}\"\\\\$`{}]{0,12}") {
            let arrived: String = Engine::new_raw().eval(&quoted(&text)).unwrap();
            prop_assert_eq!(arrived, text);
        }
    }

    #[test]
    fn a_list_shows_as_it_was_given() {
        let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        let statement = Parameter::read("p=[1, [true, -0.5]]").unwrap().statement();
        let outcome = session.eval("t", &format!("{statement} p[1][1]")).unwrap();
        assert_eq!(Shown::text_of(&outcome.value), "-0.5");
    }
}
