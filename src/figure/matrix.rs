//! A matrix with its names as characters.

use crate::axis::number;
use crate::figure::Matrix;
use crate::text::cut;

/// Cells of a name at the left at most.
const LONGEST_NAME: usize = 20;

/// Shares of the largest number, by the character that stands for them where numbers have no room.
const RAMP: [char; 6] = ['·', '░', '▒', '▓', '█', '█'];

impl Matrix {
    /// Rows of characters of at most so many columns: names at the left, numbers with the names of their columns above. Where
    /// that is too wide, columns are numbered as the rows are, and where that is too wide, too, the darker a cell, the larger its
    /// number.
    pub(crate) fn to_rows(&self, columns: usize) -> String {
        let n = self.columns.len();
        let cells: Vec<Vec<String>> = self
            .values
            .iter()
            .map(|row| row.iter().map(|value| zero_as_dot(*value)).collect())
            .collect();
        let wide = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(1);
        let name = wide(&mut self.rows.iter().map(|name| name.chars().count())).min(LONGEST_NAME);
        let number = wide(&mut cells.iter().flatten().map(|cell| cell.chars().count()));
        let head = wide(&mut self.columns.iter().map(|name| name.chars().count())).max(number);
        let title = format!("rows: {}, columns: {}", self.y_title, self.x_title);
        let mut out = vec![title];
        if name + n * (head + 2) <= columns {
            out.push(line(name, "", head, self.columns.iter().cloned()));
            out.extend(
                cells
                    .into_iter()
                    .enumerate()
                    .map(|(r, row)| line(name, self.name(r), head, row.into_iter())),
            );
            return out.join("\n");
        }
        // Both sides carry the number of the class.
        let digits = n.max(self.rows.len()).to_string().len();
        let short = number.max(digits);
        let left = |r: usize| format!("{:>digits$} {}", r + 1, cut(self.name(r), LONGEST_NAME));
        let name = name + digits + 1;
        if name + n * (short + 1) <= columns {
            let numbers = (1..=n).map(|c| c.to_string());
            out.push(dense(name, "", short, numbers));
            out.extend(
                cells
                    .into_iter()
                    .enumerate()
                    .map(|(r, row)| dense(name, &left(r), short, row.into_iter())),
            );
            return out.join("\n");
        }
        let most = self
            .values
            .iter()
            .flatten()
            .copied()
            .fold(f64::MIN_POSITIVE, f64::max);
        let shade = |value: &f64| match *value {
            value if value > 0.0 => RAMP[1 + (value / most * 4.0) as usize],
            _ => RAMP[0],
        };
        let room = columns.saturating_sub(name + 1).max(1);
        for (r, row) in self.values.iter().enumerate() {
            let shades: String = row.iter().take(room).map(shade).collect();
            out.push(format!("{:name$} {shades}", left(r)));
        }
        out.push(format!(
            "· is none, █ is {most}; columns follow each other as the rows do"
        ));
        out.join("\n")
    }

    fn name(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", String::as_str)
    }
}

fn zero_as_dot(value: f64) -> String {
    match value {
        0.0 => "·".into(),
        value if value.is_nan() => String::new(),
        value => number(value),
    }
}

fn line(width: usize, name: &str, cell: usize, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|text| format!("  {text:>cell$}")).collect();
    format!("{:width$}{cells}", cut(name, LONGEST_NAME))
}

fn dense(width: usize, name: &str, cell: usize, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|text| format!(" {text:>cell$}")).collect();
    format!("{name:width$}{cells}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(names: &[String], diagonal: f64) -> Matrix {
        let n = names.len();
        let values = (0..n)
            .map(|r| {
                (0..n)
                    .map(|c| if r == c { diagonal } else { 0.0 })
                    .collect()
            })
            .collect();
        let (x_title, y_title) = ("prediction".into(), "truth".into());
        Matrix {
            x_title,
            y_title,
            columns: names.to_vec(),
            rows: names.to_vec(),
            values,
        }
    }

    #[test]
    fn numbers_stand_below_the_name_of_their_class() {
        let mut confusion = matrix(&["dog".into(), "rain".into()], 12.0);
        confusion.values[1][0] = 3.0;
        assert_eq!(
            confusion.to_rows(80),
            "rows: truth, columns: prediction\n       dog  rain\ndog     12     ·\nrain     3    12"
        );
    }

    #[test]
    fn many_classes_are_numbered_and_very_many_are_shades() {
        let names = |n: usize| {
            (0..n)
                .map(|i| format!("class number {i:02}"))
                .collect::<Vec<String>>()
        };
        let some = matrix(&names(10), 40.0).to_rows(80);
        assert!(some.contains("\n 2 class number 01  · 40  ·"), "{some}");
        let many = matrix(&names(50), 8.0).to_rows(80);
        assert!(many.contains("\n 2 class number 01 ·█··"), "{many}");
        assert!(
            [some, many]
                .iter()
                .all(|rows| rows.lines().all(|line| line.chars().count() <= 80))
        );
    }
}
