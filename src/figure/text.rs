//! Figures as characters, for terminals.

use crate::curve_rows;
use crate::figure::{Content, Figure};
use crate::sparkline;

/// Cells of a curve.
const CURVE: [usize; 2] = [64, 6];

impl Figure {
    /// A line for the figure and one for each of its curves.
    pub fn to_text(&self) -> String {
        let mut out = format!("figure: {}", self.title);
        if let Content::Points(points) = &self.content {
            for cloud in &points.clouds {
                out += &format!("\n  {}: {} points", cloud.name, cloud.points.len());
            }
        }
        if let Content::Lines(lines) = &self.content {
            for curve in &lines.curves {
                let values: Vec<f64> = curve.points().map(|point| point[1]).collect();
                if let (Some(first), Some(last)) = (values.first(), values.last()) {
                    out += &format!(
                        "\n  {} {first:.4} to {last:.4} {}",
                        curve.name,
                        sparkline(&values, 40)
                    );
                }
            }
        }
        out
    }

    /// What it shows as rows of characters of at most so many columns; nothing for what has no such form.
    pub fn to_rows(&self, columns: usize) -> Option<String> {
        let rows = match &self.content {
            Content::Lines(lines) => {
                let curve = lines.curves.first().filter(|curve| curve.y.len() > 1)?;
                let from = curve.x.first().copied().unwrap_or(1.0) as usize;
                curve_rows(
                    &curve.y,
                    from,
                    CURVE[0].min(columns.saturating_sub(12)),
                    CURVE[1],
                )
            }
            Content::Matrix(matrix) => matrix.to_rows(columns),
            Content::Points(points) => points.to_rows(columns),
            Content::Bars(_) => return None,
        };
        (!rows.is_empty()).then_some(rows)
    }
}
/// A name that leaves room for the rest: at most so many characters of it.
pub(crate) fn cut(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name.chars().take(most - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}
