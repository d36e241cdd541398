//! Figures of arrays, and arrays made from others. They change nothing: what they give is new.

use crate::script::{Call, Function, ScriptError, Shown, Topic, describe};
use rhai::{Array, Dynamic, FnPtr};
use std::cmp::Ordering;
use std::collections::BTreeSet;

pub(super) fn functions() -> Vec<Function> {
    let mut all = vec![
        sum(),
        mean(),
        median(),
        deviation(),
        sorted(),
        unique(),
        zip(),
        enumerate(),
    ];
    all.extend([
        extreme("min", Ordering::Less),
        extreme("max", Ordering::Greater),
    ]);
    all.extend([
        place("argmin", Ordering::Less),
        place("argmax", Ordering::Greater),
    ]);
    all.extend([every("any", true), every("all", false)]);
    all
}

fn figure<R: Into<Dynamic>>(
    name: &'static str,
    body: impl Fn(&Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
) -> Function {
    Function::new(name, Topic::Arrays, body)
}

/// The numbers of an array, of which there must be some.
fn numbers(call: &Call<'_>, least: usize) -> Result<Vec<f64>, ScriptError> {
    let numbers = call.get::<Vec<f64>>("x")?;
    if numbers.len() < least {
        let wanted = if least == 1 {
            "at least one number".to_owned()
        } else {
            format!("at least {least} numbers")
        };
        return Err(ScriptError::new(format!(
            "this takes {wanted}, not {}",
            numbers.len()
        )));
    }
    Ok(numbers)
}

fn sum() -> Function {
    figure("sum", |call| {
        let array = call.get::<Array>("x")?;
        if let Some(whole) = array
            .iter()
            .map(|x| x.as_int().ok())
            .collect::<Option<Vec<i64>>>()
        {
            let sum = whole.iter().try_fold(0_i64, |sum, x| sum.checked_add(*x));
            return Ok(sum.map_or_else(
                || whole.iter().map(|x| *x as f64).sum::<f64>().into(),
                Dynamic::from,
            ));
        }
        Ok(numbers(call, 0)?.iter().sum::<f64>().into())
    })
    .about("Adds the numbers of an array.")
    .param::<Vec<f64>>("x", "the numbers")
    .returns("number")
    .example("assert(sum([1, 2, 3]) == 6)")
}

fn mean() -> Function {
    figure("mean", |call| {
        let numbers = numbers(call, 1)?;
        Ok(numbers.iter().sum::<f64>() / numbers.len() as f64)
    })
    .about("Gives the mean of the numbers of an array.")
    .param::<Vec<f64>>("x", "the numbers")
    .returns("number")
    .example("assert(mean([1, 2, 6]) == 3)")
}

fn median() -> Function {
    figure("median", |call| {
        let mut numbers = numbers(call, 1)?;
        numbers.sort_by(f64::total_cmp);
        let half = numbers.len() / 2;
        Ok(if numbers.len() % 2 == 1 {
            numbers[half]
        } else {
            (numbers[half - 1] + numbers[half]) / 2.0
        })
    })
    .about("Gives the median of the numbers of an array.")
    .param::<Vec<f64>>("x", "the numbers")
    .returns("number")
    .example("assert(median([5, 1, 2, 9]) == 3.5)")
}

fn deviation() -> Function {
    figure("std", |call| {
        let ddof = call.get::<usize>("ddof")?;
        let numbers = numbers(call, ddof + 1)?;
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
        Ok((squares / (numbers.len() - ddof) as f64).sqrt())
    })
    .about("Gives the standard deviation of the numbers of an array.")
    .param::<Vec<f64>>("x", "the numbers")
    .option::<usize>(
        "ddof",
        0,
        "what is taken from their count before dividing: 1 for a sample of something larger",
    )
    .returns("number")
    .example("assert(std([1, 3]) == 1); assert_near(std([1, 3], #{ ddof: 1 }), sqrt(2))")
}

/// How two numbers, texts or characters compare; an error for what has no order.
fn compare(a: &Dynamic, b: &Dynamic) -> Result<Ordering, ScriptError> {
    let number = |x: &Dynamic| {
        x.as_float()
            .ok()
            .or_else(|| x.as_int().ok().map(|n| n as f64))
    };
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return Ok(a.total_cmp(&b));
    }
    let text = |x: &Dynamic| (x.is_string() || x.is_char()).then(|| x.to_string());
    match (text(a), text(b)) {
        (Some(a), Some(b)) => Ok(a.cmp(&b)),
        _ => Err(ScriptError::new(format!("{} and {} have no order", describe(a), describe(b)))
            .hint("elements are numbers, or texts; `x.sort(|a, b| a.size - b.size)` sorts by something else")),
    }
}

/// The place of the first element that no other one comes before in an order.
fn best(array: &[Dynamic], wanted: Ordering) -> Result<usize, ScriptError> {
    let mut best = 0;
    for i in 1..array.len() {
        if compare(&array[i], &array[best])? == wanted {
            best = i;
        }
    }
    Ok(best)
}

fn some_of(call: &Call<'_>) -> Result<Array, ScriptError> {
    let array = call.get::<Array>("x")?;
    if array.is_empty() {
        Err(ScriptError::new("an empty array has no such element"))
    } else {
        Ok(array)
    }
}

fn extreme(name: &'static str, wanted: Ordering) -> Function {
    let (word, result) = if wanted == Ordering::Less {
        ("smallest", "1")
    } else {
        ("largest", "2.5")
    };
    figure(name, move |call| {
        let (x, other) = (call.raw("x"), call.raw("y"));
        if other.is_unit() {
            let array = some_of(call)?;
            let place = best(&array, wanted)?;
            return Ok(array[place].clone());
        }
        Ok(if compare(&other, &x)? == wanted {
            other
        } else {
            x
        })
    })
    .about(format!(
        "Gives the {word} of two numbers, or of all elements of an array."
    ))
    .param::<Dynamic>("x", "an array, or a number")
    .param_or::<Dynamic>("y", (), "the other number")
    .returns("number")
    .example(format!(
        "assert({name}(1, 2.5) == {result}); assert({name}([2, 1, 2.5]) == {result})"
    ))
}

fn place(name: &'static str, wanted: Ordering) -> Function {
    let (word, result) = if wanted == Ordering::Less {
        ("smallest", 1)
    } else {
        ("largest", 0)
    };
    figure(name, move |call| Ok(best(&some_of(call)?, wanted)? as i64))
        .about(format!("Gives the index of the {word} element of an array, of the first one if there are several."))
        .param::<Array>("x", "the array")
        .returns("number")
        .example(format!("assert({name}([7, 2, 5]) == {result})"))
}

fn sorted() -> Function {
    figure("sorted", |call| {
        let mut array = call.get::<Array>("x")?;
        // What compares with the first element is of its kind, so that all have one order.
        for x in &array {
            compare(&array[0], x)?;
        }
        array.sort_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal));
        if call.get::<bool>("descending")? {
            array.reverse();
        }
        Ok(array)
    })
    .about("Gives the elements of an array in order: numbers by value, texts by their letters.")
    .note("`x.sort()` sorts the array itself")
    .param::<Array>("x", "the array")
    .option::<bool>("descending", false, "whether the largest comes first")
    .returns("array")
    .example("assert(sorted([3, 1.5, 2]) == [1.5, 2, 3])")
}

fn unique() -> Function {
    figure("unique", |call| {
        let mut seen = BTreeSet::new();
        let array = call.get::<Array>("x")?;
        let key = |x: &Dynamic| {
            // 1 and 1.0 are equal.
            let number = x
                .as_float()
                .ok()
                .or_else(|| x.as_int().ok().map(|n| n as f64));
            (
                number.map_or(x.type_name(), |_| "number"),
                number.map_or_else(|| Shown::text_of(x), |n| n.to_string()),
            )
        };
        Ok(array
            .into_iter()
            .filter(|x| seen.insert(key(x)))
            .collect::<Array>())
    })
    .about("Gives the elements of an array each once, in the order in which they first appear.")
    .param::<Array>("x", "the array")
    .returns("array")
    .example("assert(unique([\"b\", \"a\", \"b\"]) == [\"b\", \"a\"])")
}

fn zip() -> Function {
    figure("zip", |call| {
        let (a, b) = (call.get::<Array>("a")?, call.get::<Array>("b")?);
        Ok(a.into_iter()
            .zip(b)
            .map(|(a, b)| Dynamic::from_array(vec![a, b]))
            .collect::<Array>())
    })
    .about("Joins two arrays into one of pairs, as long as the shorter of them.")
    .param::<Array>("a", "an array")
    .param::<Array>("b", "another one")
    .returns("array")
    .example("for pair in zip([1, 2], [\"a\", \"b\"]) { print(`${pair[0]} ${pair[1]}`) }")
}

fn enumerate() -> Function {
    figure("enumerate", |call| {
        let start = call.get::<i64>("start")?;
        let pairs = (start..).zip(call.get::<Array>("x")?);
        Ok(pairs
            .map(|(i, x)| Dynamic::from_array(vec![i.into(), x]))
            .collect::<Array>())
    })
    .about("Gives pairs of a count and an element of an array.")
    .note("a loop counts by itself: `for (x, i) in xs { ... }`")
    .param::<Array>("x", "the array")
    .param_or::<i64>("start", 0, "where counting begins")
    .returns("array")
    .example("assert(enumerate([\"a\", \"b\"]) == [[0, \"a\"], [1, \"b\"]])")
}

fn every(name: &'static str, any: bool) -> Function {
    let word = if any { "one" } else { "every" };
    figure(name, move |call| {
        let condition = call.get::<Option<FnPtr>>("condition")?;
        for x in call.get::<Array>("x")? {
            let value = match &condition {
                Some(condition) => call.run(condition, (x,))?,
                None => x,
            };
            let holds = value.as_bool().map_err(|_| {
                ScriptError::new(format!(
                    "every element must be true or false, not {}",
                    describe(&value)
                ))
                .caused_by(&value)
                .hint(format!(
                    "a condition says what is asked: `{name}(x, |v| v > 0)`"
                ))
            })?;
            if holds == any {
                return Ok(any);
            }
        }
        Ok(!any)
    })
    .in_session()
    .about(format!(
        "Whether {word} element of an array is true, or fulfils a condition."
    ))
    .param::<Array>("x", "the array")
    .param_or::<Option<FnPtr>>("condition", (), "what is asked of an element")
    .returns("flag")
    .example(format!(
        "assert({name}([1, 2], |v| v > {}))",
        if any { 1 } else { 0 }
    ))
}
