//! The outline of a sound as a picture.

use crate::Waveform;
use auricle_figure::palette_png;

/// The smallest and largest sample of the first channel in each of `width` pieces of a sound; fewer if it has fewer
/// samples.
pub fn bounds(wave: &Waveform, width: usize) -> Vec<(f32, f32)> {
    let samples = wave.channel(0);
    let columns = width.min(samples.len());
    let piece = |column: usize| {
        &samples[column * samples.len() / columns..(column + 1) * samples.len() / columns]
    };
    (0..columns)
        .map(|column| {
            piece(column)
                .iter()
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| {
                    (low.min(x), high.max(x))
                })
        })
        .collect()
}

/// What an outline is drawn on. Sounds that are to be compared share a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Pixels in a row.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Time from the left edge to the right one, s.
    pub duration_s: f64,
    /// Amplitude at the upper and the lower edge.
    pub peak: f64,
}

/// Index of the pixels that are left free, of the line through the middle, and of the sound.
const FREE: u8 = 0;
const LINE: u8 = 1;
const SOUND: u8 = 2;
/// Their colours with opacity: a blue that can be seen on a white and on a black page.
const COLORS: [[u8; 4]; 3] = [
    [255, 255, 255, 0],
    [153, 153, 153, 255],
    [58, 124, 165, 255],
];

impl Frame {
    /// A frame of some pixels that holds all of some sounds; beyond full scale it reaches up to the largest of their
    /// peaks.
    pub fn around(waves: &[&Waveform], width: usize, height: usize) -> Frame {
        let longest = waves
            .iter()
            .map(|wave| wave.duration_s())
            .fold(0.0, f64::max);
        let peak = waves.iter().map(|wave| wave.peak()).fold(1.0, f64::max);
        Frame {
            width,
            height,
            duration_s: longest,
            peak,
        }
    }

    /// The smallest and largest sample of the sound mixed down, in each column, as a PNG file. Pixels, and not a vector
    /// picture, because that is several times smaller, and shown wherever notebooks are.
    pub fn outline(&self, wave: &Waveform) -> Vec<u8> {
        let mono = wave.to_mono();
        let samples = mono.samples();
        let row = |amplitude: f64| {
            let middle = (self.height as f64 - 1.0) / 2.0;
            (middle - amplitude / self.peak * middle)
                .round()
                .clamp(0.0, self.height as f64 - 1.0) as usize
        };
        let mut pixels = vec![FREE; self.width * self.height];
        pixels[row(0.0) * self.width..][..self.width].fill(LINE);
        let per_column = self.duration_s * f64::from(wave.sample_rate()) / self.width as f64;
        for column in 0..self.width {
            let from = (column as f64 * per_column) as usize;
            // A column narrower than a sample shows the one it lies in.
            let to = (((column + 1) as f64 * per_column) as usize)
                .max(from + 1)
                .min(samples.len());
            // Each begins with the last sample of the one before, so that the outline is in one piece.
            let Some(part) = samples
                .get(from.saturating_sub(1)..to)
                .filter(|_| from < to)
            else {
                break;
            };
            let (low, high) = part.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| {
                (low.min(x), high.max(x))
            });
            for line in row(f64::from(high))..=row(f64::from(low)) {
                pixels[line * self.width + column] = SOUND;
            }
        }
        palette_png(self.width, self.height, &pixels, &COLORS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a picture, a letter a pixel.
    fn drawn(frame: &Frame, samples: &[f32]) -> Vec<String> {
        let file = frame.outline(&Waveform::mono(samples.to_vec(), 4).unwrap());
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&file));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        assert_eq!(reader.info().palette.as_deref().unwrap().len(), 9);
        let mut packed = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut packed).unwrap();
        let at = |y: usize, x: usize| packed[y * info.line_size + x / 4] >> (6 - 2 * (x % 4)) & 3;
        (0..frame.height)
            .map(|y| {
                (0..frame.width)
                    .map(|x| [' ', '-', '#'][at(y, x) as usize])
                    .collect()
            })
            .collect()
    }

    #[test]
    fn the_outline_spans_the_samples() {
        let frame = Frame {
            width: 4,
            height: 5,
            duration_s: 1.0,
            peak: 1.0,
        };
        assert_eq!(
            drawn(&frame, &[0.0, 1.0, -1.0, 0.5]),
            [" ## ", " ###", "####", "  ##", "  ##"]
        );
        // Half as many columns: each spans two samples.
        assert_eq!(
            drawn(&Frame { width: 2, ..frame }, &[0.0, 1.0, -1.0, 0.5]),
            ["##", "##", "##", " #", " #"]
        );
        // Twice as long and twice as loud a frame: the sound fills half of it.
        let wide = Frame {
            duration_s: 2.0,
            peak: 2.0,
            ..frame
        };
        assert_eq!(
            drawn(&wide, &[0.0, 2.0, -2.0, 0.5]),
            ["##  ", "##  ", "##--", " #  ", " #  "]
        );
        assert_eq!(drawn(&frame, &[]), ["    ", "    ", "----", "    ", "    "]);
    }

    #[test]
    fn a_shared_frame_holds_the_longest_and_the_loudest() {
        let waves = [vec![0.5; 8], vec![3.0; 4]].map(|samples| Waveform::mono(samples, 4).unwrap());
        let frame = Frame::around(&[&waves[0], &waves[1]], 10, 5);
        assert_eq!((frame.duration_s, frame.peak), (2.0, 3.0));
        assert_eq!(Frame::around(&[&waves[0]], 10, 5).peak, 1.0);
    }
}
