//! Figures of merit with their intervals.

use super::super::Environment;
use super::given::{column, predictions};
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, escape, table};
use auricle_audio::io::write_whole;
use auricle_learn::eval::{
    Interval, IntervalKind, Measure, MeasureOptions, Metric, Predictions, Reads, measure,
};
use rhai::{Dynamic, Map};
use std::path::Path;
use std::sync::Arc;

impl ScriptValue for Measure {
    const NAME: &'static str = "measure";

    fn text(&self) -> String {
        let mut text = format!(
            "{} {}, n {}, {}",
            self.metric,
            ends(&self.interval),
            self.n,
            self.method
        );
        let width = self
            .parts
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, value) in &self.parts {
            text += &format!("\n  {name:width$}  {}", short(*value));
        }
        let width = self
            .by
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, own) in &self.by {
            text += &format!("\n  {name:width$}  {}, n {}", ends(&own.interval), own.n);
        }
        text
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let row = |name: &str, own: &Measure| {
            let Interval { value, low, high } = own.interval;
            vec![
                name.to_owned(),
                short(value),
                short(low),
                short(high),
                own.n.to_string(),
                own.method.clone(),
            ]
        };
        let part = |(name, value): &(String, f64)| {
            vec![
                name.clone(),
                short(*value),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]
        };
        let rows = std::iter::once(row(&self.metric, self))
            .chain(self.parts.iter().map(part))
            .chain(self.by.iter().map(|(name, own)| row(name, own)));
        let rows: Vec<Vec<String>> = rows
            .map(|row| row.iter().map(|cell| escape(cell)).collect())
            .collect();
        vec![(
            "text/html",
            table(&["", "value", "low", "high", "n", "interval"], rows).into(),
        )]
    }

    fn same(&self, other: &Measure) -> Option<bool> {
        Some(self == other)
    }
}

/// A value with its interval, to three places.
pub(super) fn ends(interval: &Interval) -> String {
    let Interval { value, low, high } = *interval;
    format!("{} ({} to {})", short(value), short(low), short(high))
}

fn short(value: f64) -> String {
    match value.is_nan() {
        true => "no value".to_owned(),
        false => format!("{value:.3}"),
    }
}

/// A metric as a function of the language.
struct Row {
    name: &'static str,
    metric: fn(&Call<'_>) -> Result<Metric, ScriptError>,
    about: &'static str,
    notes: &'static [&'static str],
    example: &'static str,
}

const ROWS: [Row; 14] = [
    Row {
        name: "accuracy",
        metric: |_| Ok(Metric::Accuracy),
        about: "Measures the share of the clips whose class was found.",
        notes: &["the interval is Wilson's (1927), unless clips are grouped"],
        example: "let a = accuracy([\"cat\", \"dog\", \"dog\", \"cat\"], [\"cat\", \"dog\", \"cat\", \"cat\"]); \
                  assert(a.value == 0.75 && a.n == 4); assert_near(a.low, 0.3006, 0.001)",
    },
    Row {
        name: "top_k_accuracy",
        metric: |call| Ok(Metric::TopK(call.get("k")?)),
        about: "Measures the share of the clips whose class is among those of the k highest scores.",
        notes: &[],
        example: "let scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]; assert(top_k_accuracy(scores, [1, 0], #{ k: 2 }).value == 0.5)",
    },
    Row {
        name: "balanced_accuracy",
        metric: |_| Ok(Metric::BalancedAccuracy),
        about: "Measures the mean over the classes of the share of their clips that was found.",
        notes: &["classes without clips do not count; `parts` has the share of each class"],
        example: "assert_near(balanced_accuracy([0, 0, 0, 1], [0, 0, 1, 1]).value, 0.75)",
    },
    Row {
        name: "f1",
        metric: |_| Ok(Metric::F1),
        about: "Measures the mean over the classes of the harmonic mean of precision and recall (macro F1).",
        notes: &["classes that are neither true nor predicted of any clip do not count"],
        example: "assert_near(f1([0, 0, 1, 1], [0, 1, 1, 1]).value, (2 / 3.0 + 4 / 5.0) / 2)",
    },
    Row {
        name: "icbhi_score",
        metric: |call| {
            Ok(Metric::Icbhi {
                exact: call.get("exact")?,
                normal: 0,
            })
        },
        about: "Measures the score of the ICBHI challenge: the mean of specificity and sensitivity, 0 to 1.",
        notes: &[
            "specificity is the share of normal clips called normal; sensitivity that of abnormal clips given their own class \
             or, with `exact: false`, any abnormal one; both are in `parts`",
            "source: Rocha et al., 2018",
        ],
        example: "let s = icbhi_score([0, 1, 1, 3], [0, 0, 1, 2]); \
                  assert(s.value == 0.5 && s.parts.specificity == 0.5 && s.parts.sensitivity == 0.5); \
                  assert(icbhi_score([0, 1, 1, 3], [0, 0, 1, 2], #{ exact: false }).parts.sensitivity == 1.0)",
    },
    Row {
        name: "auroc",
        metric: |_| Ok(Metric::Auroc),
        about: "Measures the area under the receiver operating characteristic: how often a clip of a class has a higher score than one that is not, ties counted half.",
        notes: &[
            "two classes have one, with DeLong's interval (1988); of more, one against the rest, it is the mean over those that \
             have clips of both kinds, and `parts` has each",
        ],
        example: "let a = auroc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]); assert(a.value == 0.75 && a.method == \"DeLong\")",
    },
    Row {
        name: "average_precision",
        metric: |_| Ok(Metric::AveragePrecision),
        about: "Measures the average precision: the sum over thresholds of the gain in recall times the precision there.",
        notes: &["of more than two classes it is the mean over those that have clips, as `map` is"],
        example: "assert_near(average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).value, 5 / 6.0)",
    },
    Row {
        name: "map",
        metric: |_| Ok(Metric::AveragePrecision),
        about: "Measures the mean average precision over the classes that have clips; `parts` has that of each class.",
        notes: &["of arrays of labels: rows of 0 and 1 where a clip may be of several classes"],
        example: "assert(map([[0.9, 0.2], [0.1, 0.8]], [[1, 0], [0, 1]]).value == 1.0)",
    },
    Row {
        name: "d_prime",
        metric: |_| Ok(Metric::DPrime),
        about: "Measures d': the square root of 2 times the normal quantile of the AUROC.",
        notes: &["of several classes it is that of their mean AUROC"],
        example: "assert_near(d_prime([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).value, 0.9539, 0.001)",
    },
    Row {
        name: "mae",
        metric: |_| Ok(Metric::Mae),
        about: "Measures the mean absolute error of predicted numbers.",
        notes: &[],
        example: "assert(mae([1, 2, 3], [1, 2, 6]).value == 1.0)",
    },
    Row {
        name: "rmse",
        metric: |_| Ok(Metric::Rmse),
        about: "Measures the root of the mean squared error of predicted numbers.",
        notes: &[],
        example: "assert_near(rmse([1, 2, 3], [1, 2, 6]).value, sqrt(3))",
    },
    Row {
        name: "correlation",
        metric: |_| Ok(Metric::Correlation),
        about: "Measures Pearson's correlation of predicted and true numbers.",
        notes: &[],
        example: "assert_near(correlation([1, 2, 3], [2, 4, 6]).value, 1)",
    },
    Row {
        name: "rank_correlation",
        metric: |_| Ok(Metric::RankCorrelation),
        about: "Measures Spearman's correlation of the ranks of predicted and true numbers.",
        notes: &[],
        example: "assert_near(rank_correlation([1, 20, 300], [1, 2, 3]).value, 1)",
    },
    Row {
        name: "r_squared",
        metric: |_| Ok(Metric::RSquared),
        about: "Measures the share of the variance of the true numbers that the predicted ones explain; below 0 where their mean would do better.",
        notes: &[],
        example: "assert_near(r_squared([1, 2, 3], [1, 2, 6]).value, 1 - 9 / 14.0)",
    },
];

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all: Vec<Function> = ROWS.iter().map(|row| function(row, environment)).collect();
    all.push(confusion());
    all.extend(properties());
    all.push(save());
    all
}

/// The positional parameters of what reads predictions.
pub(super) fn reading(function: Function, reads: Reads) -> Function {
    let about = match reads {
        Reads::Classes => {
            "predicted classes (numbers or words), rows of scores of every class, predictions, or a report"
        }
        Reads::Scores => {
            "scores: a number a clip for two classes, else a row of one for each class; or predictions, or a report"
        }
        Reads::Numbers => "predicted numbers, predictions, or a report",
    };
    let labels = match reads {
        Reads::Classes => "true classes; of predictions they are known",
        Reads::Scores => {
            "true classes, or rows of 0 and 1 where a clip may be of several; of predictions they are known"
        }
        Reads::Numbers => "true numbers; of predictions they are known",
    };
    let function = function
        .param::<Dynamic>("predicted", about)
        .param_or::<Dynamic>("labels", (), labels);
    match reads {
        Reads::Numbers => function,
        _ => function
            .option::<Option<Vec<String>>>(
                "classes",
                (),
                "names of the classes in order, for numbers and words",
            )
            .option::<bool>(
                "logits",
                true,
                "whether rows of scores that are no probabilities are logits, of one class a clip, \
                 and their softmax is taken",
            ),
    }
}

/// The options that say how an interval is found.
pub(super) fn drawing(function: Function) -> Function {
    let default = MeasureOptions::default();
    function
        .option::<Dynamic>(
            "group",
            (),
            "what the bootstrap draws as wholes, such as patients: a column of the predictions, or an array with a value a clip",
        )
        .option::<usize>("draws", default.draws as i64, "draws of the bootstrap, at least 100")
        .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
}

fn function(row: &'static Row, environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    // What a metric reads does not depend on its settings.
    let reads = match row.name {
        "top_k_accuracy" => Reads::Scores,
        name => Metric::of_word(name).map_or(Reads::Classes, Metric::reads),
    };
    let function = Function::new(row.name, Topic::Judging, move |call| {
        let given = predictions(call, reads)?;
        let (group, given) = column(call, "group", given)?;
        let (by, given) = column(call, "by", given)?;
        let word = call.get::<String>("interval")?;
        let kind = IntervalKind::WORDS.iter().find(|(own, _)| *own == word);
        let kind = kind.ok_or_else(|| {
            let words = IntervalKind::WORDS
                .map(|(word, _)| format!("\"{word}\""))
                .join(", ");
            call.wrong("interval", &format!("one of {words}"))
        })?;
        let options = MeasureOptions {
            interval: kind.1,
            group,
            by,
            draws: call.get("draws")?,
            seed: call
                .get::<Option<u64>>("seed")?
                .unwrap_or_else(|| environment.seed()),
        };
        Ok(Dynamic::from(measure(
            &given,
            (row.metric)(call)?,
            &options,
        )?))
    });
    let mut function = reading(function, reads);
    function = match row.name {
        "top_k_accuracy" => function.option::<usize>("k", 5, "how many of the highest scores count"),
        "icbhi_score" => function.option::<bool>(
            "exact",
            true,
            "whether an abnormal clip must be given its own class; the first class is the normal one",
        ),
        _ => function,
    };
    function = drawing(function)
        .option::<Dynamic>("by", (), "what the figure is told apart by, such as folds or devices: a column, or an array")
        .option::<String>(
            "interval",
            "usual",
            "\"usual\": \"wilson\" of a share of clips, \"delong\" of one AUROC, else and with `group` \"bootstrap\"; or \"none\"",
        )
        .words("interval", &IntervalKind::WORDS.map(|(word, _)| word));
    let function = row
        .notes
        .iter()
        .fold(function, |function, note| function.note(*note));
    function
        .about(row.about)
        .returns("measure")
        .example(row.example)
}

fn confusion() -> Function {
    let function = Function::new("confusion", Topic::Judging, |call| {
        let given: Predictions = predictions(call, Reads::Classes)?;
        let counts = given.confusion().ok_or_else(|| {
            ScriptError::new("a confusion matrix needs one class a clip, predicted and true")
        })?;
        let row = |row: Vec<u64>| {
            Dynamic::from_array(row.into_iter().map(|n| (n as i64).into()).collect())
        };
        Ok(Dynamic::from_array(counts.into_iter().map(row).collect()))
    });
    reading(function, Reads::Classes)
        .about("Counts how often each class (row) was taken for each (column).")
        .returns("array of rows")
        .example("assert(confusion([0, 1, 1], [0, 0, 1]) == [[1, 1], [0, 1]])")
}

/// A number as scripts have it: nothing where there is none.
pub(super) fn known(value: f64) -> Dynamic {
    match value.is_nan() {
        true => Dynamic::UNIT,
        false => value.into(),
    }
}

const MEASURED: &str =
    "let a = accuracy([0, 1, 1, 1], [0, 0, 1, 1], #{ by: [\"x\", \"x\", \"y\", \"y\"] });";

fn properties() -> Vec<Function> {
    fn property<R: Into<Dynamic> + 'static>(
        name: &'static str,
        about: &'static str,
        holds: &str,
        read: fn(&Measure) -> R,
    ) -> Function {
        Function::property::<Measure, _>(name, Topic::Judging, move |measure| Ok(read(measure)))
            .about(about)
            .example(format!("{MEASURED} assert({holds})"))
    }
    vec![
        property("value", "The figure.", "a.value == 0.75", |m| {
            known(m.interval.value)
        }),
        property(
            "low",
            "Lower end of its 95 % interval.",
            "a.low < a.value",
            |m| known(m.interval.low),
        ),
        property(
            "high",
            "Upper end of its 95 % interval.",
            "a.high > a.value",
            |m| known(m.interval.high),
        ),
        property("n", "Clips it was measured on.", "a.n == 4", |m| m.n as i64),
        property("metric", "What it is.", "a.metric == \"accuracy\"", |m| {
            m.metric.clone()
        }),
        property(
            "method",
            "How its interval was found.",
            "a.method == \"Wilson\"",
            |m| m.method.clone(),
        ),
        property(
            "standard_error",
            "Its standard error, where the method gives one.",
            "a.standard_error == ()",
            |m| m.standard_error.map_or(Dynamic::UNIT, known),
        ),
        property(
            "parts",
            "What it is made of, such as the same of each class, by name; nothing where a class has no value.",
            "a.parts == #{}",
            |m| {
                Dynamic::from_map(
                    m.parts
                        .iter()
                        .map(|(name, x)| (name.as_str().into(), known(*x)))
                        .collect::<Map>(),
                )
            },
        ),
        property(
            "by",
            "The same of each value that the option `by` tells apart, by name.",
            "a.by.x.value == 0.5",
            |m| {
                let own = |(name, own): &(String, Measure)| {
                    (name.as_str().into(), Dynamic::from(own.clone()))
                };
                Dynamic::from_map(m.by.iter().map(own).collect::<Map>())
            },
        ),
    ]
}

fn save() -> Function {
    Function::new("save", Topic::Judging, |call| {
        let (measure, path) = (call.receiver::<Measure>()?, call.get::<String>("path")?);
        let path = Path::new(&path);
        let text = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => to_csv(&measure),
            Some("json") => {
                let json = serde_json::to_string_pretty(&measure);
                json.map_err(|error| ScriptError::new(error.to_string()))? + "\n"
            }
            Some("txt") => format!("{}\n", measure.text()),
            _ => return Err(call.wrong("path", "a name that ends in `.csv`, `.json` or `.txt`")),
        };
        Ok(write_whole(path, text.as_bytes())?)
    })
    .on::<Measure>()
    .about("Saves the figure with its interval, parts and groups: as CSV, a line each, as JSON, or as text.")
    .param::<String>("path", "where to; ends in `.csv`, `.json` or `.txt`")
    .reads_data()
    .example(format!("{MEASURED} a.save(temporary_folder() + \"/a.csv\")"))
}

fn to_csv(measure: &Measure) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let cell = |value: f64| {
        if value.is_nan() {
            String::new()
        } else {
            value.to_string()
        }
    };
    let line = |of: &str, own: &Measure| {
        let Interval { value, low, high } = own.interval;
        let (value, low, high) = (cell(value), cell(low), cell(high));
        format!(
            "{},{},{value},{low},{high},{},{}\n",
            quote(&own.metric),
            quote(of),
            own.n,
            quote(&own.method)
        )
    };
    let mut out = format!(
        "metric,of,value,low,high,n,interval\n{}",
        line("all", measure)
    );
    for (name, value) in &measure.parts {
        let (metric, of) = (quote(&measure.metric), quote(name));
        out.push_str(&format!("{metric},{of},{},,,,\n", cell(*value)));
    }
    measure
        .by
        .iter()
        .for_each(|(name, own)| out.push_str(&line(name, own)));
    out
}
