//! Lines as characters: the braille patterns of Unicode hold two by four dots each.

/// Dots of a character in rows from the top, as bits from its first pattern.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const EMPTY: u32 = 0x2800;

/// A grid of dots.
struct Dots {
    columns: usize,
    cells: Vec<u32>,
}

impl Dots {
    fn new(columns: usize, rows: usize) -> Dots {
        Dots {
            columns,
            cells: vec![EMPTY; columns * rows],
        }
    }

    /// Sets a dot; rows count from the top.
    fn set(&mut self, x: usize, y: usize) {
        self.cells[y / 4 * self.columns + x / 2] |= DOTS[y % 4][x % 2];
    }

    fn row(&self, row: usize) -> String {
        let cells = &self.cells[row * self.columns..(row + 1) * self.columns];
        let text: String = cells
            .iter()
            .filter_map(|&cell| char::from_u32(cell))
            .collect();
        text.trim_end_matches('\u{2800}').to_owned()
    }
}

/// A line through values, in so many characters beside and below each other, with the bounds at its left and the
/// numbers of the first and the last value below, counted on from `from`. Values that are not finite leave gaps. Empty if no value is finite.
pub fn curve_rows(values: &[f64], from: usize, columns: usize, rows: usize) -> String {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high || columns == 0 || rows == 0 {
        return String::new();
    }
    let mut dots = Dots::new(columns, rows);
    // Halves, because the difference of two large numbers may be infinite.
    let share = |value: f64| {
        if high > low {
            (high / 2.0 - value / 2.0) / (high / 2.0 - low / 2.0)
        } else {
            0.0
        }
    };
    let x = |index: usize| index * (2 * columns - 1) / (values.len() - 1).max(1);
    let y = |value: f64| (share(value) * (4 * rows - 1) as f64).round() as usize;
    for (index, pair) in values
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair.iter().all(|v| v.is_finite()))
    {
        let (from, to) = ((x(index), y(pair[0])), (x(index + 1), y(pair[1])));
        let steps = (to.0 - from.0).max(to.1.abs_diff(from.1)).max(1);
        for step in 0..=steps {
            let between = |a: usize, b: usize| {
                (a as f64 + (b as f64 - a as f64) * step as f64 / steps as f64).round() as usize
            };
            dots.set(between(from.0, to.0), between(from.1, to.1));
        }
    }
    values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .for_each(|(i, &value)| dots.set(x(i), y(value)));
    let (top, bottom) = (bound(high), bound(low));
    let width = top.len().max(bottom.len());
    let lines = (0..rows).map(|row| {
        let (label, mark) = match row {
            0 => (top.as_str(), '┤'),
            row if row + 1 == rows => (bottom.as_str(), '┤'),
            _ => ("", '│'),
        };
        format!("{label:>width$} {mark}{}", dots.row(row))
    });
    let mut out: Vec<String> = lines.collect();
    if values.len() > 1 {
        let (first, last) = (from.to_string(), (from + values.len() - 1).to_string());
        let room = columns.saturating_sub(first.len());
        out.push(format!("{:width$}  {first}{last:>room$}", ""));
    }
    out.join("\n")
}

fn bound(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        size if size < 10.0 => format!("{value:.4}"),
        size if size < 1000.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

/// The space between pairs of values, such as the smallest and largest sample of every piece of a sound: one pair a
/// column of dots, so two in a character, from -1 at the bottom to 1 at the top. What lies beyond is cut off.
pub fn outline_rows(bounds: &[(f64, f64)], rows: usize) -> String {
    let mut dots = Dots::new(bounds.len().div_ceil(2), rows);
    let last = (4 * rows).saturating_sub(1);
    let y = |value: f64| ((1.0 - value.clamp(-1.0, 1.0)) / 2.0 * last as f64).round() as usize;
    for (x, &(low, high)) in bounds
        .iter()
        .enumerate()
        .filter(|(_, (low, high))| low <= high)
    {
        (y(high)..=y(low)).for_each(|y| dots.set(x, y));
    }
    (0..rows)
        .map(|row| dots.row(row))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_line_falls() {
        // Four dots by four: a diagonal from the upper left to the lower right.
        assert_eq!(
            curve_rows(&[3.0, 2.0, 1.0, 0.0], 1, 2, 1),
            "3.0000 ┤⠑⢄\n        14"
        );
        let rows = curve_rows(&[4.0, 1.0, 1.0], 1, 10, 2);
        assert_eq!(
            rows.lines().map(|line| line.chars().count()).max(),
            Some(18)
        );
        assert!(
            rows.starts_with("4.0000 ┤")
                && rows.contains("\n1.0000 ┤")
                && rows.ends_with("  1        3"),
            "{rows}"
        );
    }

    #[test]
    fn the_count_goes_on_where_it_was() {
        let rows = curve_rows(&[2.0, 1.0, 0.5], 98, 10, 2);
        assert_eq!(rows.lines().last(), Some("        98     100"), "{rows}");
    }

    #[test]
    fn gaps_and_single_values_are_drawn() {
        assert_eq!(curve_rows(&[f64::NAN, f64::INFINITY], 1, 10, 3), "");
        assert_eq!(curve_rows(&[], 1, 10, 3), "");
        assert_eq!(curve_rows(&[2.0], 1, 2, 1), "2.0000 ┤⠁");
        let gap = curve_rows(&[1.0, f64::NAN, f64::NAN, 1.0], 1, 2, 1);
        assert!(gap.starts_with("1.0000 ┤⠁⠈"), "{gap}");
        assert!(curve_rows(&[f64::MAX, f64::MIN], 1, 4, 2).starts_with(" 1.80e308 ┤"));
    }

    #[test]
    fn an_outline_fills_what_lies_between() {
        assert_eq!(
            outline_rows(&[(-1.0, 1.0), (0.0, 1.0), (-9.0, -1.0)], 1),
            "⡿⡀"
        );
        assert_eq!(outline_rows(&[], 2), "\n");
    }
}
