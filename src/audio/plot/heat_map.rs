//! Features as coloured pixels.

use crate::features::Features;

/// A picture: rows from the top, three bytes of colour a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of every pixel, `height * width` of them.
    pub colors: Vec<[u8; 3]>,
}

/// Ten colours of the map "viridis" (van der Walt and Smith, 2015), evenly spaced; lightness rises throughout, so the
/// picture also reads in grey.
const VIRIDIS: [[u8; 3]; 10] = [
    [68, 1, 84],
    [72, 40, 120],
    [62, 73, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
];

/// Larger pictures are averaged down to this many pixels a side.
const MOST_PIXELS: usize = 1200;

/// Smaller ones are enlarged by whole numbers up to about this width.
const GOOD_WIDTH: usize = 480;

impl HeatMap {
    /// The first channel of features: time to the right, bands upwards, colours from the smallest to the largest value.
    /// Nothing if there is no value.
    pub fn of(features: &Features) -> Option<HeatMap> {
        HeatMap::within(features, [MOST_PIXELS; 2])
    }

    /// As [`HeatMap::of`], averaged down to at most so many columns and rows.
    pub fn within(features: &Features, [columns, rows]: [usize; 2]) -> Option<HeatMap> {
        let (width, height) = (features.n_frames.min(columns), features.n_bands.min(rows));
        if width == 0 || height == 0 || features.n_channels == 0 {
            return None;
        }
        let mut values = Vec::with_capacity(width * height);
        for row in (0..height).rev() {
            let bands = row * features.n_bands / height..((row + 1) * features.n_bands).div_ceil(height);
            for column in 0..width {
                let frames = column * features.n_frames / width..((column + 1) * features.n_frames).div_ceil(width);
                let cells = bands.clone().flat_map(|band| &features.band(0, band)[frames.clone()]);
                let (sum, n) = cells.fold((0.0, 0), |(sum, n), &value| (sum + f64::from(value), n + 1));
                values.push(sum / f64::from(n));
            }
        }
        let (low, high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
        let colors = values.iter().map(|value| color((value - low) * scale)).collect();
        Some(HeatMap { width, height, colors })
    }

    /// The picture as a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        let zoom = (GOOD_WIDTH / self.width).clamp(1, 8);
        let mut pixels = Vec::with_capacity(self.colors.len() * zoom * zoom * 3);
        for row in self.colors.chunks(self.width) {
            let line: Vec<u8> = row.iter().flat_map(|color| color.repeat(zoom)).collect();
            (0..zoom).for_each(|_| pixels.extend_from_slice(&line));
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, (self.width * zoom) as u32, (self.height * zoom) as u32);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
        written.expect("memory can be written to, and the pixels are as many as the header says");
        file
    }
}

/// The colour of a share within 0 to 1.
fn color(share: f64) -> [u8; 3] {
    let at = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let (from, part) = ((at as usize).min(VIRIDIS.len() - 2), at.fract());
    let part = if at as usize > from { 1.0 } else { part };
    std::array::from_fn(|i| {
        let (a, b) = (f64::from(VIRIDIS[from][i]), f64::from(VIRIDIS[from + 1][i]));
        (a + (b - a) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(n_bands: usize, n_frames: usize) -> Features {
        let mut features = Features::default();
        features.reset(1, n_bands, n_frames);
        let n = features.values.len();
        features.values.iter_mut().enumerate().for_each(|(i, value)| *value = i as f32 / (n - 1) as f32);
        features
    }

    #[test]
    fn low_is_dark_and_at_the_bottom() {
        let map = HeatMap::of(&features(2, 3)).unwrap();
        assert_eq!((map.width, map.height), (3, 2));
        assert_eq!((map.colors[3], map.colors[2]), (VIRIDIS[0], VIRIDIS[9]));
        assert!(HeatMap::of(&Features::default()).is_none());
    }

    #[test]
    fn large_ones_are_averaged_and_the_file_is_read_back() {
        let map = HeatMap::of(&features(5, 3000)).unwrap();
        assert_eq!((map.width, map.height), (1200, 5));
        let small = HeatMap::of(&features(4, 60)).unwrap();
        let file = small.to_png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (480, 32));
        assert_eq!(pixels[..3], small.colors[0]);
    }
}
