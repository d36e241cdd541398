//! Sounds and features below each other, each with a few words beside it, as one vector picture.

use super::{Frame, HeatMap, spectrogram};
use crate::Waveform;
use crate::features::Features;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// An outline and a spectrogram.
    Wave(Waveform),
    /// A heat map of the first channel.
    Features(Features),
}

/// A row of a strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is called.
    pub title: String,
    /// What else is said of it.
    pub lines: Vec<String>,
    /// What it shows.
    pub content: Content,
}

/// Width of the words, of a picture, of the space between two, and height of a row, pixels.
const WORDS: usize = 190;
const WIDTH: usize = 310;
const SPACE: usize = 14;
const HEIGHT: usize = 96;
/// Space for the numbers on the axes.
const AXIS: usize = 16;
/// Frames of a spectrogram at most: about two a pixel.
const MOST_FRAMES: usize = 600;

/// The rows below each other as an SVG file. Pictures are inside it.
pub fn strip_svg(rows: &[Row]) -> String {
    let (width, height) = (WORDS + 2 * (WIDTH + SPACE), rows.len() * (HEIGHT + AXIS + SPACE));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    for (index, row) in rows.iter().enumerate() {
        let top = index * (HEIGHT + AXIS + SPACE) + 4;
        text(&mut svg, [4, top + 14], "font-weight=\"bold\" font-size=\"13\"", &row.title);
        for (line, words) in row.lines.iter().enumerate() {
            text(&mut svg, [4, top + 30 + 13 * line], "", words);
        }
        match &row.content {
            Content::Wave(wave) => {
                let left = WORDS + WIDTH + SPACE;
                let outline = Frame::around(&[wave], 2 * WIDTH, 2 * HEIGHT).outline(wave);
                image(&mut svg, [WORDS, top], WIDTH, Some(outline));
                time_axis(&mut svg, [WORDS, top + HEIGHT], wave.duration_s());
                let hop = wave.n_samples().div_ceil(MOST_FRAMES).max(wave.sample_rate() as usize / 100).max(1);
                let levels = spectrogram(wave, None, Some(hop)).ok();
                picture(&mut svg, [left, top], WIDTH, levels.as_ref());
                time_axis(&mut svg, [left, top + HEIGHT], wave.duration_s());
                let nyquist_khz = f64::from(wave.sample_rate()) / 2000.0;
                let inside = "fill=\"#fff\" font-size=\"10\"";
                text(&mut svg, [left + 3, top + 11], inside, &format!("{nyquist_khz} kHz"));
                text(&mut svg, [left + 3, top + HEIGHT - 3], inside, "0");
            }
            Content::Features(features) => {
                picture(&mut svg, [WORDS, top], 2 * WIDTH + SPACE, Some(features));
                let [channels, bands, frames] = features.shape();
                let shape = format!("{channels} x {bands} bands x {frames} frames");
                text(&mut svg, [WORDS, top + HEIGHT + 12], "font-size=\"10\"", &shape);
            }
        }
    }
    svg + "</svg>"
}

/// Features as a heat map of a given width.
fn picture(svg: &mut String, place: [usize; 2], width: usize, features: Option<&Features>) {
    // Two pixels for one: sharp on a fine screen, and no larger than need be.
    let map = features.and_then(|features| HeatMap::within(features, [2 * width, 2 * HEIGHT]));
    image(svg, place, width, map.map(|map| map.to_png()));
}

/// A PNG file, or an empty frame where there is none.
fn image(svg: &mut String, [left, top]: [usize; 2], width: usize, file: Option<Vec<u8>>) {
    let place = format!("x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\"");
    let _ = match file.map(|file| STANDARD.encode(file)) {
        Some(file) => {
            write!(svg, "<image {place} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{file}\"/>")
        }
        None => write!(svg, "<rect {place} fill=\"none\" stroke=\"#ccc\"/>"),
    };
}

fn time_axis(svg: &mut String, [left, bottom]: [usize; 2], duration_s: f64) {
    text(svg, [left, bottom + 12], "font-size=\"10\"", "0");
    let end = format!("{duration_s:.3} s");
    text(svg, [left + WIDTH, bottom + 12], "font-size=\"10\" text-anchor=\"end\"", &end);
}

fn text(svg: &mut String, [x, y]: [usize; 2], style: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" {style}>{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_words_and_pictures() {
        let wave = Waveform::mono((0..800).map(|i| (i as f32 * 0.3).sin()).collect(), 8000).unwrap();
        let mut features = Features::default();
        features.reset(1, 4, 9);
        let row = |title: &str, content| Row { title: title.into(), lines: vec!["a < b & c".into()], content };
        let empty = Waveform::mono(vec![], 8000).unwrap();
        let rows = [
            row("input", Content::Wave(wave)),
            row("log_mel", Content::Features(features)),
            row("nothing", Content::Wave(empty)),
        ];
        let svg = strip_svg(&rows);
        assert_eq!((svg.matches("<image").count(), svg.matches("a &lt; b &amp; c").count()), (4, 3));
        assert!(svg.contains("0.100 s") && svg.contains("4 kHz") && svg.contains("1 x 4 bands x 9 frames"), "{svg}");
    }
}
