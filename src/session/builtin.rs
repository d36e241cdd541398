//! Functions of the language that rhai brings, as far as completion and inspection need them: those of numbers, texts, lists
//! and maps. What they are called and give is read from rhai itself.

use rhai::Engine;
use std::collections::BTreeSet;

/// A function that rhai brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Builtin {
    pub(crate) name: String,
    /// The type of its first argument, behind which it can be written with a dot; empty if it takes none.
    pub(crate) receiver: &'static str,
    /// How it is called behind its receiver.
    pub(crate) signature: String,
    /// The type that it gives; empty if that is not one that is known.
    pub(crate) returns: &'static str,
    /// Whether it is read without parentheses.
    is_property: bool,
}

/// Those that are written `f(x)` although they are of a text or a list, or of anything.
const FREE: [&str; 10] = [
    "debug",
    "is_def_fn",
    "is_def_var",
    "len",
    "parse_float",
    "parse_int",
    "print",
    "timestamp",
    "to_string",
    "type_of",
];

/// Those that are part of rhai's syntax, and so are in no list of its functions.
const SYNTAX: [(&str, &str); 3] = [
    ("type_of", "string"),
    ("is_def_var", "flag"),
    ("is_def_fn", "flag"),
];

/// The types by rhai's names of them, which vary.
const TYPES: [(&str, &str); 13] = [
    ("Array", "array"),
    ("Blob", "blob"),
    ("FLOAT", "number"),
    ("FnPtr", "function"),
    ("INT", "whole number"),
    ("ImmutableString", "string"),
    ("Map", "option map"),
    ("String", "string"),
    ("bool", "flag"),
    ("char", "char"),
    ("&str", "string"),
    ("f64", "number"),
    ("i64", "whole number"),
];

/// All of them, sorted by name.
pub(crate) fn builtins() -> Vec<Builtin> {
    let mut seen = BTreeSet::new();
    let of = |function: rhai::FuncInfo<'_>| {
        let metadata = function.metadata;
        let (name, is_property) = match metadata.name.strip_prefix("get$") {
            Some(name) => (name, true),
            None => (metadata.name.as_str(), false),
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains('$');
        // Modules of rhai's own and setters are not what people look for.
        if !is_name || !function.namespace.is_empty() {
            return None;
        }
        let parts = |info: &str| {
            let (name, of_type) = info.split_once(':').unwrap_or((info, ""));
            (name.trim().to_owned(), noun(of_type))
        };
        let parameters: Vec<(String, Option<&'static str>)> = metadata
            .params_info
            .iter()
            .map(|info| parts(info.as_str()))
            .collect();
        let receiver = match parameters.first() {
            Some((_, receiver)) => (*receiver)?,
            None => "",
        };
        let rest: Vec<&str> = parameters
            .iter()
            .skip(1)
            .map(|(name, _)| name.as_str())
            .collect();
        let signature = if is_property {
            name.to_owned()
        } else {
            format!("{name}({})", rest.join(", "))
        };
        let returns = noun(metadata.return_type.as_str()).unwrap_or("");
        Some(Builtin {
            name: name.to_owned(),
            receiver,
            signature,
            returns,
            is_property,
        })
    };
    let mut found = Engine::new().collect_fn_metadata(None, of, true);
    found.extend(SYNTAX.map(|(name, returns)| Builtin {
        name: name.to_owned(),
        receiver: "",
        signature: format!("{name}(value)"),
        returns,
        is_property: false,
    }));
    // The shortest form of a function is the one to show; properties are functions, too.
    found.sort_by(|a, b| {
        let key = |builtin: &Builtin| {
            (
                builtin.name.clone(),
                builtin.receiver,
                builtin.is_property,
                builtin.signature.len(),
            )
        };
        key(a).cmp(&key(b))
    });
    found.retain(|builtin| seen.insert((builtin.name.clone(), builtin.receiver)));
    found
}

/// The name of a type of rhai's in our words; nothing if no value of ours has it.
fn noun(rust: &str) -> Option<&'static str> {
    let bare = rust.trim().trim_start_matches("&mut ");
    let bare = bare
        .strip_prefix("RhaiResultOf<")
        .and_then(|inner| inner.strip_suffix('>'))
        .unwrap_or(bare)
        .trim();
    TYPES
        .iter()
        .find(|(name, _)| *name == bare)
        .map(|(_, noun)| *noun)
}

impl Builtin {
    /// Whether people write it without a receiver.
    pub(crate) fn is_free(&self) -> bool {
        let of_number = ["", "number", "whole number"].contains(&self.receiver);
        !self.is_property && (of_number || FREE.contains(&self.name.as_str()))
    }

    /// How it is called without a receiver.
    pub(crate) fn free_signature(&self) -> String {
        if self.receiver.is_empty() || self.is_property {
            return self.signature.clone();
        }
        let rest = self
            .signature
            .trim_start_matches(|c| c != '(')
            .trim_start_matches('(');
        let comma = if rest == ")" { "" } else { ", " };
        format!(
            "{}({}{comma}{rest}",
            self.name,
            self.receiver
                .replace("whole number", "number")
                .replace("option map", "map")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_of_every_type_are_known() {
        let all = builtins();
        let find = |receiver: &str, name: &str| {
            let found = all
                .iter()
                .find(|builtin| builtin.receiver == receiver && builtin.name == name);
            found.unwrap_or_else(|| panic!("{receiver}.{name}")).clone()
        };
        assert_eq!(find("array", "push").signature, "push(item)");
        assert_eq!(find("array", "len").returns, "whole number");
        assert_eq!(find("string", "to_upper").signature, "to_upper()");
        assert_eq!(find("string", "split").returns, "array");
        assert_eq!(find("option map", "keys").returns, "array");
        assert_eq!(find("number", "sqrt").free_signature(), "sqrt(number)");
        assert_eq!(
            find("string", "parse_int").free_signature(),
            "parse_int(string)"
        );
        assert!(find("string", "print").is_free() && !find("array", "push").is_free());
        assert!(
            all.iter()
                .all(|builtin| !builtin.name.contains('$') && !builtin.signature.is_empty())
        );
    }
}
