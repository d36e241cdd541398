//! Predictions as values, and paired tests.

use super::super::Environment;
use super::given::{column, of_report, predictions};
use super::metrics::{drawing, ends, known, reading};
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, escape, table};
use auricle_audio::io::write_whole;
use auricle_learn::eval::{
    Comparison, Guess, MeasureOptions, Metric, Predictions, Reads, Report, Test, Truth,
    compare_predictions, compare_results,
};
use rhai::{Array, Dynamic, Map};
use std::path::Path;
use std::sync::Arc;

impl ScriptValue for Arc<Predictions> {
    const NAME: &'static str = "predictions";

    fn text(&self) -> String {
        let what = match self.truth() {
            Truth::Classes(_) => format!("one of {} classes each", self.classes().len()),
            Truth::Several(_) => format!("any of {} classes each", self.classes().len()),
            Truth::Numbers(_) => "a number each".to_owned(),
        };
        let columns = match self.columns().join(", ") {
            none if none.is_empty() => String::new(),
            names => format!(", columns {names}"),
        };
        format!("predictions for {} clips, {what}{columns}", self.len())
    }

    fn is_long(&self) -> bool {
        self.len() >= 1000
    }

    fn same(&self, other: &Arc<Predictions>) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Comparison {
    const NAME: &'static str = "comparison";

    fn text(&self) -> String {
        let Comparison {
            metric,
            test,
            difference,
            p,
            values: [a, b],
            n,
            facts,
        } = self;
        let facts: Vec<String> = facts
            .iter()
            .map(|(name, value)| format!("{name} {value:.4}"))
            .collect();
        let facts = facts.join(", ");
        let facts = if facts.is_empty() {
            facts
        } else {
            format!("\n  {facts}")
        };
        format!(
            "{metric} {a:.3} and {b:.3}: difference {}, p {p:.4} ({test}), n {n}{facts}",
            ends(difference)
        )
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let row = vec![
            escape(&self.metric),
            format!("{:.3}", self.values[0]),
            format!("{:.3}", self.values[1]),
            ends(&self.difference),
            format!("{:.4}", self.p),
            escape(&self.test),
            self.n.to_string(),
        ];
        vec![(
            "text/html",
            table(
                &["", "first", "second", "difference", "p", "test", "n"],
                vec![row],
            )
            .into(),
        )]
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        predictions_function(),
        save_predictions(),
        compare(environment),
    ];
    all.extend(properties());
    all
}

/// What predictions are.
const KINDS: [(&str, Reads); 3] = [
    ("classes", Reads::Classes),
    ("scores", Reads::Scores),
    ("numbers", Reads::Numbers),
];

fn predictions_function() -> Function {
    let function = Function::new("predictions", Topic::Judging, |call| {
        let reads = call.chosen("kind", &KINDS)?;
        let mut made = predictions(call, reads)?;
        for (name, cells) in call.get::<Option<Map>>("columns")?.unwrap_or_default() {
            let wrong = || {
                ScriptError::new(format!(
                    "the column `{name}` must be an array with a value for each clip"
                ))
            };
            let cells = cells.try_cast::<Array>().ok_or_else(wrong)?;
            let cells = cells
                .iter()
                .map(|cell| (!cell.is_unit()).then(|| cell.to_string()))
                .collect();
            made = made.with_column(&name, cells)?;
        }
        Ok(Dynamic::from(Arc::new(made)))
    });
    reading(function, Reads::Classes)
        .option::<String>(
            "kind",
            "classes",
            "what `predicted` is: \"classes\" (or rows of scores), \"scores\" (also one a clip, for two classes), or \"numbers\"",
        )
        .words("kind", &KINDS.map(|(word, _)| word))
        .option::<Option<Map>>("columns", (), "what else is known of each clip, such as `#{ patient: [...] }`")
        .about("Puts predictions and labels together, for `compare` and for figures by group.")
        .returns("predictions")
        .example(
            "let p = predictions([0, 1, 1], [0, 0, 1], #{ columns: #{ patient: [\"a\", \"a\", \"b\"] } }); \
             assert_near(accuracy(p, #{ by: \"patient\" }).by.a.value, 0.5)",
        )
}

const MADE: &str = "let p = predictions([0, 1, 1], [0, 0, 1]);";
const TESTED: &str = "let c = compare([0.7, 0.8, 0.75], [0.6, 0.65, 0.7]);";

fn properties() -> Vec<Function> {
    fn property<T: ScriptValue, R: Into<Dynamic> + 'static>(
        name: &'static str,
        about: &'static str,
        example: String,
        read: fn(&T) -> R,
    ) -> Function {
        Function::property::<T, _>(name, Topic::Judging, move |value| Ok(read(value)))
            .about(about)
            .example(example)
    }
    fn of_made<R: Into<Dynamic> + 'static>(
        name: &'static str,
        about: &'static str,
        holds: &str,
        read: fn(&Arc<Predictions>) -> R,
    ) -> Function {
        property(name, about, format!("{MADE} assert({holds})"), read)
    }
    fn of_test<R: Into<Dynamic> + 'static>(
        name: &'static str,
        about: &'static str,
        holds: &str,
        read: fn(&Comparison) -> R,
    ) -> Function {
        property(name, about, format!("{TESTED} assert({holds})"), read)
    }
    vec![
        of_made("n", "Number of clips.", "p.n == 3", |p| p.len() as i64),
        of_made(
            "classes",
            "Names of the classes.",
            "p.classes == [\"0\", \"1\"]",
            |p| Dynamic::from_array(p.classes().iter().map(|name| name.clone().into()).collect()),
        ),
        of_made(
            "ids",
            "The number of each clip in its dataset, or its place.",
            "p.ids == [0, 1, 2]",
            |p| Dynamic::from_array(p.ids().iter().map(|&id| (id as i64).into()).collect()),
        ),
        of_made(
            "labels",
            "What is true of each clip: a class, an array of classes, or a number.",
            "p.labels[2] == \"1\"",
            |p| {
                let name = |class: usize| -> Dynamic { p.classes()[class].clone().into() };
                Dynamic::from_array(match p.truth() {
                    Truth::Classes(labels) => labels.iter().map(|&label| name(label)).collect(),
                    Truth::Several(rows) => {
                        let own = |row: &Vec<bool>| {
                            (0..row.len())
                                .filter(|&class| row[class])
                                .map(name)
                                .collect()
                        };
                        rows.iter()
                            .map(|row| Dynamic::from_array(own(row)))
                            .collect()
                    }
                    Truth::Numbers(numbers) => {
                        numbers.iter().map(|&number| number.into()).collect()
                    }
                })
            },
        ),
        of_made(
            "predicted",
            "What was predicted of each clip: a class, a row of scores, or a number.",
            "p.predicted[1] == \"1\"",
            |p| {
                Dynamic::from_array(match p.guess() {
                    Guess::Classes(labels) => labels
                        .iter()
                        .map(|&label| p.classes()[label].clone().into())
                        .collect(),
                    Guess::Scores(scores) => {
                        let row = |row: usize| {
                            Dynamic::from_array(scores.row(row).iter().map(|&x| x.into()).collect())
                        };
                        (0..scores.rows()).map(row).collect()
                    }
                    Guess::Numbers(numbers) => {
                        numbers.iter().map(|&number| number.into()).collect()
                    }
                })
            },
        ),
        of_made(
            "columns",
            "Names of what else is known of each clip, such as the patient, for `by` and `group`.",
            "p.columns == []",
            |p| {
                Dynamic::from_array(
                    p.columns()
                        .into_iter()
                        .map(|name| name.to_owned().into())
                        .collect(),
                )
            },
        ),
        of_test(
            "difference",
            "First value minus second one.",
            "c.difference > 0",
            |c| known(c.difference.value),
        ),
        of_test(
            "low",
            "Lower end of the difference's 95 % interval.",
            "c.low < c.difference",
            |c| known(c.difference.low),
        ),
        of_test(
            "high",
            "Upper end of the difference's 95 % interval.",
            "c.high > c.difference",
            |c| known(c.difference.high),
        ),
        of_test(
            "p",
            "Two-sided probability of a difference this large where there is none.",
            "c.p < 0.1",
            |c| known(c.p),
        ),
        of_test("test", "The test.", "c.test == \"paired_t\"", |c| {
            c.test.clone()
        }),
        of_test(
            "metric",
            "What was compared.",
            "c.metric == \"mean\"",
            |c| c.metric.clone(),
        ),
        of_test("n", "Pairs: clips, or results.", "c.n == 3", |c| c.n as i64),
        of_test(
            "facts",
            "Facts of the test, such as t, by name.",
            "c.facts.t > 2",
            |c| {
                Dynamic::from_map(
                    c.facts
                        .iter()
                        .map(|(name, x)| (name.as_str().into(), known(*x)))
                        .collect::<Map>(),
                )
            },
        ),
    ]
}

fn save_predictions() -> Function {
    Function::new("save", Topic::Judging, |call| {
        let (made, path) = (call.receiver::<Arc<Predictions>>()?, call.get::<String>("path")?);
        let path = Path::new(&path);
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(write_whole(path, made.to_csv().as_bytes())?),
            _ => Err(call.wrong("path", "a name that ends in `.csv`")),
        }
    })
    .on::<Arc<Predictions>>()
    .about("Saves the predictions as CSV, a line a clip: number, columns, what is true, what was predicted, scores.")
    .param::<String>("path", "where to; ends in `.csv`")
    .reads_data()
    .example(format!("{MADE} p.save(temporary_folder() + \"/p.csv\")"))
}

/// The predictions that an argument of `compare` is or has, if it is no array.
fn made(call: &Call<'_>, name: &str) -> Result<Option<Arc<Predictions>>, ScriptError> {
    let value = call.raw(name);
    if let Some(made) = value.clone().try_cast::<Arc<Predictions>>() {
        return Ok(Some(made));
    }
    value
        .try_cast::<Report>()
        .map(|report| of_report(&report))
        .transpose()
}

fn compare(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("compare", Topic::Judging, move |call| {
        let word = call.get::<Option<String>>("test")?;
        let test = match &word {
            None => None,
            Some(word) => {
                let words = Test::WORDS.map(|(word, _)| format!("\"{word}\"")).join(", ");
                let found = Test::WORDS.iter().find(|(own, _)| own == word);
                Some(found.ok_or_else(|| call.wrong("test", &format!("one of {words}")))?.1)
            }
        };
        if let (Some(a), Some(b)) = (made(call, "a")?, made(call, "b")?) {
            let metric = call.get::<String>("metric")?;
            let metric = Metric::of_word(&metric).ok_or_else(|| {
                let words = Metric::WORDS.map(|(word, _)| word).join(", ");
                call.wrong("metric", &format!("one of {words}"))
            })?;
            let (group, a) = column(call, "group", (*a).clone())?;
            let options = MeasureOptions {
                group,
                draws: call.get("draws")?,
                seed: call.get::<Option<u64>>("seed")?.unwrap_or_else(|| environment.seed()),
                ..MeasureOptions::default()
            };
            return Ok(Dynamic::from(compare_predictions(&a, &b, metric, test, &options)?));
        }
        let results = |name: &str| {
            let wanted = "an array of results, predictions or a report, and both sides the same";
            call.get::<Vec<f64>>(name).map_err(|_| call.wrong(name, wanted))
        };
        let (a, b) = (results("a")?, results("b")?);
        let share = call.get::<Option<f64>>("test_share")?;
        match test {
            None | Some(Test::PairedT | Test::CorrectedT) => {}
            Some(_) => {
                let hint = "`predictions(predicted, labels)` makes predictions of arrays";
                return Err(ScriptError::new("this test compares predictions for clips, not results").hint(hint));
            }
        }
        if test == Some(Test::CorrectedT) && share.is_none() {
            return Err(ScriptError::new("\"corrected_t\" needs `test_share`, test clips over training clips of a split"));
        }
        let share = share.filter(|_| test != Some(Test::PairedT));
        Ok(Dynamic::from(compare_results(&a, &b, share)?))
    })
    .param::<Dynamic>("a", "predictions or a report; or an array of results, one of each seed or split")
    .param::<Dynamic>("b", "the same of what it is compared with: the same clips, seeds or splits in the same order")
    .option::<String>("metric", "accuracy", "figure that is compared, of predictions")
    .words("metric", &Metric::WORDS.map(|(word, _)| word))
    .option::<Option<String>>(
        "test",
        (),
        "\"mcnemar\" of accuracies, \"delong\" of AUROCs of two classes, \"bootstrap\" of any figure and by `group`; of results \
         \"paired_t\", or \"corrected_t\" where training clips overlap, as over folds; the fitting one if not given",
    )
    .words("test", &Test::WORDS.map(|(word, _)| word))
    .option::<Option<f64>>(
        "test_share",
        (),
        "test clips over training clips of a split, for \"corrected_t\": 0.25 of five folds",
    );
    drawing(function)
        .about("Tests whether one of two is better on the same clips, or over the same seeds or splits.")
        .note(
            "sources: McNemar, 1947 (exact); DeLong et al., 1988; Efron and Tibshirani, 1993; Nadeau and Bengio, 2003",
        )
        .returns("comparison")
        .example(
            "let labels = [0, 0, 0, 0, 1, 1, 1, 1]; let a = predictions([0, 0, 0, 0, 1, 1, 1, 0], labels); \
             let b = predictions([0, 0, 1, 1, 1, 0, 0, 0], labels); let c = compare(a, b); \
             assert_near(c.difference, 0.5); assert_near(c.p, 0.125); \
             assert(compare([0.7, 0.8], [0.6, 0.6], #{ test_share: 0.25 }).test == \"corrected_t\")",
        )
}
