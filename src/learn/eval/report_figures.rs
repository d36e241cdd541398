//! What a report has to show: its scores as bars, its confusion as a matrix.

use super::Report;
use auricle_figure::{Bar, Bars, Content, Figure, Group, Matrix};

impl Report {
    /// Bars with intervals, a group for each probe.
    pub fn scores_figure(&self) -> Figure {
        let probes = self.rows.first().map_or(0, |row| row.scores.len());
        let group = |probe: usize| {
            let scores: Vec<_> = (0..self.rows.len())
                .filter_map(|row| self.score(row, probe))
                .collect();
            let bar = |score: &&super::Score| {
                let super::Interval { value, low, high } = score.interval;
                Bar { value, low, high }
            };
            Group {
                name: scores
                    .first()
                    .map_or_else(String::new, |score| score.probe.clone()),
                bars: scores.iter().map(bar).collect(),
            }
        };
        let all = || self.rows.iter().flat_map(|row| &row.scores);
        let metric = all()
            .next()
            .map_or("accuracy".to_owned(), |score| score.metric.clone());
        // Shares have a scale of their own; errors of numbers have not.
        let is_share = all().all(|score| (0.0..=1.0).contains(&score.interval.value));
        let range = is_share.then_some([0.0, 1.0]);
        let bars = Bars {
            y_title: metric.clone(),
            range,
            names: self.rows.iter().map(|row| row.name.clone()).collect(),
            groups: (0..probes).map(group).collect(),
        };
        Figure {
            title: format!("{metric}, with 95 % intervals"),
            content: Content::Bars(bars),
        }
    }

    /// The confusion matrix as a figure.
    pub fn confusion_figure(&self) -> Figure {
        let values = self
            .confusion
            .iter()
            .map(|row| row.iter().map(|&count| count as f64).collect())
            .collect();
        let matrix = Matrix {
            x_title: "prediction".into(),
            y_title: "truth".into(),
            columns: self.classes.clone(),
            rows: self.classes.clone(),
            values,
        };
        let title = format!(
            "Confusion of {}",
            self.rows.first().map_or("", |row| row.name.as_str())
        );
        Figure {
            title,
            content: Content::Matrix(matrix),
        }
    }
}
