//! Whether two things do more together than the better one of them alone.

use super::grid::Point;
use super::results::number;
use super::{Results, Row};
use crate::Error;
use crate::eval::{Interval, mean_interval};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a study tried two things apart and together.
struct Tried<'a> {
    /// Axes that say what was tried; the others are seeds, folds and the like, over which the three are paired.
    axes: Vec<&'a str>,
    /// The values of these axes for the one, the other and both.
    values: [Vec<&'a str>; 3],
}

impl Results {
    /// The synergy of two things, `both - max(a, b)`: what the two reach together beyond the better one alone, with
    /// Student's 95 % interval of the paired differences over seeds, folds or whatever else the grid holds. The better one is
    /// that with the higher mean, so that chance does not choose anew at every seed.
    ///
    /// Either one axis holds both names and the two joined, `together`; or two axes hold both, as the pairs of a matrix do,
    /// where a thing beside itself is the thing alone.
    ///
    /// # Errors
    /// [`Error::Range`] if the study has not tried all three, or there is no such figure.
    pub fn synergy(
        &self,
        [a, b]: [&str; 2],
        together: &str,
        figure: &str,
    ) -> Result<Interval, Error> {
        self.check_figure(figure)?;
        let [axes, _] = self.columns();
        let holds = |axis: &str, name: &str| self.rows.iter().any(|row| value(row, axis) == name);
        let of_both = axes
            .iter()
            .map(String::as_str)
            .filter(|axis| holds(axis, a) && holds(axis, b));
        let tried = match of_both.collect::<Vec<_>>()[..] {
            [first, second] => Tried {
                axes: vec![first, second],
                values: [vec![a, a], vec![b, b], vec![a, b]],
            },
            [axis] if holds(axis, together) => Tried {
                axes: vec![axis],
                values: [vec![a], vec![b], vec![together]],
            },
            _ => {
                return Err(Error::Range {
                    param: "results",
                    want: format!(
                        "results with an axis that holds \"{a}\", \"{b}\" and \"{together}\", or two axes \
                         that hold \"{a}\" and \"{b}\""
                    ),
                    got: format!("results over {}", axes.join(", ")),
                });
            }
        };
        let [of_a, of_b, of_both] = [0, 1, 2].map(|which| self.tried(&tried, which, figure));
        // What some seeds have and others lack would compare unlike things.
        let paired: Vec<[f64; 3]> = of_both
            .iter()
            .filter_map(|(rest, both)| Some([*of_a.get(rest)?, *of_b.get(rest)?, *both]))
            .collect();
        if paired.is_empty() {
            return Err(Error::Range {
                param: "results",
                want: format!("a `{figure}` of all three at the same values of the other axes"),
                got: "results without any".into(),
            });
        }
        let sum = |which: usize| paired.iter().map(|three| three[which]).sum::<f64>();
        let better = if sum(0) >= sum(1) { 0 } else { 1 };
        let differences: Vec<f64> = paired
            .iter()
            .map(|three| three[2] - three[better])
            .collect();
        Ok(mean_interval(&differences))
    }

    /// The figure of one of the three, by where it stands on the other axes.
    fn tried(&self, tried: &Tried<'_>, which: usize, figure: &str) -> BTreeMap<String, f64> {
        let is_it = |row: &&Row| {
            let wanted = tried.axes.iter().zip(&tried.values[which]);
            wanted
                .into_iter()
                .all(|(axis, name)| value(row, axis) == *name)
        };
        let rest = |row: &Row| {
            let others = row.point.iter();
            let others: Point = others
                .filter(|(axis, _)| !tried.axes.contains(&axis.as_str()))
                .map(|(axis, value)| (axis.clone(), value.clone()))
                .collect();
            serde_json::to_string(&others).unwrap_or_default()
        };
        let found = self.finished().filter(is_it);
        found
            .filter_map(|row| Some((rest(row), number(row.figures.get(figure)?)?)))
            .collect()
    }
}

/// The name at a point of an axis; nothing for numbers.
fn value<'a>(row: &'a Row, axis: &str) -> &'a str {
    row.point.get(axis).and_then(Value::as_str).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(point: Value, accuracy: f64) -> Row {
        let point = serde_json::from_value(point).unwrap();
        let figures = [("accuracy".to_owned(), json!(accuracy))].into();
        Row {
            point,
            figures,
            error: None,
            seconds: 0.0,
        }
    }

    #[test]
    fn two_together_are_compared_with_the_better_one_seed_by_seed() {
        let of = [
            ("shift", [0.5, 0.6]),
            ("stretch", [0.4, 0.7]),
            ("shift + stretch", [0.7, 0.8]),
        ];
        let rows = of.iter().flat_map(|(view, values)| {
            let seeds = values.iter().enumerate();
            seeds.map(move |(seed, value)| row(json!({ "view": view, "seed": seed }), *value))
        });
        let results = Results {
            rows: rows.collect(),
        };
        let found = results.synergy(["shift", "stretch"], "shift + stretch", "accuracy");
        // Both reach 0.55 alone; the first of equals is taken, and 0.2 is gained at either seed.
        let found = found.unwrap();
        assert!((found.value - 0.2).abs() < 1e-12 && (found.high - found.low).abs() < 1e-9);
        let missing = results.synergy(["shift", "mask"], "shift + mask", "accuracy");
        assert!(missing.unwrap_err().to_string().contains("\"mask\""));
    }

    #[test]
    fn in_a_matrix_of_pairs_the_diagonal_is_each_alone() {
        let pair = |first: &str, second: &str, value: f64| {
            row(
                json!({ "first": first, "second": second, "fold": 1 }),
                value,
            )
        };
        let results = Results {
            rows: vec![
                pair("a", "a", 0.5),
                pair("a", "b", 0.9),
                pair("b", "a", 0.1),
                pair("b", "b", 0.7),
            ],
        };
        let found = results.synergy(["a", "b"], "", "accuracy").unwrap();
        assert!((found.value - 0.2).abs() < 1e-12);
        let found = results.synergy(["b", "a"], "", "accuracy").unwrap();
        assert!((found.value + 0.6).abs() < 1e-12);
    }
}
