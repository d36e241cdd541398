//! Reports, and means with intervals.

use super::figure::COLUMNS;
use super::given::of_report;
use super::report_page::{report_page, report_table};
use crate::script::{Function, Picture, ScriptError, ScriptValue, Topic};
use auricle_audio::io::write_whole;
use auricle_figure::drawing_image;
use auricle_learn::eval::{Interval, Report, Role, Row, mean_interval};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Map};
use std::path::Path;

impl ScriptValue for Report {
    const NAME: &'static str = "report";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        if self.confusion.is_empty() {
            return vec![("text/html", report_table(self).into())];
        }
        let confusion = self.confusion_figure().to_drawing();
        let picture = drawing_image("confusion matrix", &confusion);
        vec![
            (
                "text/html",
                format!("{}{picture}", report_table(self)).into(),
            ),
            ("image/png", STANDARD.encode(confusion.to_png()).into()),
        ]
    }

    fn html(&self) -> Option<String> {
        Some(report_page(self))
    }

    /// The confusion matrix: truth in rows, predictions in columns.
    fn picture(&self) -> Option<Picture> {
        let confusion = (!self.confusion.is_empty()).then(|| self.confusion_figure())?;
        confusion.to_rows(COLUMNS).map(Picture::Rows)
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

pub(super) fn functions() -> Vec<Function> {
    let mut all = report_functions();
    all.extend(interval_functions());
    all
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
        figure("value", "Figure of merit of the main subject under the first head.", |r| {
            Some(r.score(0, 0)?.interval.value)
        }),
        figure("accuracy", "Accuracy of the main subject under the first head, if that is its figure of merit.", |r| {
            let score = r.score(0, 0).filter(|score| score.metric == "accuracy")?;
            Some(score.interval.value)
        }),
        figure("low", "Lower end of its 95 % interval.", |r| Some(r.score(0, 0)?.interval.low)),
        figure("high", "Upper end of its 95 % interval.", |r| Some(r.score(0, 0)?.interval.high)),
        figure("n", "Test clips it was measured on.", |r| Some(r.score(0, 0)?.n as f64)),
        figure("random", "Figure of merit of the random encoder under the first head.", |r| by_role(r, Role::Random)),
        figure("floor", "Figure of merit of the log-mel statistics under the first head.", |r| {
            by_role(r, Role::Floor)
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
        Function::property::<Report, _>("predictions", Topic::Judging, |report| Ok(Dynamic::from(of_report(report)?)))
            .about("What was predicted of each test clip with the main subject, by the first head.")
            .example(format!("{TINY_REPORT} assert(accuracy(r.predictions).value == r.accuracy)")),
        Function::new("save", Topic::Judging, |call| {
            let (report, path) = (call.receiver::<Report>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            let text = match path.extension().and_then(|e| e.to_str()) {
                Some("html") => report_page(&report),
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

fn by_role(report: &Report, role: Role) -> Option<f64> {
    let row = report.rows.iter().find(|row| row.role == role)?;
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
