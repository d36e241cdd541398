//! Studies: points of a grid and what came out at them.

use crate::script::{
    Function, Picture, ScriptError, ScriptValue, Shown, Topic, aligned, escape, table,
};
use auricle_learn::eval::study::{Axis, Results, Row, Study, grid};
use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A study under way, with its points as the script wrote them.
#[derive(Clone)]
struct Running {
    study: Arc<Mutex<Study>>,
    points: Arc<Vec<Map>>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, Study> {
        self.study.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn point(&self, index: i64) -> Result<(usize, Map), ScriptError> {
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| Some((index, self.points.get(index)?)));
        found
            .map(|(index, point)| (index, point.clone()))
            .ok_or_else(|| {
                let n = self.points.len();
                ScriptError::new(format!("`index` must be within 0..{n}, not {index}"))
            })
    }
}

impl ScriptValue for Running {
    const NAME: &'static str = "study";

    fn text(&self) -> String {
        let study = self.lock();
        let (done, all) = (study.n_done(), study.n_points());
        format!("{done} of {all} points")
    }
}

impl ScriptValue for Results {
    const NAME: &'static str = "results";

    /// The table: columns at their widest.
    fn text(&self) -> String {
        aligned(&self.cells())
    }

    fn json(&self) -> Option<Value> {
        serde_json::to_value(&self.rows).ok()
    }

    fn parts(&self) -> Vec<(&'static str, Value)> {
        let mut lines = self.cells().into_iter();
        let head = lines.next().unwrap_or_default();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        vec![("text/html", table(&head, lines).into())]
    }

    fn picture(&self) -> Option<Picture> {
        None
    }

    fn html(&self) -> Option<String> {
        Some(format!("<pre>{}</pre>", escape(&self.text())))
    }

    fn same(&self, other: &Results) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn register(engine: &mut rhai::Engine) {
    crate::script::register_type::<Running>(engine);
    crate::script::register_type::<Results>(engine);
}

/// Three points, one of which failed.
const RESULTS: &str = "let r = sweep(#{ width: [1, 2], seed: [0, 1] }, \
    |p| #{ accuracy: 0.5 + 0.1 * p.width + 0.01 * p.seed }, #{ quiet: true }); ";

pub(super) fn functions() -> Vec<Function> {
    let mut all = running();
    all.extend(vec![
        Function::new("load_results", Topic::Judging, |call| {
            let folder = call.get::<String>("folder")?;
            Ok(Dynamic::from(Study::load(Path::new(&folder))?))
        })
        .about("Reads what a sweep has written into a folder so far, all points that it holds.")
        .param::<String>("folder", "the folder that the sweep was given as `out`")
        .reads_data()
        .returns("results")
        .example(
            "let dir = temporary_folder(); sweep(#{ a: [1, 2] }, |p| p.a, #{ out: dir, quiet: true }); \
             assert(load_results(dir).len() == 2)",
        ),
        Function::new("len", Topic::Judging, |call| {
            Ok(call.receiver::<Results>()?.rows.len() as i64)
        })
        .on::<Results>()
        .about("Gives the number of rows.")
        .returns("number")
        .example(RESULTS.to_owned() + "assert(r.len() == 4)"),
        Function::property::<Results, Array>("rows", Topic::Judging, |results| {
            Ok(results.rows.iter().map(|row| Dynamic::from_map(as_map(row))).collect())
        })
        .about("The rows as maps: the axes, the figures, `error` where it failed, and `seconds`.")
        .example(RESULTS.to_owned() + "assert(r.rows[3].width == 2 && r.rows[3].seed == 1)"),
        Function::new("table", Topic::Judging, |call| {
            Ok(call.receiver::<Results>()?.text())
        })
        .on::<Results>()
        .about("Gives the results as a table of text, as `print` shows them.")
        .returns("text")
        .example(RESULTS.to_owned() + "assert(r.table().contains(\"accuracy\"))"),
        Function::new("filter", Topic::Judging, |call| {
            let results = call.receiver::<Results>()?;
            let keep: FnPtr = call.get("keep")?;
            let mut rows = Vec::new();
            for row in results.rows {
                let kept = call.run(&keep, (as_map(&row),))?;
                let kept = kept.as_bool().map_err(|_| {
                    ScriptError::new("the function of `filter` must give `true` or `false`")
                        .hint("write `|row| row.seed == 0`")
                })?;
                rows.extend(kept.then_some(row));
            }
            Ok(Dynamic::from(Results { rows }))
        })
        .on::<Results>()
        .about("Keeps the rows for which a function gives `true`.")
        .param::<FnPtr>("keep", "a function of a row, a map with the axes and the figures")
        .in_session()
        .returns("results")
        .example(RESULTS.to_owned() + "assert(r.filter(|row| row.seed == 0).len() == 2)"),
        Function::new("with", Topic::Judging, |call| {
            let mut results = call.receiver::<Results>()?;
            let (name, value) = (call.get::<String>("name")?, call.get::<FnPtr>("value")?);
            for row in &mut results.rows {
                let found = call.run(&value, (as_map(row),))?;
                if found.is_unit() {
                    continue;
                }
                let found = figures(&Dynamic::from_map([(name.as_str().into(), found)].into()))?;
                row.figures.extend(found);
            }
            Ok(Dynamic::from(results))
        })
        .on::<Results>()
        .about("Adds a figure to every row, such as what others have published; rows for which the function gives `()` stay without.")
        .param::<String>("name", "name of the new figure")
        .param::<FnPtr>("value", "a function of a row, a map with the axes and the figures")
        .in_session()
        .returns("results")
        .example(RESULTS.to_owned() + "assert(r.with(\"error_rate\", |row| 1 - row.accuracy).rows[0].error_rate == 0.4)"),
        Function::new("synergy", Topic::Judging, |call| {
            let results = call.value::<Results>("results")?;
            let (a, b) = (call.get::<String>("a")?, call.get::<String>("b")?);
            let together = call.get::<Option<String>>("together")?;
            let together = together.unwrap_or_else(|| format!("{a} + {b}"));
            let figure = call.get::<Option<String>>("figure")?;
            let [_, figures] = results.columns();
            let figure = figure.or_else(|| figures.into_iter().next()).unwrap_or_default();
            Ok(Dynamic::from(results.synergy([&a, &b], &together, &figure)?))
        })
        .about("What two things reach together beyond the better one alone, `both - max(a, b)`, with Student's 95 % interval of the paired differences over seeds, folds and other axes.")
        .note("either one axis holds \"a\", \"b\" and \"a + b\", or two axes hold both names, as the pairs of views do: there a thing beside itself is the thing alone")
        .note("the better one is that with the higher mean")
        .param::<Dynamic>("results", "results of a study")
        .param::<String>("a", "the one, a value of an axis")
        .param::<String>("b", "the other")
        .option::<Option<String>>("together", Dynamic::UNIT, "the value that stands for both; \"a + b\" with their names if not given")
        .option::<Option<String>>("figure", Dynamic::UNIT, "name of the figure; the first one if not given")
        .returns("interval")
        .example("let r = sweep(#{ view: [\"a\", \"b\", \"a + b\"], seed: [0, 1] }, |p| p.view.len() + p.seed, #{ quiet: true }); assert(synergy(r, \"a\", \"b\").mean == 4)"),
        Function::new("over", Topic::Judging, |call| {
            let axis = call.get::<String>("axis")?;
            Ok(Dynamic::from(call.receiver::<Results>()?.over(&axis)?))
        })
        .on::<Results>()
        .about("Averages every figure over an axis, with Student's 95 % interval; one row is left for every point of the others.")
        .note("rows that failed are left out; `n` of a figure says how many there were")
        .param::<String>("axis", "name of the axis, such as \"seed\"")
        .returns("results")
        .example(RESULTS.to_owned() + "assert_near(r.over(\"seed\").rows[0].accuracy.mean, 0.605, 1e-9)"),
        Function::new("matrix", Topic::Judging, |call| {
            let results = call.receiver::<Results>()?;
            let [rows, columns, figure] = ["rows", "columns", "figure"].map(|name| call.get::<String>(name));
            Ok(Dynamic::from(results.matrix(&rows?, &columns?, &figure?)?))
        })
        .on::<Results>()
        .about("Draws a figure over two axes as a matrix, with the means of rows and columns; over other axes it is averaged.")
        .note("source: figure 4 of CLAR (Al-Tahan & Mohsenzadeh, 2021)")
        .param::<String>("rows", "the axis downwards")
        .param::<String>("columns", "the axis to the right")
        .param::<String>("figure", "name of the figure")
        .returns("figure")
        .example(RESULTS.to_owned() + "print(r.matrix(\"width\", \"seed\", \"accuracy\"))"),
        Function::new("plot", Topic::Judging, |call| {
            let results = call.receiver::<Results>()?;
            let x = call.get::<Option<String>>("x")?;
            let y = call.get::<Option<String>>("y")?;
            let color = call.get::<Option<String>>("color")?;
            let [axes, figures] = results.columns();
            let or_first = |given: Option<String>, names: Vec<String>| {
                given.or_else(|| names.into_iter().next()).unwrap_or_default()
            };
            let (x, y) = (or_first(x, axes), or_first(y, figures));
            Ok(Dynamic::from(results.plot(&x, &y, color.as_deref())?))
        })
        .on::<Results>()
        .about("Draws a figure over an axis: curves over numbers, bars over names; over other axes it is averaged.")
        .option::<Option<String>>("x", Dynamic::UNIT, "the axis to the right; the first one if it is not given")
        .option::<Option<String>>("y", Dynamic::UNIT, "the figure upwards; the first one if it is not given")
        .option::<Option<String>>("color", Dynamic::UNIT, "an axis that has a curve or a colour for each of its values")
        .returns("figure")
        .example(RESULTS.to_owned() + "print(r.plot(#{ x: \"width\", y: \"accuracy\", color: \"seed\" }))"),
        Function::new("save", Topic::Judging, |call| {
            let path = call.get::<String>("path")?;
            Ok(call.receiver::<Results>()?.save(Path::new(&path))?)
        })
        .on::<Results>()
        .about("Saves the results, whole or not at all: as CSV, where an interval takes three columns, or a line of JSON for every row.")
        .param::<String>("path", "where to; ends in `.csv` or `.jsonl`")
        .reads_data()
        .example(RESULTS.to_owned() + "r.save(temporary_folder() + \"/results.csv\")"),
    ]);
    all
}

/// What a sweep is made of.
fn running() -> Vec<Function> {
    const OPEN: &str = "let s = open_study(#{ a: [1, 2] }, #{}); ";
    vec![
        Function::new("open_study", Topic::Judging, |call| {
            let axes = call.get::<Map>("axes")?;
            let folder = call.get::<Option<String>>("out")?;
            let retry = call.get::<bool>("retry")?;
            let mut written: Vec<(String, Array)> = Vec::new();
            for (name, values) in axes {
                let values = values.into_array().map_err(|given| {
                    let message = format!("`axes.{name}` must be an array of values, not {given}");
                    ScriptError::new(message).hint(format!("write `#{{ {name}: [1, 2, 3] }}`"))
                })?;
                written.push((name.to_string(), values));
            }
            let axes: Vec<Axis> = written
                .iter()
                .map(|(name, values)| (name.clone(), values.iter().map(as_json).collect()))
                .collect();
            let map = |point: BTreeMap<String, Dynamic>| -> Map {
                let named = point.into_iter();
                named.map(|(name, value)| (name.into(), value)).collect()
            };
            let study = Study::new(&axes, folder.as_deref().map(Path::new), retry)?;
            Ok(Dynamic::from(Running {
                study: Arc::new(Mutex::new(study)),
                points: Arc::new(grid(&written).into_iter().map(map).collect()),
            }))
        })
        .about("Opens a study for a loop of one's own; `sweep` does all that in one call.")
        .note("options follow the axes, if only as `#{}`")
        .param::<Map>("axes", "names and arrays of values; all that differs between points stands in the axes")
        .option::<Option<String>>("out", Dynamic::UNIT, "a folder for what comes out; what it holds already is not done again")
        .option::<bool>("retry", false, "whether points that failed are tried again")
        .reads_data()
        .returns("study")
        .example(
            OPEN.to_owned()
                + "for i in 0..s.n_points { if s.begin(i) { s.finish(i, s.point(i).a * 2, 0.1) } } \
                   assert(s.results().rows[1].value == 4)",
        ),
        Function::property::<Running, i64>("n_points", Topic::Judging, |study| {
            Ok(study.points.len() as i64)
        })
        .about("Number of points.")
        .example(OPEN.to_owned() + "assert(s.n_points == 2)"),
        Function::property::<Running, i64>("n_done", Topic::Judging, |study| {
            Ok(study.lock().n_done() as i64)
        })
        .about("Number of points that are done, those that failed among them.")
        .example(OPEN.to_owned() + "assert(s.n_done == 0)"),
        Function::property::<Running, f64>("seconds_left", Topic::Judging, |study| {
            Ok(study.lock().seconds_left())
        })
        .about("How long the points that are left will take, s, if they take as long as those that are done.")
        .example(OPEN.to_owned() + "assert(s.seconds_left == 0)"),
        Function::new("point", Topic::Judging, |call| {
            let (_, point) = call.receiver::<Running>()?.point(call.get("index")?)?;
            Ok(Dynamic::from_map(point))
        })
        .on::<Running>()
        .about("Gives a point: a value of every axis.")
        .param::<i64>("index", "number of the point, from 0")
        .returns("map")
        .example(OPEN.to_owned() + "assert(s.point(1).a == 2)"),
        Function::new("begin", Topic::Judging, |call| {
            let running = call.receiver::<Running>()?;
            let (index, _) = running.point(call.get("index")?)?;
            let begun = running.lock().begin(index)?;
            Ok(begun)
        })
        .on::<Running>()
        .about("Takes up the work at a point; `false` if it is done, or another process is at it.")
        .note("a process that ends gives up what it has begun")
        .param::<i64>("index", "number of the point, from 0")
        .returns("bool")
        .example(OPEN.to_owned() + "assert(s.begin(0)); s.finish(0, 1, 0.1); assert(!s.begin(0))"),
        Function::new("finish", Topic::Judging, |call| {
            let running = call.receiver::<Running>()?;
            let (index, _) = running.point(call.get("index")?)?;
            let figures = figures(&call.raw("outcome"))?;
            running.lock().finish(index, Ok(figures), call.get("seconds")?)?;
            Ok(())
        })
        .on::<Running>()
        .about("Writes down what came out at a point.")
        .param::<i64>("index", "number of the point, from 0")
        .param::<Dynamic>("outcome", "a number, a truth value, a text, an interval, or a map of these")
        .param::<f64>("seconds", "how long it took, s")
        .example(OPEN.to_owned() + "s.finish(0, #{ accuracy: 0.5 }, 0.1); assert(s.n_done == 1)"),
        Function::new("fail", Topic::Judging, |call| {
            let running = call.receiver::<Running>()?;
            let (index, _) = running.point(call.get("index")?)?;
            let why = call.get::<String>("why")?;
            running.lock().finish(index, Err(why), call.get("seconds")?)?;
            Ok(())
        })
        .on::<Running>()
        .about("Writes down that a point failed, and why.")
        .param::<i64>("index", "number of the point, from 0")
        .param::<String>("why", "what went wrong")
        .param::<f64>("seconds", "how long it took, s")
        .example(OPEN.to_owned() + "s.fail(0, \"no clips\", 0.1); assert(s.results().rows[0].error == \"no clips\")"),
        Function::new("results", Topic::Judging, |call| {
            Ok(Dynamic::from(call.receiver::<Running>()?.lock().results()?))
        })
        .on::<Running>()
        .about("Gives what came out so far, also of other processes, in the order of the grid.")
        .returns("results")
        .example(OPEN.to_owned() + "assert(s.results().len() == 0)"),
    ]
}

/// A value of an axis: numbers, truth values and texts as themselves, others by the source that gives them.
fn as_json(value: &Dynamic) -> Value {
    match Shown::json_of(value) {
        Some(json @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => json,
        _ => Value::String(Shown::text_of(value)),
    }
}

/// What a point gave, by name.
fn figures(outcome: &Dynamic) -> Result<BTreeMap<String, Value>, ScriptError> {
    let of = |name: &str, value: &Dynamic| {
        let json = Shown::json_of(value).filter(|json| !json.is_array());
        let plain = json.filter(|json| !json.is_object() || json.get("low").is_some());
        plain.map(|json| (name.to_owned(), json)).ok_or_else(|| {
            let given = crate::script::describe(value);
            let what = "a number, a truth value, a text, an interval, or a map of these";
            ScriptError::new(format!(
                "what comes out at a point must be {what}; `{name}` is {given}"
            ))
            .hint("of a report give `report.accuracy`")
        })
    };
    match outcome.read_lock::<Map>() {
        Some(map) => map.iter().map(|(name, value)| of(name, value)).collect(),
        None => of("value", outcome).map(|found| [found].into()),
    }
}

/// A row as a map.
fn as_map(row: &Row) -> Map {
    let dynamic = |value: &Value| rhai::serde::to_dynamic(value).unwrap_or(Dynamic::UNIT);
    let named = row.point.iter().chain(&row.figures);
    let mut map: Map = named
        .map(|(name, value)| (name.as_str().into(), dynamic(value)))
        .collect();
    if let Some(error) = &row.error {
        map.insert("error".into(), error.clone().into());
    }
    map.insert("seconds".into(), row.seconds.into());
    map
}
