//! Predictions and labels as a script has them: arrays, tensors, or what a head made.

use super::embeddings::Embeddings;
use crate::script::{Call, ScriptError, describe};
use auricle_learn::eval::{Guess, Matrix, Predictions, Reads, Report, Truth};
use auricle_learn::tensor::NdTensor;
use rhai::{Array, Dynamic};
use std::sync::Arc;

/// Numbers in one row or several, or words.
enum Given {
    Words(Vec<String>),
    Row(Vec<f64>),
    Rows(Matrix),
}

const WANTED: &str = "an array or a tensor of numbers, or an array of class names";

/// The numbers or words of an argument.
fn read(name: &str, value: &Dynamic) -> Result<Given, ScriptError> {
    let wrong = |what: &str| ScriptError::new(format!("`{name}` must be {WANTED}, not {what}"));
    if let Some(tensor) = value.clone().try_cast::<NdTensor>() {
        return match tensor.shape().as_slice() {
            [_] => Ok(Given::Row(tensor.to_f64())),
            [_, columns] => Ok(Given::Rows(Matrix {
                columns: *columns,
                values: tensor.to_f64(),
            })),
            shape => Err(wrong(&format!("a tensor of shape {shape:?}"))),
        };
    }
    if let Some(matrix) = value.clone().try_cast::<Arc<Embeddings>>() {
        return Ok(Given::Rows((**matrix).clone()));
    }
    let array = value
        .clone()
        .try_cast::<Array>()
        .ok_or_else(|| wrong(&describe(value)))?;
    if array.iter().any(Dynamic::is_string) {
        return Ok(Given::Words(words(&array)));
    }
    if array.first().is_some_and(Dynamic::is_array) {
        let mut rows = Vec::with_capacity(array.len());
        for (index, row) in array.into_iter().enumerate() {
            let row = row.try_cast::<Array>().unwrap_or_default();
            let row = row.iter().map(number).collect::<Option<Vec<f64>>>();
            rows.push(row.ok_or_else(|| {
                wrong(&format!("one whose row {index} has something else in it"))
            })?);
        }
        if rows.iter().any(|row| row.len() != rows[0].len()) {
            return Err(wrong("one of rows of different lengths"));
        }
        return Ok(Given::Rows(Matrix::of_rows(rows)));
    }
    let numbers = array.iter().map(number).collect::<Option<Vec<f64>>>();
    Ok(Given::Row(
        numbers.ok_or_else(|| wrong("one with something else in it"))?,
    ))
}

/// A number, or a flag as 0 or 1.
fn number(value: &Dynamic) -> Option<f64> {
    let whole = || value.as_int().ok().map(|n| n as f64);
    let flag = || value.as_bool().ok().map(|flag| f64::from(u8::from(flag)));
    value.as_float().ok().or_else(whole).or_else(flag)
}

fn words(array: &[Dynamic]) -> Vec<String> {
    array.iter().map(|item| item.to_string()).collect()
}

/// A matrix of numbers: a tensor `[rows, columns]`, an array of rows, or embeddings.
pub(super) fn matrix(call: &Call<'_>, name: &str) -> Result<Matrix, ScriptError> {
    match read(name, &call.raw(name))? {
        Given::Rows(matrix) => Ok(matrix),
        _ => Err(call.wrong(
            name,
            "a tensor [rows, columns], an array of rows of numbers, or embeddings",
        )),
    }
}

/// Classes as indices, and what they are called.
struct Classes {
    labels: Vec<Vec<usize>>,
    names: Vec<String>,
}

/// Puts columns of classes, numbers or words, into one list of classes: that of the option `classes`, else that of all
/// that there are, of at least `least`.
fn classes(
    call: &Call<'_>,
    columns: Vec<(&str, Given)>,
    least: usize,
) -> Result<Classes, ScriptError> {
    let named = call.get::<Option<Vec<String>>>("classes")?;
    let is_words = columns
        .iter()
        .any(|(_, given)| matches!(given, Given::Words(_)));
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for (name, given) in columns {
        match given {
            Given::Words(words) => texts.push((name, words)),
            Given::Row(values) if is_words => {
                texts.push((name, values.iter().map(f64::to_string).collect()))
            }
            Given::Row(values) => {
                let whole =
                    |x: &f64| (x.fract() == 0.0 && (0.0..1e6).contains(x)).then_some(*x as usize);
                let labels = values.iter().map(whole).collect::<Option<Vec<usize>>>();
                numbers.push(labels.ok_or_else(|| {
                    ScriptError::new(format!("`{name}` must be classes, whole numbers from 0 or words, but has others"))
                        .hint("scores of classes stand in rows, `[[0.2, 0.8], ...]`, and come first: `f(scores, labels)`")
                })?);
            }
            Given::Rows(_) => {
                return Err(ScriptError::new(format!(
                    "`{name}` must be one class a clip, not rows of numbers"
                )));
            }
        }
    }
    if !is_words {
        let most = numbers.iter().flatten().max().map_or(0, |&most| most + 1);
        let names = named.unwrap_or_else(|| {
            (0..most.max(least))
                .map(|class| class.to_string())
                .collect()
        });
        return Ok(Classes {
            labels: numbers,
            names,
        });
    }
    let names = named.unwrap_or_else(|| {
        let mut all: Vec<String> = texts.iter().flat_map(|(_, words)| words).cloned().collect();
        all.sort();
        all.dedup();
        all
    });
    let mut labels = Vec::new();
    for (name, words) in texts {
        let place = |word: &String| {
            let unknown = || {
                ScriptError::new(format!(
                    "`{name}` has a class \"{word}\", and `classes` has not"
                ))
            };
            names
                .iter()
                .position(|known| known == word)
                .ok_or_else(unknown)
        };
        labels.push(words.iter().map(place).collect::<Result<Vec<usize>, _>>()?);
    }
    Ok(Classes { labels, names })
}

/// The predictions of a call that takes `predicted` and `labels`, and what else it says of the clips.
pub(super) fn predictions(call: &Call<'_>, reads: Reads) -> Result<Predictions, ScriptError> {
    let first = call.raw("predicted");
    if call.raw("labels").is_fnptr() {
        // `map` is a figure of merit, too, and takes what is no array.
        let message = format!(
            "a function is mapped over an array, not over {}",
            describe(&first)
        );
        return Err(ScriptError::new(message).hint(
            "`for i in 0..10 { all.push(f(i)); }` fills an array, `m.values()` makes one of a map",
        ));
    }
    let made = match first.clone().try_cast::<Arc<Predictions>>() {
        Some(made) => Some(made),
        None => match first.clone().try_cast::<Report>() {
            Some(report) => Some(of_report(&report)?),
            None => None,
        },
    };
    if let Some(made) = made {
        if !call.raw("labels").is_unit() {
            return Err(ScriptError::new(
                "predictions of a head know their labels: nothing can stand behind them",
            ));
        }
        return Ok((*made).clone());
    }
    if call.raw("labels").is_unit() {
        return Err(ScriptError::new(
            "labels are missing: `f(predicted, labels)`, or `f(predictions)` of what a head made",
        ));
    }
    let (guess, truth) = (
        read("predicted", &first)?,
        read("labels", &call.raw("labels"))?,
    );
    let made = match reads {
        Reads::Numbers => numbers(guess, truth)?,
        Reads::Classes => of_classes(call, guess, truth)?,
        Reads::Scores => of_scores(call, guess, truth)?,
    };
    Ok(made)
}

/// The predictions of a report's main subject under its first head.
pub(super) fn of_report(report: &Report) -> Result<Arc<Predictions>, ScriptError> {
    report.predictions.first().cloned().ok_or_else(|| {
        ScriptError::new(
            "this report has no predictions: it was read from a file, or its head makes none",
        )
    })
}

fn numbers(guess: Given, truth: Given) -> Result<Predictions, ScriptError> {
    match (guess, truth) {
        (Given::Row(guess), Given::Row(truth)) => Ok(Predictions::new(
            Guess::Numbers(guess),
            Truth::Numbers(truth),
            Vec::new(),
        )?),
        _ => Err(ScriptError::new(
            "`predicted` and `labels` must be a number a clip each",
        )),
    }
}

fn of_classes(call: &Call<'_>, guess: Given, truth: Given) -> Result<Predictions, ScriptError> {
    if let Given::Rows(scores) = guess {
        return of_scores(call, Given::Rows(scores), truth);
    }
    let mut found = classes(call, vec![("predicted", guess), ("labels", truth)], 0)?;
    let truth = found.labels.pop().unwrap_or_default();
    let guess = found.labels.pop().unwrap_or_default();
    Ok(Predictions::new(
        Guess::Classes(guess),
        Truth::Classes(truth),
        found.names,
    )?)
}

fn of_scores(call: &Call<'_>, guess: Given, truth: Given) -> Result<Predictions, ScriptError> {
    let scores = match guess {
        Given::Rows(scores) => scores,
        Given::Row(values) => Matrix { columns: 1, values },
        Given::Words(_) => {
            let message = "`predicted` must be scores: a number a clip for two classes, or a row of one for each class";
            return Err(ScriptError::new(message));
        }
    };
    if let Given::Rows(rows) = truth {
        if rows.values.iter().any(|x| *x != 0.0 && *x != 1.0) {
            return Err(ScriptError::new(
                "`labels` must be rows of 0 and 1, whether a clip is of each class",
            )
            .hint("scores come first: `f(scores, labels)`"));
        }
        let several = (0..rows.rows())
            .map(|row| rows.row(row).iter().map(|x| *x == 1.0).collect())
            .collect();
        let named = call.get::<Option<Vec<String>>>("classes")?;
        let names =
            named.unwrap_or_else(|| (0..rows.columns).map(|class| class.to_string()).collect());
        return Ok(Predictions::new(
            Guess::Scores(scores),
            Truth::Several(several),
            names,
        )?);
    }
    let mut found = classes(call, vec![("labels", truth)], scores.columns.max(2))?;
    let truth = found.labels.pop().unwrap_or_default();
    if scores.columns == 1 && found.names.len() != 2 {
        let n = found.names.len();
        let message = format!(
            "one score a clip is one of two classes, and `labels` has {n}: give a row of scores a clip"
        );
        return Err(ScriptError::new(message).hint("scores come first: `f(scores, labels)`"));
    }
    let guess = match call.raw("logits").as_bool() {
        // As they are.
        Ok(false) => Guess::Scores(scores),
        _ => Guess::of_one_class(scores),
    };
    Ok(Predictions::new(guess, Truth::Classes(truth), found.names)?)
}

/// A column that an option names, or gives as an array: its name, and the predictions with it.
pub(super) fn column(
    call: &Call<'_>,
    option: &str,
    predictions: Predictions,
) -> Result<(Option<String>, Predictions), ScriptError> {
    let given = call.raw(option);
    if given.is_unit() {
        return Ok((None, predictions));
    }
    if let Ok(name) = given.clone().into_string() {
        return Ok((Some(name), predictions));
    }
    let wanted = "the name of a column of the predictions, or an array with a value for each clip";
    let array = given
        .try_cast::<Array>()
        .ok_or_else(|| call.wrong(option, wanted))?;
    let cells = words(&array).into_iter().map(Some).collect();
    Ok((
        Some(option.to_owned()),
        predictions.with_column(option, cells)?,
    ))
}

/// Class labels of an argument with their names.
pub(super) fn labels(
    call: &Call<'_>,
    name: &str,
) -> Result<(Vec<usize>, Vec<String>), ScriptError> {
    let given = read(name, &call.raw(name))?;
    let mut found = classes(call, vec![(name, given)], 0)?;
    Ok((found.labels.pop().unwrap_or_default(), found.names))
}
