//! Numbers in rows and columns as coloured pixels.

use crate::Pixels;
use crate::color::viridis;

/// Numbers in rows and columns. Rows follow each other upwards, as frequencies do.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    /// The numbers, the lowest row first; what goes beyond `rows * columns` is not looked at.
    pub values: &'a [f32],
    /// Numbers in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// A picture: rows from the top, three bytes of colour a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of every pixel, `height * width` of them.
    pub colors: Vec<[u8; 3]>,
    /// The value of the darkest colour.
    pub low: f64,
    /// The value of the lightest one.
    pub high: f64,
}

/// Larger pictures are averaged down to this many pixels a side.
const MOST_PIXELS: usize = 1200;

/// Colours of a map between given ends: few, so that they fit a palette.
const LEVELS: usize = 64;

impl HeatMap {
    /// The grid in colours from the smallest to the largest of its finite values; what is not finite has the colour of the
    /// smallest. Nothing if no value is finite.
    pub fn of(grid: Grid<'_>) -> Option<HeatMap> {
        HeatMap::within(grid, [MOST_PIXELS; 2])
    }

    /// As [`HeatMap::of`], averaged down to at most so many columns and rows.
    pub fn within(grid: Grid<'_>, most: [usize; 2]) -> Option<HeatMap> {
        let averaged = Averaged::of(grid, most)?;
        let ends = averaged.ends()?;
        Some(averaged.colored(ends, |share| share))
    }

    /// As [`HeatMap::within`], in colours from one given value to another, in 64 steps: maps that are to be compared
    /// share their colours. Values beyond the ends have the colours of the ends.
    pub fn between(grid: Grid<'_>, most: [usize; 2], ends: [f64; 2]) -> Option<HeatMap> {
        let last = (LEVELS - 1) as f64;
        Some(Averaged::of(grid, most)?.colored(ends, |share| (share * last).round() / last))
    }

    /// The picture as a PNG file, a pixel for a value.
    pub fn to_png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        let pixels = self.colors.as_flattened();
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(pixels));
        written.expect("memory can be written to, and the pixels are as many as the header says");
        file
    }

    /// As [`HeatMap::to_png`], as indices of the colours where there are at most 256 of them, which takes a third.
    pub fn to_small_png(&self) -> Vec<u8> {
        let mut palette: Vec<[u8; 3]> = self.colors.clone();
        palette.sort_unstable();
        palette.dedup();
        if palette.len() > 256 {
            return self.to_png();
        }
        let index = |color: &[u8; 3]| palette.partition_point(|other| other < color) as u8;
        let pixels: Vec<u8> = self.colors.iter().map(index).collect();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_compression(png::Compression::High);
        encoder.set_palette(palette.as_flattened().to_vec());
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels));
        written.expect("memory can be written to, and the pixels are as many as the header says");
        file
    }

    /// The pixels alone.
    pub fn into_pixels(self) -> Pixels {
        Pixels {
            width: self.width,
            colors: self.colors,
        }
    }
}

/// Numbers that were averaged down, rows from the top; NaN where none was finite.
struct Averaged {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl Averaged {
    fn of(grid: Grid<'_>, [columns, rows]: [usize; 2]) -> Option<Averaged> {
        let (width, height) = (grid.columns.min(columns), grid.rows.min(rows));
        if width == 0 || height == 0 || grid.values.len() < grid.rows * grid.columns {
            return None;
        }
        let mut values = Vec::with_capacity(width * height);
        for row in (0..height).rev() {
            let lines = row * grid.rows / height..((row + 1) * grid.rows).div_ceil(height);
            for column in 0..width {
                let part =
                    column * grid.columns / width..((column + 1) * grid.columns).div_ceil(width);
                let cells = lines
                    .clone()
                    .flat_map(|line| &grid.values[line * grid.columns..][part.clone()]);
                let finite = cells.filter(|value| value.is_finite());
                let (sum, n) =
                    finite.fold((0.0, 0), |(sum, n), &value| (sum + f64::from(value), n + 1));
                values.push(if n > 0 { sum / f64::from(n) } else { f64::NAN });
            }
        }
        Some(Averaged {
            width,
            height,
            values,
        })
    }

    /// The smallest and the largest value; nothing if none is finite.
    fn ends(&self) -> Option<[f64; 2]> {
        let finite = self.values.iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
        (low <= high).then_some([low, high])
    }

    fn colored(self, [low, high]: [f64; 2], step: impl Fn(f64) -> f64) -> HeatMap {
        let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
        let share = |value: f64| {
            if value.is_finite() {
                ((value - low) * scale).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        let colors = self.values.iter().map(|&value| viridis(step(share(value))));
        HeatMap {
            width: self.width,
            height: self.height,
            colors: colors.collect(),
            low,
            high,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::VIRIDIS;

    fn values(n: usize) -> Vec<f32> {
        (0..n).map(|i| i as f32 / (n - 1) as f32).collect()
    }

    #[test]
    fn low_is_dark_and_at_the_bottom() {
        let map = HeatMap::of(Grid {
            values: &values(6),
            columns: 3,
            rows: 2,
        })
        .unwrap();
        assert_eq!((map.width, map.height, map.low, map.high), (3, 2, 0.0, 1.0));
        assert_eq!((map.colors[3], map.colors[2]), (VIRIDIS[0], VIRIDIS[9]));
        assert_eq!(
            HeatMap::of(Grid {
                values: &[],
                columns: 0,
                rows: 0
            }),
            None
        );
        assert_eq!(
            HeatMap::of(Grid {
                values: &[f32::NAN; 4],
                columns: 2,
                rows: 2
            }),
            None
        );
        let gap = HeatMap::of(Grid {
            values: &[3.0, f32::NEG_INFINITY, 5.0, 5.0],
            columns: 2,
            rows: 2,
        })
        .unwrap();
        assert_eq!((gap.low, gap.colors[3]), (3.0, VIRIDIS[0]));
    }

    #[test]
    fn maps_between_ends_share_colours_and_make_small_files() {
        let grid = |values| Grid {
            values,
            columns: 300,
            rows: 4,
        };
        let noise: Vec<f32> = (0..1200).map(|i| (i * 7919 % 1200) as f32).collect();
        let map = HeatMap::between(grid(&noise), [300, 4], [0.0, 600.0]).unwrap();
        assert_eq!((map.low, map.high), (0.0, 600.0));
        // The last row of the grid is the first of the picture.
        let value = |color: usize| noise[(3 - color / 300) * 300 + color % 300];
        for (index, color) in map.colors.iter().enumerate() {
            let share = (f64::from(value(index)) / 600.0).min(1.0);
            assert_eq!(*color, viridis((share * 63.0).round() / 63.0), "{index}");
        }
        let (small, large) = (map.to_small_png(), map.to_png());
        assert!(small.len() < large.len());
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&small));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, map.colors.as_flattened());
    }

    #[test]
    fn large_ones_are_averaged_and_the_file_is_read_back() {
        let map = HeatMap::of(Grid {
            values: &values(15_000),
            columns: 3000,
            rows: 5,
        })
        .unwrap();
        assert_eq!((map.width, map.height), (1200, 5));
        let small = HeatMap::of(Grid {
            values: &values(240),
            columns: 60,
            rows: 4,
        })
        .unwrap();
        let file = small.to_png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (60, 4));
        assert_eq!(pixels, small.colors.as_flattened());
    }
}
