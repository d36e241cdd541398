//! Words of messages: the nouns of types with their articles, and the case of a first letter.

/// A type as rhai names it, as a noun.
pub(super) fn noun(type_name: &str) -> &str {
    match type_name.trim() {
        "()" => "nothing",
        "i64" | "f64" => "number",
        "bool" => "flag",
        "Fn" => "function",
        "char" => "character",
        "&str | ImmutableString | String" | "ImmutableString" => "string",
        name if name.contains("Range") => "range",
        name => name,
    }
}

/// A noun with its article.
pub(super) fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o']) || noun.starts_with("un");
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A type as rhai names it, as a noun with its article.
pub(super) fn article(type_name: &str) -> String {
    match noun(type_name) {
        "nothing" => "nothing".into(),
        noun => with_article(noun),
    }
}

/// A message of rhai's as the middle of a sentence: it begins in lower case and has no full stop.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    match (chars.next(), chars.clone().next()) {
        // An abbreviation keeps its capitals.
        (Some(first), Some(second)) if second.is_uppercase() => {
            format!("{first}{}", chars.as_str())
        }
        (Some(first), _) => first.to_lowercase().chain(chars).collect(),
        (None, _) => String::new(),
    }
}
