//! Drawings as PNG files.
//!
//! Everything but pictures is a set of closed polygons, whose share of each pixel is the opacity of their colour in it.

use crate::drawing::{Anchor, Drawing, Item, Words};
use crate::font::{outlines, width_of};
use ab_glyph_rasterizer::{Point, Rasterizer, point};

/// Pixels of the file for one of the page: sharp on fine screens and on paper.
const SCALE: f64 = 2.0;

/// Pixels of a page for a metre, at 96 for an inch as pages have it.
const PAGE_PER_METRE: f64 = 96.0 / 0.0254;

/// No side of a picture is longer, in pixels of the page: a matrix of thousands of classes is not worth a gigabyte.
const LONGEST: f64 = 8000.0;

/// The font is a light one: letters are drawn again, this share of their size to the right. Bold ones twice.
const THICKER: f64 = 0.03;
const BOLD: [f64; 2] = [0.035, 0.07];

/// Corners of a circle.
const CORNERS: usize = 24;

type Polygon = Vec<[f64; 2]>;

impl Drawing {
    /// The drawing as a PNG file with two pixels for one of the page.
    pub fn to_png(&self) -> Vec<u8> {
        let scale = SCALE * (LONGEST / self.width.max(self.height)).min(1.0);
        let pixels = |length: f64| ((length * scale).ceil() as usize).max(1);
        let mut page = Page::new(pixels(self.width), pixels(self.height), scale);
        self.items.iter().for_each(|item| page.draw(item));
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, page.width as u32, page.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        let per_metre = (PAGE_PER_METRE * scale).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let pixels = page.colors.as_flattened();
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(pixels));
        written.expect("memory can be written to, and the pixels are as many as the header says");
        file
    }
}

/// The pixels of a picture under way.
struct Page {
    width: usize,
    height: usize,
    scale: f64,
    colors: Vec<[u8; 3]>,
}

impl Page {
    fn new(width: usize, height: usize, scale: f64) -> Page {
        Page {
            width,
            height,
            scale,
            colors: vec![crate::color::WHITE; width * height],
        }
    }

    fn draw(&mut self, item: &Item) {
        match item {
            Item::Rect {
                at: [x, y],
                size: [width, height],
                fill,
            } => {
                self.fill(
                    &[vec![
                        [*x, *y],
                        [x + width, *y],
                        [x + width, y + height],
                        [*x, y + height],
                    ]],
                    *fill,
                );
            }
            Item::Line {
                points,
                color,
                width,
            } => self.fill(&stroke(points, *width), *color),
            Item::Dot { at, radius, fill } => self.fill(&[circle(*at, *radius)], *fill),
            Item::Text { at, words } => self.write(*at, words),
            Item::Image { at, size, file } => {
                if let Some(picture) = decoded(file) {
                    self.put(*at, *size, &picture);
                }
            }
        }
    }

    /// Fills polygons, of which those that turn the other way are holes.
    fn fill(&mut self, polygons: &[Polygon], color: [u8; 3]) {
        let points = || polygons.iter().flatten();
        let bounds = |i: usize, n: usize| {
            let values = points().map(|point| point[i] * self.scale);
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
                (a.min(v), b.max(v))
            });
            (
                low.floor().clamp(0.0, n as f64) as usize,
                high.ceil().clamp(0.0, n as f64) as usize,
            )
        };
        let ((left, right), (top, bottom)) = (bounds(0, self.width), bounds(1, self.height));
        if left >= right || top >= bottom {
            return;
        }
        let (width, height) = (right - left, bottom - top);
        // What lies outside the page is moved to its edge, where it covers nothing.
        let place = |[x, y]: [f64; 2]| -> Point {
            let x = (x * self.scale - left as f64).clamp(0.0, width as f64);
            let y = (y * self.scale - top as f64).clamp(0.0, height as f64);
            point(x as f32, y as f32)
        };
        let mut covered = Rasterizer::new(width, height);
        for polygon in polygons {
            for (i, &from) in polygon.iter().enumerate() {
                covered.draw_line(place(from), place(polygon[(i + 1) % polygon.len()]));
            }
        }
        let (page, row) = (&mut self.colors, self.width);
        covered.for_each_pixel_2d(|x, y, share| {
            let pixel = &mut page[(top + y as usize) * row + left + x as usize];
            *pixel = over(*pixel, color, share.min(1.0));
        });
    }

    fn write(&mut self, [x, y]: [f64; 2], words: &Words) {
        let width = width_of(&words.text, words.size);
        let before = match words.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let (sin, cos) = words.turned.to_radians().sin_cos();
        let letters = outlines(&words.text, words.size);
        let again: &[f64] = if words.bold { &BOLD } else { &[THICKER] };
        for aside in std::iter::once(&0.0).chain(again) {
            let place = |[a, b]: [f64; 2]| {
                let a = a + before + aside * words.size;
                [x + a * cos - b * sin, y + a * sin + b * cos]
            };
            let placed: Vec<Polygon> = letters
                .iter()
                .map(|one| one.iter().map(|&p| place(p)).collect())
                .collect();
            self.fill(&placed, words.color);
        }
    }

    /// Puts a picture on the page: averaged where it becomes smaller, in squares where it becomes larger.
    fn put(&mut self, at: [f64; 2], size: [f64; 2], picture: &Decoded) {
        let side = |i: usize| {
            let (from, to) = (at[i] * self.scale, (at[i] + size[i]) * self.scale);
            (from.round().max(0.0) as usize, to.round().max(0.0) as usize)
        };
        let ((left, right), (top, bottom)) = (side(0), side(1));
        let height = picture.pixels.len() / picture.width;
        let part = |i: usize, n: usize, own: usize| {
            let from = i * own / n;
            from..((i + 1) * own / n).max(from + 1)
        };
        for y in top..bottom.min(self.height) {
            for x in left..right.min(self.width) {
                let columns = part(x - left, right - left, picture.width);
                let mut sum = [0.0; 4];
                let mut n = 0.0;
                for row in part(y - top, bottom - top, height) {
                    for pixel in &picture.pixels[row * picture.width..][columns.clone()] {
                        let opacity = f32::from(pixel[3]);
                        (0..3).for_each(|i| sum[i] += f32::from(pixel[i]) * opacity);
                        sum[3] += opacity;
                        n += 255.0;
                    }
                }
                if sum[3] > 0.0 {
                    let color = [0, 1, 2].map(|i| (sum[i] / sum[3]).round() as u8);
                    let below = &mut self.colors[y * self.width + x];
                    *below = over(*below, color, sum[3] / n);
                }
            }
        }
    }
}

/// A colour above another.
fn over(below: [u8; 3], color: [u8; 3], share: f32) -> [u8; 3] {
    [0, 1, 2].map(|i| {
        (f32::from(below[i]) + (f32::from(color[i]) - f32::from(below[i])) * share).round() as u8
    })
}

/// A line of some width: a rectangle for each of its parts, and a circle where two of them meet. All turn the same way, so
/// that what lies on each other adds up.
fn stroke(points: &[[f64; 2]], width: f64) -> Vec<Polygon> {
    let mut polygons = Vec::new();
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy);
        if length > 0.0 {
            let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
            let corner = |[x, y]: [f64; 2], side: f64| [x + side * nx, y + side * ny];
            polygons.push(vec![
                corner(from, -1.0),
                corner(to, -1.0),
                corner(to, 1.0),
                corner(from, 1.0),
            ]);
        }
    }
    let inner = points
        .get(1..points.len().saturating_sub(1))
        .unwrap_or_default();
    polygons.extend(inner.iter().map(|&point| circle(point, width / 2.0)));
    polygons
}

fn circle([x, y]: [f64; 2], radius: f64) -> Polygon {
    let corner = |i: usize| {
        let (sin, cos) = (std::f64::consts::TAU * i as f64 / CORNERS as f64).sin_cos();
        [x + radius * cos, y + radius * sin]
    };
    (0..CORNERS).map(corner).collect()
}

/// A picture's pixels with their opacity.
struct Decoded {
    width: usize,
    pixels: Vec<[u8; 4]>,
}

fn decoded(file: &[u8]) -> Option<Decoded> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    let (pixels, _) = bytes.get(..info.buffer_size())?.as_chunks::<4>();
    let whole = info.color_type == png::ColorType::Rgba && info.width > 0 && !pixels.is_empty();
    whole.then(|| Decoded {
        width: info.width as usize,
        pixels: pixels.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeatMap;

    /// Width, and the colours of a file without opacity.
    fn read(file: &[u8]) -> (usize, Vec<[u8; 3]>) {
        let picture = decoded(file).unwrap();
        (
            picture.width,
            picture
                .pixels
                .iter()
                .map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect(),
        )
    }

    #[test]
    fn things_are_where_they_were_put() {
        let mut drawing = Drawing::new(20.0, 10.0);
        drawing.rect([0.0, 0.0], [5.0, 5.0], [255, 0, 0]);
        drawing.line(vec![[10.0, 0.0], [10.0, 10.0]], [0, 0, 255], 2.0);
        let map = HeatMap {
            width: 1,
            height: 1,
            colors: vec![[0, 255, 0]],
            low: 0.0,
            high: 1.0,
        };
        drawing.image([15.0, 5.0], [5.0, 5.0], map.to_png());
        let (width, colors) = read(&drawing.to_png());
        assert_eq!((width, colors.len()), (40, 800));
        let at = |x: usize, y: usize| colors[y * width + x];
        assert_eq!(
            (at(2, 2), at(11, 2), at(2, 12)),
            ([255, 0, 0], [255; 3], [255; 3])
        );
        assert_eq!(
            (at(20, 10), at(35, 15), at(25, 15)),
            ([0, 0, 255], [0, 255, 0], [255; 3])
        );
    }

    #[test]
    fn words_are_seen_on_the_side_they_belong() {
        let dark = |anchor| {
            let mut drawing = Drawing::new(40.0, 20.0);
            drawing.text([20.0, 15.0], Words::new("mm", 10.0).anchored(anchor));
            let (width, colors) = read(&drawing.to_png());
            let dark: Vec<usize> = (0..colors.len())
                .filter(|&i| colors[i][0] < 128)
                .map(|i| i % width)
                .collect();
            (*dark.iter().min().unwrap(), *dark.iter().max().unwrap())
        };
        let (start, middle, end) = (dark(Anchor::Start), dark(Anchor::Middle), dark(Anchor::End));
        assert!(start.0 >= 40 && end.1 <= 40, "{start:?} {end:?}");
        assert!(middle.0 < 40 && middle.1 > 40, "{middle:?}");
    }
}
