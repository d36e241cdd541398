//! Pictures in the cells of a terminal: two pixels a cell, one above the other; or one character for its lightness.

use super::fit::mean;
use auricle_session::script::Pixels;
use std::fmt::Write;

/// The colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 24 bits.
    Full,
    /// The cube of 6 x 6 x 6 and the greys of xterm.
    Cube,
}

impl Depth {
    /// What the environment says of the terminal; nothing if it knows no such colours.
    pub(super) fn of(environment: &dyn Fn(&str) -> Option<String>) -> Option<Depth> {
        let says =
            |name: &str, word: &str| environment(name).is_some_and(|value| value.contains(word));
        match says("COLORTERM", "truecolor") || says("COLORTERM", "24bit") {
            true => Some(Depth::Full),
            false => says("TERM", "256color").then_some(Depth::Cube),
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

/// Cells or pixels in both directions: small pictures enlarged by whole numbers, larger ones cut down to the bounds.
fn size(picture: &Pixels, [width, height]: [usize; 2]) -> [usize; 2] {
    let own = [picture.width, picture.colors.len() / picture.width];
    let zoom = (GOOD_SIZE / own[0].max(own[1])).clamp(1, 4);
    [(own[0] * zoom).min(width), (own[1] * zoom).min(height)]
}

/// Smaller pictures are enlarged to about this many pixels a side.
const GOOD_SIZE: usize = 24;

/// Draws a picture within so many cells beside and below each other.
pub(super) fn blocks(picture: &Pixels, [columns, rows]: [usize; 2], depth: Depth) -> String {
    let [columns, lines] = size(picture, [columns, 2 * rows]);
    let mut out = String::new();
    for row in 0..lines.div_ceil(2) {
        for column in 0..columns {
            let pixel = |line: usize| depth.code(mean(picture, [column, columns], [line, lines]));
            let _ = match 2 * row + 1 < lines {
                true => write!(
                    out,
                    "\x1b[38;{}m\x1b[48;{}m▀",
                    pixel(2 * row),
                    pixel(2 * row + 1)
                ),
                false => write!(out, "\x1b[38;{}m▀", pixel(2 * row)),
            };
        }
        out.push_str("\x1b[0m\n");
    }
    out.truncate(out.trim_end().len());
    out
}

/// Draws a picture without colours: the lighter, the denser the character.
pub(super) fn characters(picture: &Pixels, [columns, rows]: [usize; 2]) -> String {
    let [columns, lines] = size(picture, [columns, 2 * rows]);
    // A cell is about twice as high as it is wide.
    let rows = lines.div_ceil(2);
    let cell = |row: usize, column: usize| {
        let [r, g, b] = mean(picture, [column, columns], [row, rows]).map(f64::from);
        let lightness = (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
        char::from(RAMP[((lightness * RAMP.len() as f64) as usize).min(RAMP.len() - 1)])
    };
    let row = |row: usize| {
        (0..columns)
            .map(|column| cell(row, column))
            .collect::<String>()
    };
    (0..rows).map(row).collect::<Vec<_>>().join("\n")
}

const RAMP: &[u8; 10] = b" .:-=+*#%@";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pixels_share_a_cell() {
        let (dark, light) = ([0, 0, 0], [255, 255, 255]);
        // Wide enough not to be enlarged.
        let line = |first: [u8; 3]| [vec![first], vec![light; 12]].concat();
        let picture = Pixels {
            width: 13,
            colors: [line(dark), line(light), line(dark)].concat(),
        };
        let (black, white) = ("2;0;0;0", "2;255;255;255");
        let cell = |top: &str, bottom: &str| format!("\x1b[38;{top}m\x1b[48;{bottom}m▀");
        let last = |top: &str| format!("\x1b[38;{top}m▀");
        let want = format!(
            "{}{}\x1b[0m\n{}{}\x1b[0m",
            cell(black, white),
            cell(white, white).repeat(12),
            last(black),
            last(white).repeat(12)
        );
        assert_eq!(blocks(&picture, [80, 16], Depth::Full), want);
        assert_eq!(
            blocks(&picture, [1, 16], Depth::Cube).matches('▀').count(),
            2
        );
        assert_eq!(Depth::Cube.code(light), "5;231");
    }

    #[test]
    fn small_pictures_are_enlarged() {
        let picture = Pixels {
            width: 2,
            colors: vec![[0; 3], [255; 3], [255; 3], [0; 3]],
        };
        let rows = blocks(&picture, [80, 16], Depth::Full);
        assert_eq!((rows.lines().count(), rows.matches('▀').count()), (4, 32));
        assert_eq!(
            characters(&picture, [80, 16]),
            "    @@@@\n    @@@@\n@@@@    \n@@@@    "
        );
    }
}
