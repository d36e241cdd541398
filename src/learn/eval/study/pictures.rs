//! Results as figures.

use super::results::{Results, Row, ends, number};
use crate::Error;
use auricle_figure::{Bar, Bars, Content, Curve, Figure, Group, Lines, Matrix};
use serde_json::Value;

/// The name of a value in a legend or beside a row.
fn name(value: Option<&Value>) -> String {
    super::results::cell(value)
}

/// Values of an axis in the order of the rows.
fn values(rows: &[&Row], axis: &str) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for value in rows.iter().filter_map(|row| row.point.get(axis)) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}

/// The mean of a figure over some rows.
fn mean<'a>(rows: impl Iterator<Item = &'a Row>, figure: &str) -> f64 {
    let numbers = rows.filter_map(|row| number(row.figures.get(figure)?));
    let numbers: Vec<f64> = numbers.collect();
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

impl Results {
    /// A figure over two axes as a matrix with the means of its rows and columns (Al-Tahan and Mohsenzadeh, 2021,
    /// figure 4); over other axes it is averaged.
    ///
    /// # Errors
    /// [`Error::Range`] if an axis or the figure is not there.
    pub fn matrix(&self, rows: &str, columns: &str, figure: &str) -> Result<Figure, Error> {
        self.check_axis("rows", rows)?;
        self.check_axis("columns", columns)?;
        self.check_figure(figure)?;
        let all: Vec<&Row> = self.finished().collect();
        let [in_rows, in_columns] = [values(&all, rows), values(&all, columns)];
        let is = |row: &Row, axis: &str, value: Option<&Value>| {
            value.is_none_or(|value| row.point.get(axis) == Some(value))
        };
        let with_mean = |values: &[Value]| -> Vec<Option<Value>> {
            values.iter().cloned().map(Some).chain([None]).collect()
        };
        let cells = with_mean(&in_rows).into_iter().map(|row_value| {
            let line = with_mean(&in_columns).into_iter().map(|column_value| {
                let here = all.iter().copied().filter(|row| {
                    is(row, rows, row_value.as_ref()) && is(row, columns, column_value.as_ref())
                });
                mean(here, figure)
            });
            line.collect()
        });
        let names = |values: &[Value]| {
            let names = values.iter().map(|value| name(Some(value)));
            names.chain(["mean".to_owned()]).collect()
        };
        Ok(Figure {
            title: figure.to_owned(),
            content: Content::Matrix(Matrix {
                x_title: columns.to_owned(),
                y_title: rows.to_owned(),
                columns: names(&in_columns),
                rows: names(&in_rows),
                values: cells.collect(),
            }),
        })
    }

    /// A figure over an axis: curves over numbers, bars over names, one for each value of the axis `color`.
    ///
    /// # Errors
    /// [`Error::Range`] if an axis or the figure is not there.
    pub fn plot(&self, x: &str, y: &str, color: Option<&str>) -> Result<Figure, Error> {
        self.check_axis("x", x)?;
        self.check_figure(y)?;
        if let Some(color) = color {
            self.check_axis("color", color)?;
        }
        let all: Vec<&Row> = self.finished().collect();
        let places = values(&all, x);
        let colors = match color {
            Some(color) => values(&all, color).into_iter().map(Some).collect(),
            None => vec![None],
        };
        let here = |place: &Value, of: &Option<Value>| -> Vec<&Row> {
            let fits = |row: &&Row| {
                let of_color = color.zip(of.as_ref());
                row.point.get(x) == Some(place)
                    && of_color.is_none_or(|(color, value)| row.point.get(color) == Some(value))
            };
            all.iter().copied().filter(fits).collect()
        };
        let legend = |of: &Option<Value>| of.as_ref().map_or(y.to_owned(), |of| name(Some(of)));
        let content = if places.iter().all(Value::is_number) {
            let curve = |of: &Option<Value>| {
                let mut points: Vec<[f64; 2]> = places
                    .iter()
                    .filter_map(|place| {
                        let rows = here(place, of);
                        Some([place.as_f64()?, mean(rows.into_iter(), y)])
                    })
                    .collect();
                points.sort_by(|a, b| a[0].total_cmp(&b[0]));
                Curve {
                    name: legend(of),
                    x: points.iter().map(|point| point[0]).collect(),
                    y: points.iter().map(|point| point[1]).collect(),
                }
            };
            Content::Lines(Lines {
                x_title: x.to_owned(),
                y_title: y.to_owned(),
                curves: colors.iter().map(curve).collect(),
            })
        } else {
            let bar = |place: &Value, of: &Option<Value>| {
                let rows = here(place, of);
                let value = mean(rows.iter().copied(), y);
                let interval = match rows[..] {
                    [row] => row.figures.get(y).and_then(ends),
                    _ => None,
                };
                let [low, high] = interval.unwrap_or([value; 2]);
                Bar { value, low, high }
            };
            let group = |of: &Option<Value>| Group {
                name: legend(of),
                bars: places.iter().map(|place| bar(place, of)).collect(),
            };
            Content::Bars(Bars {
                y_title: y.to_owned(),
                range: None,
                names: places.iter().map(|place| name(Some(place))).collect(),
                groups: colors.iter().map(group).collect(),
            })
        };
        Ok(Figure {
            title: format!("{y} by {x}"),
            content,
        })
    }
}
