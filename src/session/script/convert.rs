//! From script values to Rust values, with words for what is wrong.

use super::value::Shown;
use super::wording::with_article;
use rhai::{Array, Dynamic, FLOAT, FnPtr, INT, ImmutableString, Map};
use std::ops::{Range, RangeInclusive};

/// A type that a parameter of a script function can have.
pub trait FromScript: Sized {
    /// What is wanted, in words.
    const WANTED: &'static str;

    /// The value, if it is of this type. Whole numbers are numbers.
    fn from_script(value: &Dynamic) -> Option<Self>;
}

/// Declares conversions, one expression a type.
macro_rules! conversions {
    ($($type:ty, $wanted:literal, |$value:ident| $body:expr;)*) => {
        $(impl FromScript for $type {
            const WANTED: &'static str = $wanted;
            fn from_script($value: &Dynamic) -> Option<$type> {
                $body
            }
        })*
    };
}

conversions! {
    Dynamic, "a value", |value| Some(value.clone());
    f64, "a number", |value| value.as_float().ok().or_else(|| value.as_int().ok().map(|n| n as f64));
    i64, "a whole number", |value| whole(value);
    u64, "a whole number of at least 0", |value| whole(value)?.try_into().ok();
    u32, "a whole number of at least 0", |value| whole(value)?.try_into().ok();
    usize, "a whole number of at least 0", |value| whole(value)?.try_into().ok();
    bool, "true or false", |value| value.as_bool().ok();
    String, "a string", |value| value.clone().into_string().ok();
    Array, "an array", |value| value.clone().into_array().ok();
    Map, "a map `#{ ... }`", |value| value.clone().try_cast::<Map>();
    FnPtr, "a function or closure", |value| value.clone().try_cast::<FnPtr>();
    Vec<usize>, "an array of whole numbers", |value| every(value);
    Vec<f64>, "an array of numbers", |value| every(value);
    Vec<String>, "an array of strings", |value| every(value);
}

impl<T: FromScript> FromScript for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_script(value: &Dynamic) -> Option<Option<T>> {
        if value.is_unit() {
            Some(None)
        } else {
            T::from_script(value).map(Some)
        }
    }
}

/// A whole number, also when it is written as `3.0`.
fn whole(value: &Dynamic) -> Option<i64> {
    value.as_int().ok().or_else(|| {
        value
            .as_float()
            .ok()
            .filter(|x| x.fract() == 0.0 && x.abs() < 9e15)
            .map(|x| x as i64)
    })
}

fn every<T: FromScript>(value: &Dynamic) -> Option<Vec<T>> {
    value
        .clone()
        .into_array()
        .ok()?
        .iter()
        .map(T::from_script)
        .collect()
}

/// The ends of a range of whole numbers, `a..b` or `a..=b`.
pub(crate) fn integer_range(value: &Dynamic) -> Option<(i64, i64)> {
    if let Some(range) = value.clone().try_cast::<Range<INT>>() {
        return Some((range.start, range.end));
    }
    value
        .clone()
        .try_cast::<RangeInclusive<INT>>()
        .map(|range| (*range.start(), *range.end()))
}

/// A range without an end as it is written.
pub(super) fn open_range(value: &Dynamic) -> Option<String> {
    // `5..` goes on to the largest number there is.
    let (low, high) = integer_range(value)?;
    (high == INT::MAX).then(|| format!("{low}.."))
}

/// What a value is, for a message: `the number 3`, `the string "abc"`, `an array of 4`.
pub fn describe(value: &Dynamic) -> String {
    if let Some(range) = open_range(value) {
        return format!("the range {range}");
    }
    if let Some((low, high)) = integer_range(value) {
        return format!("the range {low}..{high}");
    }
    match value.type_name() {
        "()" => "nothing".into(),
        "i64" | "f64" => format!("the number {value}"),
        "bool" => value.to_string(),
        "string" => {
            let text: String = value.to_string().chars().take(40).collect();
            format!("the string {text:?}")
        }
        "array" => format!(
            "an array of {}",
            value.clone().into_array().map_or(0, |array| array.len())
        ),
        "map" => "a map".into(),
        "Fn" => "a function".into(),
        _ => with_article(&type_name(value)),
    }
}

/// The name of a value's type in the language.
pub fn type_name(value: &Dynamic) -> String {
    match value.type_name() {
        "()" => "nothing".into(),
        "i64" => "whole number".into(),
        "f64" => "number".into(),
        "bool" => "flag".into(),
        "Fn" => "function".into(),
        name if name.contains("Range") => "range".into(),
        name => Shown::name_of(value).map_or_else(|| name.to_owned(), str::to_owned),
    }
}

/// Text of a value as a script would write it, for defaults in help.
pub(crate) fn as_source(value: &Dynamic) -> String {
    if let Ok(text) = value.clone().into_immutable_string() {
        return format!("{:?}", ImmutableString::as_str(&text));
    }
    if let Ok(number) = value.as_float() {
        return FLOAT::to_string(&number);
    }
    if value.is_unit() {
        "()".into()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_numbers_and_strings_are_not() {
        assert_eq!(f64::from_script(&3_i64.into()), Some(3.0));
        assert_eq!(i64::from_script(&3.0.into()), Some(3));
        assert_eq!(i64::from_script(&3.5.into()), None);
        assert_eq!(u32::from_script(&(-1_i64).into()), None);
        assert_eq!(f64::from_script(&"3".into()), None);
        assert_eq!(Option::<f64>::from_script(&Dynamic::UNIT), Some(None));
        assert_eq!(
            Vec::<f64>::from_script(&Dynamic::from_array(vec![1_i64.into(), 0.5.into()])),
            Some(vec![1.0, 0.5])
        );
    }

    #[test]
    fn values_are_described_in_words() {
        let cases: [(Dynamic, &str); 6] = [
            (3_i64.into(), "the number 3"),
            (0.5.into(), "the number 0.5"),
            ("abc".into(), "the string \"abc\""),
            (Dynamic::UNIT, "nothing"),
            (Dynamic::from(1_i64..5), "the range 1..5"),
            (Dynamic::from_array(vec![]), "an array of 0"),
        ];
        for (value, want) in cases {
            assert_eq!(describe(&value), want);
        }
    }
}
