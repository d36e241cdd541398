//! A figure as a value: what is shown, and not where.

use std::sync::Arc;

/// A figure with a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub content: Content,
}

/// What a figure shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Curves.
    Lines(Lines),
    /// Groups of bars with intervals.
    Bars(Bars),
    /// Numbers in rows and columns.
    Matrix(Matrix),
    /// Points in the plane, such as a map of embeddings.
    Points(Points),
}

/// Curves over one axis.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Lines {
    /// What is measured to the right, with its unit.
    pub x_title: String,
    /// What is measured upwards, with its unit.
    pub y_title: String,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// A curve: points from left to right. What is not finite leaves a gap.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Places to the right.
    pub x: Vec<f64>,
    /// Values, one for each place.
    pub y: Vec<f64>,
}

/// Bars in groups, one of each group for every name.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Bars {
    /// What is measured upwards, with its unit.
    pub y_title: String,
    /// Where the axis begins and ends, if that is given by what is measured.
    pub range: Option<[f64; 2]>,
    /// What the bars stand for.
    pub names: Vec<String>,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Bars of one colour.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// A bar for each name.
    pub bars: Vec<Bar>,
}

/// A bar with the interval around its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Where it ends.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Numbers in named rows and columns, such as a confusion matrix.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Matrix {
    /// What the columns are.
    pub x_title: String,
    /// What the rows are.
    pub y_title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// A row of numbers for each name.
    pub values: Vec<Vec<f64>>,
}

/// Points in the plane, in groups of a colour each.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Points {
    /// What is measured to the right, with its unit.
    pub x_title: String,
    /// What is measured upwards, with its unit.
    pub y_title: String,
    /// The groups.
    pub clouds: Vec<Cloud>,
}

/// Points of one colour.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cloud {
    /// Their name.
    pub name: String,
    /// Places of the points.
    pub points: Vec<[f64; 2]>,
    /// What is said of each point where it is pointed at.
    pub texts: Vec<String>,
    /// The address of the sound of each point, often the sound itself (`data:`); empty where no point has one.
    pub sounds: Vec<Option<Arc<str>>>,
}

impl Figure {
    /// Lines over epochs counted from 1, one for each curve.
    pub fn lines(title: &str, y_title: &str, curves: &[(&str, &[f64])]) -> Figure {
        let curve = |(name, values): &(&str, &[f64])| Curve {
            name: (*name).to_owned(),
            x: (1..=values.len()).map(|epoch| epoch as f64).collect(),
            y: values.to_vec(),
        };
        let curves = curves.iter().map(curve).collect();
        let lines = Lines {
            x_title: "epoch".into(),
            y_title: y_title.to_owned(),
            curves,
        };
        Figure {
            title: title.to_owned(),
            content: Content::Lines(lines),
        }
    }
}

impl Points {
    /// Whether any point has a sound.
    pub fn has_sounds(&self) -> bool {
        let mut sounds = self.clouds.iter().flat_map(|cloud| &cloud.sounds);
        sounds.any(Option::is_some)
    }
}

impl Cloud {
    /// The points that can be drawn.
    pub(crate) fn finite(&self) -> impl Iterator<Item = [f64; 2]> {
        self.points.iter().copied().filter(is_finite)
    }
}

impl Curve {
    /// The points that can be drawn.
    pub(crate) fn points(&self) -> impl Iterator<Item = [f64; 2]> {
        let pairs = self.x.iter().zip(&self.y);
        pairs.map(|(&x, &y)| [x, y]).filter(is_finite)
    }
}

fn is_finite(point: &[f64; 2]) -> bool {
    point.iter().all(|value| value.is_finite())
}
