//! What happened in a run's epochs: figures by name, whatever they are.

use super::super::matrix;
use super::tiny_run::TINY_RUN;
use crate::script::{Function, Picture, ScriptValue, Topic, escape, table};
use auricle_figure::{Content, Curve, Figure, Lines, drawing_image, sparkline};
use auricle_learn::train::{EpochRecord, History, LOSS, VALIDATION, spoken};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Map};

impl ScriptValue for History {
    const NAME: &'static str = "history";

    fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
        let drawing = loss_figure(self).to_drawing();
        let picture = drawing_image("loss", &drawing);
        vec![
            (
                "text/html",
                format!(
                    "{picture}<pre>{}</pre>{}",
                    escape(&self.text()),
                    epochs(self)
                )
                .into(),
            ),
            ("image/png", STANDARD.encode(drawing.to_png()).into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        matrix::curve(&self.losses())
    }

    fn text(&self) -> String {
        let (Some(first), Some(last)) = (self.epochs.first(), self.epochs.last()) else {
            return "no epochs".into();
        };
        let [seconds, waited] = self.seconds();
        let n = self.epochs.len();
        let mut text = format!(
            "{}, {:.2} s each, waiting for data {:.1} % of the time\n",
            if n == 1 {
                "1 epoch".into()
            } else {
                format!("{n} epochs")
            },
            seconds / n as f64,
            100.0 * waited / seconds.max(1e-9),
        );
        let names = self.followed();
        let Some((loss, others)) = names.split_first() else {
            return text;
        };
        let value = |epoch: &EpochRecord, name: &str| number(epoch.get(name));
        text += &format!(
            "{loss} {} to {} {}",
            value(first, loss),
            value(last, loss),
            sparkline(&self.losses(), 40)
        );
        let others: Vec<String> = others
            .iter()
            .map(|name| format!("{} {}", spoken(name), value(last, name)))
            .collect();
        if !others.is_empty() {
            text += &format!("\nlast epoch: {}", others.join(", "));
        }
        text
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }
}

/// A figure with four digits behind the point, or as a power of ten where these would show nothing.
fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) => {
            format!("{value:.2e}")
        }
        Some(value) => format!("{value:.4}"),
    }
}

/// The loss over the epochs, and what was measured on validation clips, at the epochs that have it.
pub(super) fn loss_figure(history: &History) -> Figure {
    let mut names = history.followed();
    names.retain(|name| name.starts_with(VALIDATION));
    if names.is_empty() {
        return Figure::lines("Loss over training", "loss", &[("loss", &history.losses())]);
    }
    let curve = |name: &str| {
        let epochs = history.epochs.iter();
        let points = epochs.filter_map(|epoch| Some((epoch.epoch as f64, epoch.get(name)?)));
        let (x, y) = points.filter(|(_, value)| value.is_finite()).unzip();
        Curve {
            name: spoken(name),
            x,
            y,
        }
    };
    let lines = Lines {
        x_title: "epoch".into(),
        y_title: "value".into(),
        curves: std::iter::once(LOSS).chain(names).map(curve).collect(),
    };
    Figure {
        title: "Training and validation".into(),
        content: Content::Lines(lines),
    }
}

/// Epochs that the table of a history shows at most: the last ones.
const LAST_EPOCHS: usize = 10;

fn epochs(history: &History) -> String {
    let names = history.names();
    let mut head = vec!["epoch".to_owned()];
    head.extend(names.iter().map(|name| spoken(name)));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let first = history.epochs.len().saturating_sub(LAST_EPOCHS);
    let row = |epoch: &EpochRecord| {
        let mut row = vec![epoch.epoch.to_string()];
        row.extend(names.iter().map(|name| number(epoch.get(name))));
        row
    };
    table(&head, history.epochs[first..].iter().map(row))
}

pub(super) fn functions() -> Vec<Function> {
    let example = |rest: &str| TINY_RUN.to_owned() + " let h = run.fit(); " + rest;
    vec![
        Function::property::<History, _>("losses", Topic::Training, |history| {
            Ok(numbers(history.losses()))
        })
        .about("The mean loss of every epoch.")
        .reads_data()
        .example(example("assert(h.losses.len() == 1)")),
        Function::property::<History, _>("names", Topic::Training, |history| {
            let names = history.names().into_iter();
            Ok(Dynamic::from_array(names.map(Into::into).collect()))
        })
        .about("The names of the figures of an epoch, in order.")
        .reads_data()
        .example(example("assert(h.names[0] == \"loss\")")),
        Function::new("curve", Topic::Training, |call| {
            let (history, name) = (call.receiver::<History>()?, call.get::<String>("name")?);
            if !history.names().contains(&name.as_str()) {
                let names = history.names().join(", ");
                return Err(call.wrong("name", &format!("one of {names}")));
            }
            Ok(numbers(history.curve(&name)))
        })
        .on::<History>()
        .about("Gives one figure over the epochs.")
        .note("not a number where an epoch lacks the figure")
        .param::<String>("name", "the figure's name, one of `history.names`")
        .returns("array")
        .reads_data()
        .example(example("assert(h.curve(\"loss\") == h.losses)")),
        Function::property::<History, _>("epochs", Topic::Training, |history| {
            let epoch = |e: &EpochRecord| {
                let mut map = Map::new();
                map.insert("epoch".into(), (e.epoch as f64).into());
                for (name, value) in &e.figures {
                    map.insert(name.as_str().into(), (*value).into());
                }
                Dynamic::from_map(map)
            };
            Ok(Dynamic::from_array(history.epochs.iter().map(epoch).collect()))
        })
        .about("A map for every epoch: its number and its figures by name, such as loss, learning_rate and seconds.")
        .reads_data()
        .example(example("assert(h.epochs[0].epoch == 1.0)")),
    ]
}

fn numbers(values: Vec<f64>) -> Dynamic {
    Dynamic::from_array(values.into_iter().map(Into::into).collect())
}
