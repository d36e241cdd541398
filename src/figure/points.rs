//! Points in the plane as a drawing and as characters.

use crate::area::{Area, BOTTOM, RIGHT, SIZE, TICKS, TOP, WIDTH, label, with_axes};
use crate::axis::{Axis, number, padded, span};
use crate::color::class;
use crate::drawing::{Anchor, Drawing};
use crate::figure::Points;
use crate::text::cut;

/// A map is higher than curves are.
const TALL: f64 = 480.0;
/// The column of names at the right, the height of one, and how many characters it may have.
const NAMES: f64 = 130.0;
const LINE: f64 = 16.0;
const LONGEST_NAME: usize = 18;
/// Rows of characters, and columns at most.
const ROWS: usize = 20;
const COLUMNS: usize = 64;

/// Signs of the clouds in a terminal, one after the other.
const SIGNS: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Bounds of all points to the right and upwards, with some space around them.
fn bounds(points: &Points) -> [[f64; 2]; 2] {
    let all = || points.clouds.iter().flat_map(|cloud| &cloud.points);
    [0, 1].map(|axis| padded(span(all().map(|point| point[axis]))))
}

pub(crate) fn of_points(points: &Points) -> Drawing {
    let several = points.clouds.len() > 1;
    let right = if several { NAMES } else { 0.0 };
    let [[left, end], [low, high]] = bounds(points);
    let area = Area {
        size: [WIDTH - right, TALL],
        top: TOP,
        x: Axis::new(left, end, &points.x_title),
        y: Axis::new(low, high, &points.y_title),
    };
    let mut drawing = with_axes(&area);
    drawing.widen(WIDTH);
    for x in area.x.ticks(TICKS) {
        let at = [area.across(x), TALL - BOTTOM + 16.0];
        label(&mut drawing, at, Anchor::Middle, &number(x));
    }
    for (index, cloud) in points.clouds.iter().enumerate() {
        for point in cloud.finite() {
            drawing.dot(area.at(point), 2.5, class(index));
        }
    }
    if several {
        let from = WIDTH - NAMES - RIGHT / 2.0;
        let room = ((TALL - TOP - BOTTOM) / LINE) as usize;
        let names = points.clouds.iter().map(|cloud| cloud.name.as_str());
        for (index, name) in names.enumerate() {
            let y = TOP + LINE * index as f64 + SIZE;
            if index + 1 >= room && points.clouds.len() > room {
                let more = format!("and {} more", points.clouds.len() - index);
                label(&mut drawing, [from + 14.0, y], Anchor::Start, &more);
                break;
            }
            drawing.dot([from + 5.0, y - 4.0], 4.0, class(index));
            label(
                &mut drawing,
                [from + 14.0, y],
                Anchor::Start,
                &cut(name, LONGEST_NAME),
            );
        }
    }
    drawing
}

impl Points {
    /// Rows of characters: a sign for the cloud of a place, and below which sign is which. Of several clouds in one place the one
    /// with most points there is seen.
    pub(crate) fn to_rows(&self, columns: usize) -> String {
        let width = COLUMNS.min(columns.saturating_sub(2)).max(8);
        let [[left, end], [low, high]] = bounds(self);
        let signs: Vec<char> = SIGNS.chars().collect();
        let mut counts = vec![vec![0usize; self.clouds.len()]; width * ROWS];
        for (index, cloud) in self.clouds.iter().enumerate() {
            for [x, y] in cloud.finite() {
                let across = ((x - left) / (end - left) * (width - 1) as f64).round() as usize;
                let down = ((high - y) / (high - low) * (ROWS - 1) as f64).round() as usize;
                counts[down.min(ROWS - 1) * width + across.min(width - 1)][index] += 1;
            }
        }
        let sign = |counts: &Vec<usize>| {
            let most = counts.iter().copied().max().unwrap_or(0);
            match counts.iter().position(|&count| count == most) {
                Some(index) if most > 0 => signs[index % signs.len()],
                _ => ' ',
            }
        };
        let line = |row: &[Vec<usize>]| row.iter().map(sign).collect::<String>();
        let mut rows: Vec<String> = counts
            .chunks(width)
            .map(|row| line(row).trim_end().to_owned())
            .collect();
        if self.clouds.len() > 1 {
            let named = self.clouds.iter().enumerate();
            let named = named.map(|(i, cloud)| {
                format!(
                    "{} {}",
                    signs[i % signs.len()],
                    cut(&cloud.name, LONGEST_NAME)
                )
            });
            let mut legend = String::new();
            for name in named {
                if legend.chars().count() + name.chars().count() + 2 > columns {
                    rows.push(std::mem::take(&mut legend));
                }
                let between = if legend.is_empty() { "" } else { "  " };
                legend = format!("{legend}{between}{name}");
            }
            rows.push(legend);
        }
        rows.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Cloud, Content, Figure};

    fn figure() -> Figure {
        let cloud = |name: &str, points: &[[f64; 2]]| Cloud {
            name: name.to_owned(),
            points: points.to_vec(),
            texts: vec![name.to_owned(); points.len()],
            sounds: Vec::new(),
        };
        let clouds = vec![
            cloud("low", &[[0.0, 0.0], [0.0, 0.0], [f64::NAN, 1.0]]),
            cloud("a name that is far too long", &[[1.0, 1.0], [0.0, 0.0]]),
        ];
        Figure {
            title: "map".to_owned(),
            content: Content::Points(Points {
                clouds,
                ..Points::default()
            }),
        }
    }

    #[test]
    fn points_stand_at_their_places_with_names_beside() {
        let svg = figure().to_svg();
        // Places -0.05 to 1.05 lie between 70 and 490 pixels to the right and 428 and 44 downwards.
        assert!(svg.contains("<circle cx=\"89.1\" cy=\"410.5\""), "{svg}");
        assert!(svg.contains("<circle cx=\"470.9\" cy=\"61.5\""), "{svg}");
        assert!(svg.contains(">a name that is fa…<"), "{svg}");
        // Four points and two names: what is no number has no place.
        assert_eq!(svg.matches("<circle").count(), 6);
    }

    #[test]
    fn a_terminal_has_a_sign_for_each_cloud() {
        let rows = figure().to_rows(66).unwrap();
        let lines: Vec<&str> = rows.lines().collect();
        assert_eq!(lines.len(), ROWS + 1, "{rows}");
        assert_eq!(lines[ROWS], "0 low  1 a name that is fa…");
        assert_eq!(rows.matches('1').count(), 2, "{rows}");
        // Two of `low` and one of the other are in one place.
        assert_eq!(rows.matches('0').count(), 2, "{rows}");
    }
}
