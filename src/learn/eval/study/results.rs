//! What came out of a study.

use super::super::mean_interval;
use super::grid::Point;
use crate::Error;
use auricle_audio::io::write_whole;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What came out at a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The point.
    pub point: Point,
    /// What was found, by name; nothing if it failed.
    #[serde(default)]
    pub figures: BTreeMap<String, Value>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took, s.
    #[serde(default)]
    pub seconds: f64,
}

/// Rows of a study, in the order of its grid.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Results {
    /// The rows.
    pub rows: Vec<Row>,
}

/// The interval of a figure: what `over` writes, and what an interval of the language is as JSON.
const INTERVAL: [&str; 3] = ["mean", "low", "high"];

/// A figure as a number: itself, or the middle of an interval.
pub(super) fn number(value: &Value) -> Option<f64> {
    let middle = || value.get("mean").or_else(|| value.get("value"));
    value.as_f64().or_else(|| middle()?.as_f64())
}

/// The ends of the interval of a figure; the figure itself where it has none.
pub(super) fn ends(value: &Value) -> Option<[f64; 2]> {
    let end = |name: &str| value.get(name).and_then(Value::as_f64);
    let interval = end("low").zip(end("high")).map(|(low, high)| [low, high]);
    interval.or_else(|| number(value).map(|number| [number; 2]))
}

/// A value as a cell of a table.
pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ Value::Object(_)) => match (number(value), ends(value)) {
            // One value alone has no interval.
            (Some(middle), _) if value.get("n") == Some(&json!(1)) => short(middle),
            (Some(middle), Some([low, high])) => {
                format!("{} ({} to {})", short(middle), short(low), short(high))
            }
            _ => value.to_string(),
        },
        Some(Value::Number(number)) if number.is_f64() => {
            short(number.as_f64().unwrap_or(f64::NAN))
        }
        Some(value) => value.to_string(),
    }
}

/// Four significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        1e-3..1e5 => {
            let digits = (3 - value.abs().log10().floor() as i32).max(0) as usize;
            format!("{value:.digits$}")
        }
        _ => format!("{value:.3e}"),
    }
}

impl Results {
    /// Names of the axes, and of the figures, as the rows have them.
    pub fn columns(&self) -> [Vec<String>; 2] {
        let mut columns: [Vec<String>; 2] = Default::default();
        for row in &self.rows {
            for (known, names) in columns.iter_mut().zip([
                row.point.keys().collect::<Vec<_>>(),
                row.figures.keys().collect(),
            ]) {
                let new = names.into_iter().filter(|name| !known.contains(*name));
                let new: Vec<String> = new.cloned().collect();
                known.extend(new);
            }
        }
        columns
    }

    /// The rows that did not fail.
    pub fn finished(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.error.is_none())
    }

    /// Lines of cells: what the columns are, then the rows.
    pub fn cells(&self) -> Vec<Vec<String>> {
        let [axes, figures] = self.columns();
        let failed = self.rows.iter().any(|row| row.error.is_some());
        let mut head: Vec<String> = axes.iter().chain(&figures).cloned().collect();
        head.extend(failed.then(|| "error".to_owned()));
        let line = |row: &Row| {
            let point = axes.iter().map(|axis| cell(row.point.get(axis)));
            let found = figures.iter().map(|name| cell(row.figures.get(name)));
            let error = failed.then(|| row.error.clone().unwrap_or_default());
            point.chain(found).chain(error).collect()
        };
        std::iter::once(head)
            .chain(self.rows.iter().map(line))
            .collect()
    }

    /// The mean of every figure over an axis, with Student's 95 % interval: a row for every point of the other axes.
    /// Figures that are no numbers are left out, as are rows that failed.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis.
    pub fn over(&self, axis: &str) -> Result<Results, Error> {
        self.check_axis("axis", axis)?;
        let mut groups: Vec<(Point, Vec<&Row>)> = Vec::new();
        for row in self.finished() {
            let mut point = row.point.clone();
            point.remove(axis);
            match groups.iter_mut().find(|(other, _)| *other == point) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((point, vec![row])),
            }
        }
        let joined = |(point, rows): (Point, Vec<&Row>)| {
            let mut figures = BTreeMap::new();
            for name in rows.iter().flat_map(|row| row.figures.keys()) {
                let values = rows.iter().filter_map(|row| number(row.figures.get(name)?));
                let values: Vec<f64> = values.collect();
                if values.is_empty() || figures.contains_key(name) {
                    continue;
                }
                let interval = mean_interval(&values);
                let [mean, low, high] = INTERVAL;
                let found = json!({ mean: interval.value, low: interval.low,
                    high: interval.high, "n": values.len() });
                figures.insert(name.clone(), found);
            }
            Row {
                point,
                figures,
                error: None,
                seconds: rows.iter().map(|row| row.seconds).sum(),
            }
        };
        Ok(Results {
            rows: groups.into_iter().map(joined).collect(),
        })
    }

    /// Says which axes there are, if a name is none of them.
    pub(super) fn check_axis(&self, param: &'static str, axis: &str) -> Result<(), Error> {
        let [axes, _] = self.columns();
        known(param, "an axis", axis, &axes)
    }

    /// Says which figures there are, if a name is none of them.
    pub(super) fn check_figure(&self, name: &str) -> Result<(), Error> {
        let [_, figures] = self.columns();
        known("figure", "a figure", name, &figures)
    }

    /// The table as CSV: an interval takes three columns.
    pub fn to_csv(&self) -> String {
        let [axes, figures] = self.columns();
        let with_ends = |name: &String| {
            let values = self.rows.iter().filter_map(|row| row.figures.get(name));
            values.clone().any(Value::is_object) && values.clone().all(|v| number(v).is_some())
        };
        let intervals: Vec<bool> = figures.iter().map(with_ends).collect();
        let mut head: Vec<String> = axes.clone();
        for (name, is_interval) in figures.iter().zip(&intervals) {
            head.push(name.clone());
            if *is_interval {
                head.extend(["low", "high"].map(|end| format!("{name}_{end}")));
            }
        }
        head.extend(["seconds", "error"].map(str::to_owned));
        let mut lines = vec![head];
        for row in &self.rows {
            let plain = |value: Option<&Value>| match value {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            let mut line: Vec<String> =
                axes.iter().map(|axis| plain(row.point.get(axis))).collect();
            for (name, is_interval) in figures.iter().zip(&intervals) {
                let value = row.figures.get(name);
                if !is_interval {
                    line.push(plain(value));
                    continue;
                }
                let of = |number: Option<f64>| number.map(|n| n.to_string()).unwrap_or_default();
                line.push(of(value.and_then(number)));
                let ends = value.and_then(ends);
                line.extend([of(ends.map(|e| e[0])), of(ends.map(|e| e[1]))]);
            }
            line.push(row.seconds.to_string());
            line.push(row.error.clone().unwrap_or_default());
            lines.push(line);
        }
        lines.iter().map(|line| csv_line(line)).collect()
    }

    /// A line of JSON for every row.
    pub fn to_json_lines(&self) -> String {
        let lines = self
            .rows
            .iter()
            .filter_map(|row| serde_json::to_string(row).ok());
        lines.map(|line| line + "\n").collect()
    }

    /// Saves the table, whole or not at all: as CSV, or a line of JSON for every row.
    ///
    /// # Errors
    /// [`Error::Range`] for another ending than `.csv` and `.jsonl`, and whatever writing reports.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let text = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => self.to_csv(),
            Some("jsonl") => self.to_json_lines(),
            _ => {
                return Err(Error::Range {
                    param: "path",
                    want: "a name that ends in `.csv` or `.jsonl`".into(),
                    got: path.display().to_string(),
                });
            }
        };
        Ok(write_whole(path, text.as_bytes())?)
    }
}

fn known(param: &'static str, what: &str, name: &str, names: &[String]) -> Result<(), Error> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(Error::Range {
        param,
        want: format!("{what} of the results, one of `{}`", names.join("`, `")),
        got: format!("\"{name}\""),
    })
}

fn csv_line(cells: &[String]) -> String {
    let quoted = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
