//! Pictures in the cells of a terminal: two pixels a cell, one above the other.

use auricle_session::script::Picture;
use std::fmt::Write;

/// The colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// 24 bits.
    Full,
    /// The cube of 6 x 6 x 6 and the greys of xterm.
    Cube,
}

/// Cells below each other at most.
const ROWS: usize = 16;

impl Depth {
    /// What the terminal says of itself; nothing if it shows no colours.
    pub(super) fn of_terminal(color: bool) -> Option<Depth> {
        let says = |name: &str, word: &str| std::env::var(name).is_ok_and(|value| value.contains(word));
        match color {
            false => None,
            true if says("COLORTERM", "truecolor") || says("COLORTERM", "24bit") => Some(Depth::Full),
            true => says("TERM", "256color").then_some(Depth::Cube),
        }
    }

    fn code(self, [r, g, b]: [u8; 3]) -> String {
        let step = |c: u8| (u32::from(c) * 5 + 127) / 255;
        match self {
            Depth::Full => format!("2;{r};{g};{b}"),
            Depth::Cube => format!("5;{}", 16 + 36 * step(r) + 6 * step(g) + step(b)),
        }
    }
}

/// Draws a picture at most `columns` cells wide; pixels that do not fit are averaged.
pub(super) fn blocks(picture: &Picture, columns: usize, depth: Depth) -> String {
    let height = picture.colors.len() / picture.width.max(1);
    let (columns, lines) = (picture.width.min(columns), height.min(2 * ROWS));
    let mut out = String::new();
    for row in 0..lines.div_ceil(2) {
        for column in 0..columns {
            let pixel = |line: usize| depth.code(mean(picture, [column, columns], [line.min(lines - 1), lines]));
            let _ = write!(out, "\x1b[38;{}m\x1b[48;{}m▀", pixel(2 * row), pixel(2 * row + 1));
        }
        out.push_str("\x1b[0m\n");
    }
    out.truncate(out.trim_end().len());
    out
}

/// The mean colour of the `at`-th of `n` parts in both directions.
fn mean(picture: &Picture, [column, columns]: [usize; 2], [line, lines]: [usize; 2]) -> [u8; 3] {
    let height = picture.colors.len() / picture.width;
    let part = |at: usize, n: usize, size: usize| at * size / n..((at + 1) * size).div_ceil(n);
    let mut sum = [0u32; 3];
    let mut n = 0;
    for y in part(line, lines, height) {
        for color in &picture.colors[y * picture.width..][part(column, columns, picture.width)] {
            sum.iter_mut().zip(color).for_each(|(sum, &value)| *sum += u32::from(value));
            n += 1;
        }
    }
    sum.map(|sum| (sum / n) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pixels_share_a_cell() {
        let (dark, light) = ([0, 0, 0], [255, 255, 255]);
        let picture = Picture { width: 2, colors: vec![dark, light, light, light, dark, dark] };
        let cell = |top: &str, bottom: &str| format!("\x1b[38;{top}m\x1b[48;{bottom}m▀");
        let (black, white) = ("2;0;0;0", "2;255;255;255");
        let want = format!(
            "{}{}\x1b[0m\n{}{}\x1b[0m",
            cell(black, white),
            cell(white, white),
            cell(black, black),
            cell(black, black)
        );
        assert_eq!(blocks(&picture, 80, Depth::Full), want);
        assert_eq!(blocks(&picture, 1, Depth::Cube).matches('▀').count(), 2);
        assert_eq!(Depth::Cube.code(light), "5;231");
    }
}
