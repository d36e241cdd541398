//! Small pictures of sounds that are to be compared: all on one scale of time, amplitude, frequency and level.

use super::strip::axes_of;
use super::{Frame, spectrogram};
use crate::Waveform;
use crate::features::Features;
use auricle_figure::{
    Axis, Drawing, Grid, HeatMap, Place, Words, color_bar, frame_of, heat_panel, side_frame,
};

/// The scale that some sounds share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Time from the left edge to the right one, s.
    pub duration_s: f64,
    /// Amplitude at the upper edge of an outline; at least full scale.
    pub peak: f64,
    /// Frequency at the upper edge of a spectrogram, Hz.
    pub highest_hz: f64,
    /// Level of the lightest colour, dB, where a sine of full scale has 0 dB.
    pub loudest_db: f64,
}

/// Space above, below, at the left and at the right of the panels, and between them.
const ABOVE: f64 = 14.0;
const BELOW: f64 = 30.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 46.0;
const GAP: f64 = 9.0;
/// Width of the panels, heights of an outline, of a spectrogram, and of a map of features, which stands alone.
const WIDTH: f64 = 240.0;
const OUTLINE: f64 = 56.0;
const LEVELS: f64 = 118.0;
const MAP: f64 = OUTLINE + GAP + LEVELS;
/// Columns and rows of a map: what a file takes grows with them.
const MOST_CELLS: [usize; 2] = [320, 150];
/// What is this far below the lightest colour has the darkest one, dB.
const RANGE_DB: f64 = 80.0;

impl Scale {
    /// The scale that holds all of some sounds.
    pub fn around(waves: &[&Waveform]) -> Scale {
        let frame = Frame::around(waves, 0, 0);
        let rates = waves.iter().map(|wave| f64::from(wave.sample_rate()));
        let duration_s = frame.duration_s.max(1e-3);
        let loudest = waves.iter().filter_map(|wave| levels(wave, duration_s));
        let loudest_db = loudest
            .flat_map(|levels| levels.values)
            .fold(f64::NEG_INFINITY, |loudest, level| {
                loudest.max(f64::from(level))
            });
        Scale {
            duration_s,
            peak: frame.peak,
            highest_hz: rates.fold(2.0, f64::max) / 2.0,
            loudest_db: if loudest_db.is_finite() {
                loudest_db.ceil()
            } else {
                0.0
            },
        }
    }

    fn ends(&self) -> [f64; 2] {
        [self.loudest_db - RANGE_DB, self.loudest_db]
    }
}

/// The levels of a sound, dB re a sine of full scale, a frame for every column of a map of a whole duration; nothing if it
/// has no samples.
fn levels(wave: &Waveform, duration_s: f64) -> Option<Features> {
    let per_column = duration_s * f64::from(wave.sample_rate()) / MOST_CELLS[0] as f64;
    let mut levels = spectrogram(wave, None, Some((per_column as usize).max(1))).ok()?;
    // A Hann window adds up to half its length, half of which belongs to the positive frequency.
    let n_fft = 2 * (levels.n_bands - 1);
    let full_scale_db = 20.0 * libm::log10(n_fft as f64 / 4.0);
    levels
        .values
        .iter_mut()
        .for_each(|level| *level -= full_scale_db as f32);
    Some(levels)
}

/// A sound as its outline above its spectrogram, on a scale that others share.
pub fn wave_card(wave: &Waveform, scale: &Scale) -> Drawing {
    let mut drawing = Drawing::new(LEFT + WIDTH + RIGHT, ABOVE + OUTLINE + GAP + LEVELS + BELOW);
    let place = Place {
        left: LEFT,
        top: ABOVE,
        width: WIDTH,
        height: OUTLINE,
    };
    let frame = Frame {
        width: 2 * WIDTH as usize,
        height: 2 * OUTLINE as usize,
        duration_s: scale.duration_s,
        peak: scale.peak,
    };
    let [left, top] = [place.left, place.top];
    drawing.image([left, top], [WIDTH, OUTLINE], frame.outline(wave));
    side_frame(
        &mut drawing,
        place,
        &Axis::new(-scale.peak, scale.peak, "amplitude"),
    );
    let place = Place {
        top: ABOVE + OUTLINE + GAP,
        height: LEVELS,
        ..place
    };
    let map = levels(wave, scale.duration_s).and_then(|levels| map(&levels, scale.ends()));
    if let Some(map) = map {
        // A shorter sound ends before the right edge, one of a lower rate has nothing above half of it.
        let width = WIDTH * wave.duration_s() / scale.duration_s;
        let height = LEVELS * f64::from(wave.sample_rate()) / 2.0 / scale.highest_hz;
        let top = place.top + LEVELS - height;
        drawing.image([left, top], [width, height], map.to_small_png());
        let bar = [left + WIDTH + 8.0, place.top];
        color_bar(&mut drawing, bar, LEVELS, &map, "dB");
    }
    let time = Axis::seconds(scale.duration_s);
    frame_of(
        &mut drawing,
        place,
        &time,
        &Axis::frequency(0.0, scale.highest_hz),
    );
    drawing
}

/// The first channel of features as a map. `ends` are the values of the darkest and the lightest colour; its own smallest
/// and largest value if not given.
pub fn features_card(features: &Features, ends: Option<[f64; 2]>) -> Drawing {
    let mut drawing = Drawing::new(LEFT + WIDTH + RIGHT, ABOVE + MAP + BELOW);
    let place = Place {
        left: LEFT,
        top: ABOVE,
        width: WIDTH,
        height: MAP,
    };
    let [time, bands] = axes_of(features);
    let map = ends
        .or_else(|| first_channel_ends(features))
        .and_then(|ends| map(features, ends));
    let Some(map) = map else {
        heat_panel(&mut drawing, place, None, &time, &bands);
        return drawing;
    };
    drawing.image([LEFT, ABOVE], [WIDTH, MAP], map.to_small_png());
    frame_of(&mut drawing, place, &time, &bands);
    let bar = [LEFT + WIDTH + 8.0, ABOVE];
    color_bar(&mut drawing, bar, MAP, &map, "");
    drawing.text([LEFT + WIDTH + 8.0, ABOVE - 6.0], Words::new("value", 10.0));
    drawing
}

/// The map of a sound or of features alone, without axes, as a PNG file of at most some columns and rows.
pub fn map_image(content: &super::Content, most: [usize; 2]) -> Option<Vec<u8>> {
    let image = |features: &Features, ends| {
        let map = HeatMap::between(grid(features), most, ends)?;
        Some(map.to_small_png())
    };
    match content {
        super::Content::Wave(wave) => {
            let scale = Scale::around(&[wave]);
            image(&levels(wave, scale.duration_s)?, scale.ends())
        }
        super::Content::Features(features) => image(features, first_channel_ends(features)?),
    }
}

fn grid(features: &Features) -> Grid<'_> {
    Grid {
        values: &features.values,
        columns: features.n_frames,
        rows: features.n_bands,
    }
}

fn map(features: &Features, ends: [f64; 2]) -> Option<HeatMap> {
    HeatMap::between(grid(features), MOST_CELLS, ends)
}

fn first_channel_ends(features: &Features) -> Option<[f64; 2]> {
    let n = features.n_bands * features.n_frames;
    let values = features.values.get(..n)?.iter().map(|&v| f64::from(v));
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    (low <= high).then_some([low, high])
}

#[cfg(test)]
mod tests {
    use super::super::Content;
    use super::*;
    use crate::synth::tone;

    #[test]
    fn a_sine_of_full_scale_has_no_decibel() {
        let (loud, soft) = (tone(1000.0, 0.5, 16_000), tone(1000.0, 0.25, 8000));
        let (loud, soft) = (loud.unwrap(), soft.unwrap().scaled(0.1).unwrap());
        let scale = Scale::around(&[&soft, &loud]);
        assert_eq!(
            (scale.duration_s, scale.highest_hz, scale.peak),
            (0.5, 8000.0, 1.0)
        );
        assert!((0.0..=1.0).contains(&scale.loudest_db), "{scale:?}");
        let highest = |wave: &Waveform| {
            let levels = levels(wave, 0.5).unwrap();
            levels.values.iter().copied().fold(f32::MIN, f32::max)
        };
        assert!((highest(&soft) + 20.0).abs() < 0.1 && highest(&loud).abs() < 0.1);
    }

    #[test]
    fn cards_on_one_scale_have_the_same_axes() {
        let (long, short) = (tone(500.0, 1.0, 8000), tone(500.0, 0.5, 4000));
        let (long, short) = (long.unwrap(), short.unwrap());
        let scale = Scale::around(&[&long, &short]);
        let words = |svg: &str| -> Vec<String> {
            let texts = svg
                .split("</text>")
                .filter_map(|part| part.rsplit('>').next());
            texts.map(str::to_owned).collect()
        };
        let (long, short) = (wave_card(&long, &scale), wave_card(&short, &scale));
        let (long, short) = (long.to_svg(), short.to_svg());
        assert_eq!(words(&long), words(&short));
        for part in [
            ">amplitude<",
            ">time (s)<",
            ">frequency (kHz)<",
            ">dB<",
            ">4<",
        ] {
            assert!(long.contains(part), "{part}");
        }
        // Half as long at half the rate: half the width and half the height.
        assert!(short.contains("width=\"120\" height=\"59\""), "{short}");
    }

    #[test]
    fn features_have_a_map_and_nothing_an_empty_frame() {
        let mut features = Features::default();
        assert!(!features_card(&features, None).to_svg().contains("<image"));
        assert_eq!(
            map_image(&Content::Features(features.clone()), [9, 9]),
            None
        );
        features.reset(1, 4, 9);
        features.values[3] = 2.0;
        let svg = features_card(&features, Some([0.0, 4.0])).to_svg();
        assert!(svg.contains("<image") && svg.contains(">4<") && svg.contains(">band<"));
        assert!(map_image(&Content::Features(features), [9, 9]).is_some());
    }
}
