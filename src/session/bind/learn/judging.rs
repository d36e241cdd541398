//! Probes and reports.

use super::super::Environment;
use super::figure::COLUMNS;
use super::history::spoken;
use super::model::{Model, RANDOM, front_end, log_mel};
use super::run::{last_name, trained};
use crate::script::{Call, Function, Picture, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::{Dataset, Split};
use auricle_audio::io::write_whole;
use auricle_figure::drawing_image;
use auricle_learn::eval::{
    ClassWeight, Curve, Interval, JudgeOptions, KnnOptions, LogisticOptions, Penalty, Probe,
    Report, Row, Score, Subject, embed, floor, judge, mean_interval, random_encoder,
};
use auricle_learn::train::Run;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Map};
use std::path::Path;
use std::sync::Arc;

impl ScriptValue for Report {
    const NAME: &'static str = "report";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let confusion = self.confusion_figure().to_drawing();
        let picture = drawing_image("confusion matrix", &confusion);
        vec![
            (
                "text/html",
                format!("{}{picture}", self.to_html_table()).into(),
            ),
            ("image/png", STANDARD.encode(confusion.to_png()).into()),
        ]
    }

    fn html(&self) -> Option<String> {
        Some(self.to_html())
    }

    /// The confusion matrix: truth in rows, predictions in columns.
    fn picture(&self) -> Option<Picture> {
        self.confusion_figure().to_rows(COLUMNS).map(Picture::Rows)
    }

    fn same(&self, other: &Report) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Interval {
    const NAME: &'static str = "interval";

    fn text(&self) -> String {
        format!("{:.4} ({:.4} to {:.4})", self.value, self.low, self.high)
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }

    fn same(&self, other: &Interval) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        judging("linear_probe", environment, &[Probe::Linear])
            .about("Judges an encoder by a logistic regression on its frozen embeddings, beside a random encoder and the log-mel statistics.")
            .note("columns standardized, L2 penalty, L-BFGS in double precision to a gradient norm of 1e-6"),
        judging("knn", environment, &[Probe::Knn])
            .about("Judges an encoder by weighted nearest neighbours, beside a random encoder and the log-mel statistics.")
            .note("cosine similarity s, votes of exp(s / temperature); source: Wu et al., 2018"),
        judging("evaluate", environment, &[Probe::Linear, Probe::Knn])
            .about("Judges a run or an encoder by both probes, beside a random encoder and the log-mel statistics.")
            .note("\"log-mel statistics\" are mean and deviation of every band over time: a floor that needs no encoder"),
    ];
    all.extend(report_functions());
    all.extend(interval_functions());
    all
}

fn judging(
    name: &'static str,
    environment: &Arc<Environment>,
    probes: &'static [Probe],
) -> Function {
    let environment = environment.clone();
    let mut function = Function::new(name, Topic::Judging, move |call| {
        let report = report(call, &environment, probes)?;
        if let Some(json) = report.json().filter(|_| !environment.token.stop().is_asked()) {
            environment.keep_report(json);
        }
        Ok(Dynamic::from(report))
    })
    .long()
    .param::<Dynamic>("model", "a trained run, or a model")
    .param::<Dynamic>("split", "training clips to fit on and test clips to judge on")
    .option::<Dynamic>("features", (), "recipe from waves to features; the one it was trained with, else `log_mel()`")
    .returns("report")
    .reads_data()
    .example(format!(
        "let clips = []; for i in 0..20 {{ clips.push(#{{ wave: tone(200 + 20 * i, 0.2), label: i / 10 }}) }} \
         let s = dataset(clips).split(#{{ test: 0.3 }}); print({name}(resnet18(#{{ width: 4 }}), s))"
    ));
    if probes.contains(&Probe::Linear) {
        function = function
            .option::<Dynamic>(
                "C",
                1.0,
                "inverse strength of the penalty, or \"cv\" for the best of 1e-4 to 1e4 in five folds",
            )
            .option::<String>("class_weight", "none", "\"none\", or \"balanced\": every class counts the same")
            .words("C", &["cv"])
            .words("class_weight", &["none", "balanced"]);
    }
    if probes.contains(&Probe::Knn) {
        let default = KnnOptions::default();
        function = function
            .option::<usize>("k", default.k as i64, "number of neighbours")
            .option::<f64>(
                "temperature",
                default.temperature,
                "temperature of the votes",
            );
    }
    function
        .option::<String>("metric", "accuracy", "figure of merit: \"accuracy\"")
        .words("metric", &["accuracy"])
}

fn options(call: &Call<'_>, probes: &[Probe]) -> Result<JudgeOptions, ScriptError> {
    if call.get::<String>("metric")? != "accuracy" {
        return Err(call.wrong("metric", "\"accuracy\""));
    }
    let mut options = JudgeOptions::default();
    if probes.contains(&Probe::Linear) {
        let c = call.raw("C");
        options.logistic = LogisticOptions {
            penalty: match c.clone().into_string().as_deref() {
                Ok("cv") => Penalty::CrossValidated,
                _ => Penalty::C(
                    call.get::<f64>("C")
                        .map_err(|_| call.wrong("C", "a number or \"cv\""))?,
                ),
            },
            class_weight: match call.get::<String>("class_weight")?.as_str() {
                "none" => ClassWeight::None,
                "balanced" => ClassWeight::Balanced,
                _ => return Err(call.wrong("class_weight", "\"none\" or \"balanced\"")),
            },
        };
    }
    if probes.contains(&Probe::Knn) {
        options.knn = KnnOptions {
            k: call.get("k")?,
            temperature: call.get("temperature")?,
        };
    }
    Ok(options)
}

fn report(
    call: &Call<'_>,
    environment: &Environment,
    probes: &[Probe],
) -> Result<Report, ScriptError> {
    let options = options(call, probes)?;
    let split = call.value::<Split>("split")?;
    let (model, run) = subject(call, environment)?;
    let (device, workers) = (environment.device()?, environment.workers()?);
    let stop = environment.token.stop();
    let stop = || stop.is_asked();
    let front_end = front_end(call, &model.encoder, &split.train, environment)?;
    let embedded =
        |name: &str, encoder: &auricle_learn::nn::Encoder| -> Result<Subject, ScriptError> {
            let rows = |data| embed(encoder, &front_end, data, &device, &workers, &stop);
            Ok(Subject {
                name: name.to_owned(),
                train: rows(&split.train)?,
                test: rows(&split.test)?,
            })
        };
    let mut subjects = vec![embedded(&model.name, &model.encoder)?];
    // Where an epoch was chosen, the last one is told as well.
    if let Some(run) = run.as_ref().filter(|run| run.chosen().is_some())
        && let Some((_, last)) = run.encoders().first()
    {
        subjects.push(embedded(&last_name(run), last)?);
    }
    if model.name != RANDOM {
        subjects.push(embedded(
            RANDOM,
            &random_encoder(&model.encoder, environment.seed(), &device)?,
        )?);
    }
    // A model that reads waves has the floor of spectrograms, too.
    let features = match &front_end.recipe {
        recipe if *recipe == Recipe::identity() => log_mel()?,
        recipe => recipe.clone(),
    };
    let statistics = |data: &Dataset| floor(&features, data, &workers, &stop);
    subjects.push(Subject {
        name: "log-mel statistics".into(),
        train: statistics(&split.train)?,
        test: statistics(&split.test)?,
    });
    let mut rows = Vec::new();
    let mut confusion = Vec::new();
    for subject in subjects {
        let mut scores = Vec::new();
        for &probe in probes {
            if stop() {
                return Err(auricle_learn::Error::Stopped.into());
            }
            let judged = judge(&subject, &split.train, &split.test, probe, options)?;
            if confusion.is_empty() {
                confusion = judged.confusion;
            }
            let (probe, metric) = (probe.name().to_owned(), "accuracy".to_owned());
            scores.push(Score {
                probe,
                metric,
                interval: judged.accuracy,
                n: judged.n,
            });
        }
        rows.push(Row {
            name: subject.name.clone(),
            scores,
        });
    }
    Ok(Report {
        title: format!("{}: {}", model.name, split.train.name()),
        split: split.rule.clone(),
        n_train: split.train.len(),
        n_test: split.test.len(),
        classes: split.train.classes().to_vec(),
        rows,
        confusion,
        settings: settings(&model, run.as_ref(), &front_end.recipe.to_string()),
        curves: run.as_ref().map(curves).unwrap_or_default(),
    })
}

fn subject(
    call: &Call<'_>,
    environment: &Environment,
) -> Result<(Model, Option<Run>), ScriptError> {
    if let Some(run) = call.raw("model").try_cast::<Run>() {
        return Ok((trained(&run, environment)?, Some(run)));
    }
    let model = call.value::<Model>("model").map_err(|_| {
        ScriptError::new(format!(
            "`model` must be a run or a model, not {}",
            describe(&call.raw("model"))
        ))
    })?;
    let name = model.title().to_owned();
    Ok((Model { name, ..model }, None))
}

fn settings(model: &Model, run: Option<&Run>, features: &str) -> Vec<(String, String)> {
    match run {
        Some(run) => run.settings(),
        None => vec![
            ("model".into(), model.text()),
            ("features".into(), features.to_owned()),
        ],
    }
}

fn curves(run: &Run) -> Vec<Curve> {
    let history = run.history();
    let curve = |name: &str| Curve {
        name: spoken(name),
        values: history.curve(name),
    };
    history.followed().into_iter().map(curve).collect()
}

/// A report small enough for an example.
const TINY_REPORT: &str = "let clips = []; for i in 0..20 { clips.push(#{ wave: tone(200 + 20 * i, 0.2), label: i / 10 }) } \
    let r = linear_probe(resnet18(#{ width: 4 }), dataset(clips).split(#{ test: 0.3 }));";

fn report_functions() -> Vec<Function> {
    fn figure(
        name: &'static str,
        about: &'static str,
        read: fn(&Report) -> Option<f64>,
    ) -> Function {
        Function::property::<Report, _>(name, Topic::Judging, move |report| {
            Ok(read(report).map_or(Dynamic::UNIT, Into::into))
        })
        .about(about)
        .example(format!("{TINY_REPORT} print(r.{name})"))
    }
    vec![
        figure("accuracy", "Accuracy of the main subject under the first probe.", |r| {
            Some(r.score(0, 0)?.interval.value)
        }),
        figure("low", "Lower end of its 95 % interval.", |r| Some(r.score(0, 0)?.interval.low)),
        figure("high", "Upper end of its 95 % interval.", |r| Some(r.score(0, 0)?.interval.high)),
        figure("n", "Test clips it was measured on.", |r| Some(r.score(0, 0)?.n as f64)),
        figure("random", "Accuracy of the random encoder under the first probe.", |r| by_name(r, RANDOM)),
        figure("floor", "Accuracy of the log-mel statistics under the first probe.", |r| {
            by_name(r, "log-mel statistics")
        }),
        Function::property::<Report, _>("rows", Topic::Judging, |report| {
            let row = |row: &Row| {
                let scores: Map =
                    row.scores.iter().map(|s| (s.probe.as_str().into(), s.interval.value.into())).collect();
                let mut map = Map::new();
                map.insert("name".into(), row.name.clone().into());
                map.insert("scores".into(), Dynamic::from_map(scores));
                Dynamic::from_map(map)
            };
            Ok(Dynamic::from_array(report.rows.iter().map(row).collect()))
        })
        .about("A map for each subject: its name, and its scores by probe.")
        .example(format!("{TINY_REPORT} assert(r.rows[0].scores[\"linear probe\"] == r.accuracy)")),
        Function::property::<Report, _>("confusion", Topic::Judging, |report| {
            let row = |row: &Vec<u64>| Dynamic::from_array(row.iter().map(|&n| (n as i64).into()).collect());
            Ok(Dynamic::from_array(report.confusion.iter().map(row).collect()))
        })
        .about("How often each class (row) was taken for each (column), for the main subject.")
        .example(format!("{TINY_REPORT} print(r.confusion)")),
        Function::new("save", Topic::Judging, |call| {
            let (report, path) = (call.receiver::<Report>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            let text = match path.extension().and_then(|e| e.to_str()) {
                Some("html") => report.to_html(),
                Some("csv") => report.to_csv(),
                Some("json") => {
                    let json =
                        serde_json::to_string_pretty(&report).map_err(|error| ScriptError::new(error.to_string()))?;
                    json + "\n"
                }
                Some("txt") => format!("{report}\n"),
                _ => return Err(call.wrong("path", "a name that ends in `.html`, `.csv`, `.json` or `.txt`")),
            };
            Ok(write_whole(path, text.as_bytes())?)
        })
        .on::<Report>()
        .about("Saves the report: a page with figures that needs no network, CSV, JSON or the table as text.")
        .param::<String>("path", "where to; the ending says which form")
        .reads_data()
        .example(format!("{TINY_REPORT} r.save(temporary_folder() + \"/r.html\")")),
    ]
}

fn by_name(report: &Report, name: &str) -> Option<f64> {
    let row = report.rows.iter().find(|row| row.name == name)?;
    Some(row.scores.first()?.interval.value)
}

fn interval_functions() -> Vec<Function> {
    fn end(name: &'static str, about: &'static str, read: fn(&Interval) -> f64) -> Function {
        Function::property::<Interval, _>(name, Topic::Judging, move |interval| Ok(read(interval)))
            .about(about)
            .example(format!("print(interval([0.5, 0.6, 0.7]).{name})"))
    }
    vec![
        Function::new("interval", Topic::Judging, |call| {
            let values = call.get::<Vec<f64>>("values")?;
            if values.is_empty() {
                return Err(ScriptError::new("`values` must have at least one number"));
            }
            Ok(Dynamic::from(mean_interval(&values)))
        })
        .about("Gives the mean of some results with Student's 95 % interval.")
        .param::<Vec<f64>>("values", "the results, such as one for each seed")
        .returns("interval")
        .example("assert_near(interval([1, 2, 3]).low, -0.484, 0.001)"),
        end("mean", "The mean.", |interval| interval.value),
        end("low", "Lower end of the 95 % interval.", |interval| {
            interval.low
        }),
        end("high", "Upper end of the 95 % interval.", |interval| {
            interval.high
        }),
    ]
}
