//! The letters that pictures of pixels are written with.
//!
//! They come with the program, because a machine that runs notebooks often has no font at all, and because a picture is to be
//! the same everywhere. Letters that the first font lacks are looked for in the second; the rest is the box of a missing letter.

use std::sync::OnceLock;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

fn faces() -> &'static [Face<'static>] {
    static FACES: OnceLock<Vec<Face<'static>>> = OnceLock::new();
    FACES.get_or_init(|| {
        let files = [
            epaint_default_fonts::UBUNTU_LIGHT,
            epaint_default_fonts::HACK_REGULAR,
        ];
        files
            .iter()
            .filter_map(|file| Face::parse(file, 0).ok())
            .collect()
    })
}

/// A letter's face and place in it.
fn glyph(letter: char) -> Option<(&'static Face<'static>, GlyphId)> {
    let found = faces()
        .iter()
        .find_map(|face| Some((face, face.glyph_index(letter)?)));
    found.or_else(|| Some((faces().first()?, GlyphId(0))))
}

/// How far a letter takes the next one, in its own size.
fn advance((face, glyph): (&Face<'_>, GlyphId)) -> f64 {
    f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f64::from(face.units_per_em())
}

/// Width of a line of words of some size, in the unit of the size.
pub fn width_of(text: &str, size: f64) -> f64 {
    text.chars().filter_map(glyph).map(advance).sum::<f64>() * size
}

/// The outlines of a line of words of some size that begins at the origin, as closed polygons.
pub(crate) fn outlines(text: &str, size: f64) -> Vec<Vec<[f64; 2]>> {
    let mut all = Vec::new();
    let mut x = 0.0;
    for (face, id) in text.chars().filter_map(glyph) {
        let scale = size / f64::from(face.units_per_em());
        let mut outline = Outline {
            place: [x, scale],
            done: Vec::new(),
            open: Vec::new(),
        };
        face.outline_glyph(id, &mut outline);
        all.append(&mut outline.done);
        x += advance((face, id)) * size;
    }
    all
}

/// Corners that stand for a curve.
const CORNERS: u8 = 6;

/// Takes a letter's curves as corners.
struct Outline {
    /// Where the letter begins, and the size of a unit of the font.
    place: [f64; 2],
    done: Vec<Vec<[f64; 2]>>,
    open: Vec<[f64; 2]>,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> [f64; 2] {
        let [left, scale] = self.place;
        // Fonts count upwards, pictures downwards.
        [left + f64::from(x) * scale, -f64::from(y) * scale]
    }

    /// Corners on the Bézier curve from the last point through control points to an end.
    fn curve(&mut self, controls: &[[f64; 2]]) {
        let Some(&from) = self.open.last() else {
            return;
        };
        for corner in 1..=CORNERS {
            let t = f64::from(corner) / f64::from(CORNERS);
            // De Casteljau: between neighbours, again and again, until one is left.
            let mut points = vec![from];
            points.extend_from_slice(controls);
            while points.len() > 1 {
                points = points
                    .windows(2)
                    .map(|p| [0, 1].map(|i| p[0][i] + (p[1][i] - p[0][i]) * t))
                    .collect();
            }
            self.open.push(points[0]);
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.open.push(self.at(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.open.push(self.at(x, y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.curve(&[self.at(x1, y1), self.at(x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.curve(&[self.at(x1, y1), self.at(x2, y2), self.at(x, y)]);
    }

    fn close(&mut self) {
        let polygon = std::mem::take(&mut self.open);
        if polygon.len() > 2 {
            self.done.push(polygon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_wide_as_their_letters() {
        assert_eq!(faces().len(), 2);
        assert!((width_of("mm", 10.0) - 2.0 * width_of("m", 10.0)).abs() < 1e-9);
        assert!(width_of("m", 10.0) > 1.5 * width_of("i", 10.0));
        let points = outlines("mm", 10.0).concat();
        let bounds = |i: usize| {
            points
                .iter()
                .fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p[i]), b.max(p[i])))
        };
        let ((left, right), (top, bottom)) = (bounds(0), bounds(1));
        assert!(left >= 0.0 && right <= width_of("mm", 10.0));
        assert!(top < -4.0 && bottom < 0.5, "{top} {bottom}");
        assert!(outlines(" ", 10.0).is_empty());
        // The box of a missing letter is seen.
        assert!(!outlines("\u{4e00}", 10.0).is_empty());
    }
}
