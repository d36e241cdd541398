//! Numbers as lines.

use crate::script::{Call, FromScript, Function, ScriptError, Topic};
use auricle_figure::{Content, Curve, Figure, Lines};
use rhai::Dynamic;

pub(super) fn plot() -> Function {
    Function::new("plot", Topic::Judging, |call| {
        // Places of an array count from 0.
        let curve = |(name, y): (String, Vec<f64>)| Curve { name, x: (0..y.len()).map(|at| at as f64).collect(), y };
        let lines = Lines {
            x_title: call.get("x_title")?,
            y_title: call.get("y_title")?,
            curves: curves(call)?.into_iter().map(curve).collect(),
        };
        Ok(Dynamic::from(Figure { title: call.get("title")?, content: Content::Lines(lines) }))
    })
    .about("Draws numbers as a line, or several lines; sounds, features, recipes and runs have a `plot` of their own.")
    .param::<Dynamic>("x", "an array of numbers, an array of such arrays, or a map of names and arrays")
    .option::<String>("title", "", "what stands above")
    .option::<String>("x_title", "index", "what the places of the numbers are")
    .option::<String>("y_title", "", "what the numbers are, with their unit")
    .returns("figure")
    .example("plot([1, 2, 3]); plot(#{ a: [1, 2], b: [2, 1] }, #{ title: \"two lines\" })")
}

/// The lines and their names.
fn curves(call: &Call<'_>) -> Result<Vec<(String, Vec<f64>)>, ScriptError> {
    let x = call.raw("x");
    let wrong = || {
        call.wrong(
            "x",
            "an array of numbers, an array of such arrays, or a map of names and arrays",
        )
    };
    if let Some(values) = Vec::<f64>::from_script(&x) {
        return Ok(vec![(String::new(), values)]);
    }
    let line = |value: &Dynamic| Vec::<f64>::from_script(value).ok_or_else(wrong);
    if let Ok(map) = x.as_map_ref() {
        return map
            .iter()
            .map(|(name, value)| Ok((name.to_string(), line(value)?)))
            .collect();
    }
    let array = x.as_array_ref().map_err(|_| wrong())?;
    array
        .iter()
        .enumerate()
        .map(|(i, value)| Ok((i.to_string(), line(value)?)))
        .collect()
}
