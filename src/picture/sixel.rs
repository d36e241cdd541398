//! Pictures as sixels: columns of six pixels, a character each, one colour after the other.
//!
//! Source: DEC, "VT330/VT340 Programmer Reference Manual", volume 2, chapter 14.

use auricle_session::script::Pixels;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Colours that a terminal can be relied on to have.
const COLORS: usize = 256;

/// Pixels below each other in a sixel.
const BAND: usize = 6;

/// A picture as one control string. Its colours are rounded to hundredths, as sixels have them.
pub(super) fn encode(picture: &Pixels) -> String {
    let (width, height) = (picture.width, picture.colors.len() / picture.width);
    let (palette, indices) = quantized(&picture.colors);
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}");
    for (i, color) in palette.iter().enumerate() {
        let [r, g, b] = color.map(|c| (u32::from(c) * 100 + 127) / 255);
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    for band in indices.chunks(BAND * width) {
        // The bits of each colour in every column of the band.
        let mut bits: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for (at, &index) in band.iter().enumerate() {
            bits.entry(index).or_insert_with(|| vec![0; width])[at % width] |= 1 << (at / width);
        }
        for (i, (index, columns)) in bits.iter().enumerate() {
            let _ = write!(out, "{}#{index}", if i == 0 { "" } else { "$" });
            runs(columns, &mut out);
        }
        out.push('-');
    }
    out.push_str("\x1b\\");
    out
}

/// Columns as characters; long repetitions as a count and one character, empty ends not at all.
fn runs(columns: &[u8], out: &mut String) {
    for run in columns.chunk_by(|a, b| a == b) {
        let character = char::from(b'?' + run[0]);
        match run.len() {
            n @ 4.. => {
                let _ = write!(out, "!{n}{character}");
            }
            n => out.extend(std::iter::repeat_n(character, n)),
        }
    }
}

/// The colours of a picture, as few as a terminal has, and for every pixel which it is. Where there are too many, those
/// that agree in their higher bits become their mean.
fn quantized(colors: &[[u8; 3]]) -> (Vec<[u8; 3]>, Vec<usize>) {
    let mut shift = 0;
    loop {
        let key = |color: &[u8; 3]| color.map(|c| c >> shift);
        let mut sums: BTreeMap<[u8; 3], ([u64; 3], u64)> = BTreeMap::new();
        for color in colors {
            let (sum, n) = sums.entry(key(color)).or_default();
            sum.iter_mut()
                .zip(color)
                .for_each(|(sum, &c)| *sum += u64::from(c));
            *n += 1;
        }
        if sums.len() <= COLORS {
            let palette = sums
                .values()
                .map(|(sum, n)| sum.map(|sum| (sum / n) as u8))
                .collect();
            let index: BTreeMap<[u8; 3], usize> =
                sums.keys().enumerate().map(|(i, &key)| (key, i)).collect();
            return (
                palette,
                colors.iter().map(|color| index[&key(color)]).collect(),
            );
        }
        shift += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws sixels as a terminal does.
    fn decoded(text: &str) -> (usize, Vec<[u8; 3]>) {
        let body = text
            .strip_prefix("\x1bP0;1;0q\"1;1;")
            .unwrap()
            .strip_suffix("\x1b\\")
            .unwrap();
        let chars: Vec<char> = body.chars().collect();
        let mut at = 0;
        let number = |at: &mut usize| {
            let from = *at;
            while chars.get(*at).is_some_and(char::is_ascii_digit) {
                *at += 1;
            }
            chars[from..*at]
                .iter()
                .collect::<String>()
                .parse::<usize>()
                .unwrap()
        };
        let width = number(&mut at);
        at += 1;
        let height = number(&mut at);
        let mut pixels = vec![[1, 2, 3]; width * height];
        let mut palette: BTreeMap<usize, [u8; 3]> = BTreeMap::new();
        let (mut color, mut x, mut y) = (0, 0, 0);
        while at < chars.len() {
            let c = chars[at];
            at += 1;
            match c {
                '#' => {
                    color = number(&mut at);
                    if chars.get(at) == Some(&';') {
                        at += 1;
                        assert_eq!(number(&mut at), 2);
                        let rgb = std::array::from_fn(|_| {
                            at += 1;
                            (number(&mut at) as f64 * 2.55).round() as u8
                        });
                        assert!(color < 256);
                        palette.insert(color, rgb);
                    }
                }
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                _ => {
                    let (n, c) = if c == '!' {
                        let n = number(&mut at);
                        at += 1;
                        (n, chars[at - 1])
                    } else {
                        (1, c)
                    };
                    let bits = c as u32 - '?' as u32;
                    for column in x..x + n {
                        for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                            pixels[(y + row) * width + column] = palette[&color];
                        }
                    }
                    x += n;
                }
            }
        }
        (width, pixels)
    }

    fn check(picture: &Pixels, tolerance: u8) {
        let (width, pixels) = decoded(&encode(picture));
        assert_eq!((width, pixels.len()), (picture.width, picture.colors.len()));
        for (got, want) in pixels
            .as_flattened()
            .iter()
            .zip(picture.colors.as_flattened())
        {
            assert!(got.abs_diff(*want) <= tolerance, "{got} for {want}");
        }
    }

    #[test]
    fn what_a_terminal_draws_is_the_picture() {
        let stripes = (0..13 * 20usize)
            .map(|i| [[0, 0, 0], [255, 128, 7], [68, 1, 84]][i / 5 % 3])
            .collect();
        // Hundredths are steps of 2.55.
        check(
            &Pixels {
                width: 13,
                colors: stripes,
            },
            2,
        );
        check(
            &Pixels {
                width: 1,
                colors: vec![[9, 9, 9]],
            },
            2,
        );
    }

    #[test]
    fn too_many_colors_become_near_ones() {
        let colors = (0..100 * 50u32)
            .map(|i| [(i % 100 * 2) as u8, (i / 100 * 5) as u8, 0])
            .collect();
        check(&Pixels { width: 100, colors }, 2 + 16);
    }
}
