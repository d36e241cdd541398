//! Figures as drawings, for every place where no script can draw them.

use crate::area::{Area, BOTTOM, HEIGHT, LEFT, RIGHT, SIZE, TICKS, TOP, WIDTH, label, with_axes};
use crate::axis::{Axis, number, padded, span};
use crate::color::{INK, SERIES, WHITE, blue};
use crate::drawing::{Anchor, Drawing, Words};
use crate::figure::{Bars, Content, Figure, Lines, Matrix};
use crate::points::of_points;
use crate::text::cut;

/// The height of a matrix and of its cells at most, and of a cell at least.
const MATRIX: f64 = 400.0;
const CELL: f64 = 56.0;
const SMALLEST: f64 = 12.0;
/// Above this many classes a confusion matrix has no room for its numbers.
const MOST_NUMBERS: usize = 20;
/// Longer names are cut.
const LONGEST_NAME: usize = 24;

/// Size of a picture of work that goes on.
const SMALL: [f64; 2] = [480.0, 180.0];

impl Figure {
    /// The figure as a picture.
    pub fn to_drawing(&self) -> Drawing {
        let mut drawing = match &self.content {
            Content::Lines(lines) => of_lines(lines, [WIDTH, HEIGHT], TOP),
            Content::Bars(bars) => of_bars(bars),
            Content::Matrix(matrix) => of_matrix(matrix),
            Content::Points(points) => of_points(points),
        };
        drawing.text([LEFT, 20.0], Words::new(&self.title, 15.0).bold());
        drawing
    }

    /// Curves without a title, small enough to stand beside work that goes on; other figures as they are.
    pub fn to_small_drawing(&self) -> Drawing {
        match &self.content {
            Content::Lines(lines) => of_lines(lines, SMALL, 12.0),
            _ => self.to_drawing(),
        }
    }

    /// The figure as an SVG file.
    pub fn to_svg(&self) -> String {
        self.to_drawing().to_svg()
    }

    /// The figure as a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        self.to_drawing().to_png()
    }
}

fn of_lines(lines: &Lines, size: [f64; 2], top: f64) -> Drawing {
    let points = || lines.curves.iter().flat_map(|curve| curve.points());
    let [left, right] = span(points().map(|point| point[0]));
    let [low, high] = padded(span(points().map(|point| point[1])));
    let (x, y) = (
        Axis::new(left, right, &lines.x_title),
        Axis::new(low, high, &lines.y_title),
    );
    let area = Area { size, top, x, y };
    let mut drawing = with_axes(&area);
    // What is counted, such as epochs, has no halves.
    let whole = points().all(|point| point[0].fract() == 0.0);
    for x in area.x.ticks(TICKS).filter(|x| !whole || x.fract() == 0.0) {
        label(
            &mut drawing,
            [area.across(x), size[1] - BOTTOM + 16.0],
            Anchor::Middle,
            &number(x),
        );
    }
    for (index, curve) in lines.curves.iter().enumerate() {
        let color = SERIES[index % SERIES.len()];
        let points: Vec<[f64; 2]> = curve.points().map(|point| area.at(point)).collect();
        match points[..] {
            // A curve of one point would not be seen.
            [point] => drawing.dot(point, 3.0, color),
            [] => {}
            _ => drawing.line(points, color, 2.0),
        }
    }
    legend(
        &mut drawing,
        lines.curves.iter().map(|curve| curve.name.as_str()),
    );
    drawing
}

fn of_bars(bars: &Bars) -> Drawing {
    let values = bars
        .groups
        .iter()
        .flat_map(|group| &group.bars)
        .flat_map(|bar| [bar.value, bar.low, bar.high]);
    let [low, high] = bars
        .range
        .unwrap_or_else(|| padded(span(values.chain([0.0]))));
    let across = Axis::new(-0.5, bars.names.len().max(1) as f64 - 0.5, "");
    let area = Area {
        size: [WIDTH, HEIGHT],
        top: TOP,
        x: across,
        y: Axis::new(low, high, &bars.y_title),
    };
    let mut drawing = with_axes(&area);
    for (i, name) in bars.names.iter().enumerate() {
        label(
            &mut drawing,
            [area.across(i as f64), HEIGHT - BOTTOM + 16.0],
            Anchor::Middle,
            name,
        );
    }
    let width = 0.8 / bars.groups.len().max(1) as f64;
    for (index, group) in bars.groups.iter().enumerate() {
        for (i, bar) in group
            .bars
            .iter()
            .enumerate()
            .filter(|(_, bar)| bar.value.is_finite())
        {
            let from = i as f64 - 0.4 + index as f64 * width;
            let (left, right) = (area.across(from), area.across(from + 0.9 * width));
            let (top, bottom) = (area.down(bar.value), area.down(area.y.low));
            drawing.rect(
                [left, top],
                [right - left, bottom - top],
                SERIES[index % SERIES.len()],
            );
            let middle = (left + right) / 2.0;
            drawing.line(
                vec![[middle, area.down(bar.high)], [middle, area.down(bar.low)]],
                INK,
                1.5,
            );
        }
    }
    legend(
        &mut drawing,
        bars.groups.iter().map(|group| group.name.as_str()),
    );
    drawing
}

fn of_matrix(matrix: &Matrix) -> Drawing {
    let n_rows = matrix.values.len();
    // Names of rows stand at the left, those of columns below; the longest decides how much room they need.
    let room = |names: &[String]| {
        names
            .iter()
            .map(|name| crate::width_of(&cut(name, LONGEST_NAME), SIZE))
            .fold(0.0, f64::max)
    };
    let (left, below) = (40.0 + room(&matrix.rows), 34.0 + room(&matrix.columns));
    let tall = (MATRIX / n_rows.max(1) as f64).clamp(SMALLEST, CELL);
    let width = (WIDTH - left - RIGHT) / matrix.columns.len().max(1) as f64;
    let bottom = TOP + n_rows as f64 * tall;
    let mut drawing = Drawing::new(WIDTH, bottom + below);
    let finite = || {
        matrix
            .values
            .iter()
            .flatten()
            .copied()
            .filter(|v| v.is_finite())
    };
    let most = finite().fold(f64::MIN_POSITIVE, f64::max);
    // Counts are seen from zero, numbers that lie close together from the least of them.
    let least = finite().fold(f64::INFINITY, f64::min);
    let zero = if 2.0 * least > most { least } else { 0.0 };
    label(
        &mut drawing,
        [left + (WIDTH - left - RIGHT) / 2.0, bottom + below - 8.0],
        Anchor::Middle,
        &matrix.x_title,
    );
    let title = Words::new(&matrix.y_title, SIZE)
        .anchored(Anchor::Middle)
        .turned(-90.0);
    drawing.text([16.0, (TOP + bottom) / 2.0], title);
    for (r, row) in matrix.values.iter().enumerate() {
        let y = TOP + r as f64 * tall;
        let name = matrix
            .rows
            .get(r)
            .map_or_else(String::new, |name| cut(name, LONGEST_NAME));
        let size = SIZE.min(tall);
        let name = Words::new(name, size).anchored(Anchor::End);
        drawing.text([left - 6.0, y + tall / 2.0 + 0.35 * size], name);
        for (c, value) in row.iter().enumerate() {
            let x = left + c as f64 * width;
            if !value.is_finite() {
                continue;
            }
            let share = (value - zero) / (most - zero).max(f64::MIN_POSITIVE);
            drawing.rect(
                [x + 0.5, y + 0.5],
                [(width - 1.0).max(1.0), tall - 1.0],
                blue(share),
            );
            if matrix.columns.len().max(n_rows) <= MOST_NUMBERS {
                let color = if share > 0.5 { WHITE } else { INK };
                let words = Words::new(number(*value), SIZE)
                    .anchored(Anchor::Middle)
                    .colored(color);
                drawing.text([x + width / 2.0, y + tall / 2.0 + 4.0], words);
            }
        }
    }
    for (c, name) in matrix.columns.iter().enumerate() {
        let x = left + (c as f64 + 0.5) * width;
        let name = Words::new(cut(name, LONGEST_NAME), SIZE.min(width.max(6.0)))
            .anchored(Anchor::End)
            .turned(-60.0);
        drawing.text([x + 4.0, bottom + 10.0], name);
    }
    drawing
}

/// Names of the series with their colours, if there are several.
fn legend<'a>(drawing: &mut Drawing, names: impl ExactSizeIterator<Item = &'a str>) {
    let several = names.len() > 1;
    let mut x = LEFT;
    for (index, name) in names.enumerate().filter(|_| several) {
        drawing.rect([x, 27.0], [10.0, 10.0], SERIES[index % SERIES.len()]);
        label(drawing, [x + 14.0, 36.0], Anchor::Start, name);
        x += 34.0 + 1.1 * crate::width_of(name, SIZE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Bar, Group};

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let svg = Figure::lines("loss <1>", "nats", &[("a", &[1.0, f64::NAN, 0.0])]).to_svg();
        // The width is 70..620 for epochs 1 to 3; the height 44..308 for -0.05 to 1.05, so that 1 stands at 56 and 0 at 296.
        assert!(svg.contains("points=\"70,56 620,296\""), "{svg}");
        assert!(
            svg.contains("loss &lt;1&gt;") && svg.contains(">epoch<") && svg.contains(">nats<")
        );
        // Epochs have no halves.
        assert!(
            svg.contains(">1</text>") && !svg.contains(">1.5<") && !svg.contains(">2.5<"),
            "{svg}"
        );
        assert!(
            !Figure::lines("", "", &[("a", &[])])
                .to_svg()
                .contains("stroke-width=\"2\"")
        );
        assert!(
            Figure::lines("", "", &[("a", &[1.0])])
                .to_svg()
                .contains("<circle cx=\"345\" cy=\"176\"")
        );
    }

    #[test]
    fn bars_stand_on_the_axis_and_a_matrix_has_its_numbers() {
        let group = Group {
            name: "knn".into(),
            bars: vec![Bar {
                value: 0.5,
                low: 0.0,
                high: 0.75,
            }],
        };
        let bars = Bars {
            range: Some([0.0, 1.0]),
            names: vec!["a".into()],
            groups: vec![group],
            y_title: String::new(),
        };
        let svg = Figure {
            title: String::new(),
            content: Content::Bars(bars),
        }
        .to_svg();
        // One class spans 550 pixels, its bar 0.72 of it; 264 pixels are one unit of accuracy.
        assert!(
            svg.contains("<rect x=\"125\" y=\"176\" width=\"396\" height=\"132\""),
            "{svg}"
        );
        assert!(svg.contains("points=\"323,110 323,308\""), "{svg}");
        let names = vec!["p".to_owned(), "a class with a very long name".into()];
        let values = vec![vec![9.0, 0.0], vec![3.0, 6.0]];
        let matrix = Matrix {
            columns: names.clone(),
            rows: names,
            values,
            ..Matrix::default()
        };
        let figure = Figure {
            title: String::new(),
            content: Content::Matrix(matrix),
        };
        for part in [
            ">9</text>",
            "fill=\"#08408c\"",
            "fill=\"#ffffff\"",
            ">a class with a very lon…<",
        ] {
            assert!(
                figure.to_svg().contains(part),
                "{part}: {}",
                figure.to_svg()
            );
        }
        assert!(figure.to_png().starts_with(b"\x89PNG"));
    }
}
