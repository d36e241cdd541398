//! Pictures of sounds and features, alone or below each other with a few words beside each.

use super::{Frame, spectrogram};
use crate::Waveform;
use crate::features::Features;
use auricle_figure::{Axis, Drawing, Grid, HeatMap, Place, Words, color_bar, frame_of, heat_panel};

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

/// Space for a title above, for axes below and at the left, and for a bar of colours at the right.
const TITLE: f64 = 30.0;
const BELOW: f64 = 34.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 62.0;
/// Width of a panel that stands alone, and heights of an outline and of a map.
const WIDTH: f64 = 520.0;
const OUTLINE: f64 = 90.0;
const MAP: f64 = 200.0;
/// The same in a strip, and the width of the words at its left.
const WORDS: f64 = 180.0;
const NARROW: f64 = 280.0;
const LOW: f64 = 90.0;
/// Sizes of words.
const LARGE: f64 = 14.0;
const SMALL: f64 = 11.0;
/// Frames of a spectrogram, about: one a pixel, but none shorter than a millisecond.
const FRAMES: usize = 560;
const MOST_FRAMES_PER_S: usize = 1000;

/// A sound as its outline above its spectrogram, with a title and one axis of time.
pub fn wave_drawing(title: &str, wave: &Waveform) -> Drawing {
    let top = TITLE + OUTLINE + BELOW;
    let mut drawing = Drawing::new(LEFT + WIDTH + RIGHT, top + MAP + BELOW);
    drawing.text([LEFT, 19.0], Words::new(title, LARGE).bold());
    outline(
        &mut drawing,
        Place {
            left: LEFT,
            top: TITLE,
            width: WIDTH,
            height: OUTLINE,
        },
        wave,
    );
    levels(
        &mut drawing,
        Place {
            left: LEFT,
            top,
            width: WIDTH,
            height: MAP,
        },
        wave,
    );
    drawing
}

/// The first channel of features as a heat map with a title.
pub fn features_drawing(title: &str, features: &Features) -> Drawing {
    let mut drawing = Drawing::new(LEFT + WIDTH + RIGHT, TITLE + MAP + BELOW);
    drawing.text([LEFT, 19.0], Words::new(title, LARGE).bold());
    map(
        &mut drawing,
        Place {
            left: LEFT,
            top: TITLE,
            width: WIDTH,
            height: MAP,
        },
        features,
    );
    drawing
}

/// The rows below each other: words, outline and spectrogram, or words and a heat map.
pub fn strip(rows: &[Row]) -> Drawing {
    let row_height = TITLE / 2.0 + LOW + BELOW;
    let panels = 2.0 * (LEFT + NARROW) + RIGHT;
    let mut drawing = Drawing::new(WORDS + panels, rows.len() as f64 * row_height + 4.0);
    for (index, row) in rows.iter().enumerate() {
        let top = index as f64 * row_height + TITLE / 2.0;
        drawing.text([4.0, top + 12.0], Words::new(&row.title, 13.0).bold());
        for (line, words) in row.lines.iter().enumerate() {
            drawing.text(
                [4.0, top + 28.0 + 13.0 * line as f64],
                Words::new(words, SMALL),
            );
        }
        let place = Place {
            left: WORDS + LEFT,
            top,
            width: NARROW,
            height: LOW,
        };
        match &row.content {
            Content::Wave(wave) => {
                outline(&mut drawing, place, wave);
                levels(
                    &mut drawing,
                    Place {
                        left: place.left + NARROW + LEFT,
                        ..place
                    },
                    wave,
                );
            }
            Content::Features(features) => {
                map(
                    &mut drawing,
                    Place {
                        width: 2.0 * NARROW + LEFT,
                        ..place
                    },
                    features,
                );
            }
        }
    }
    drawing
}

fn outline(drawing: &mut Drawing, place: Place, wave: &Waveform) {
    // Two pixels for one: sharp on a fine screen.
    let frame = Frame::around(&[wave], 2 * place.width as usize, 2 * place.height as usize);
    drawing.image(
        [place.left, place.top],
        [place.width, place.height],
        frame.outline(wave),
    );
    frame_of(
        drawing,
        place,
        &Axis::seconds(wave.duration_s()),
        &Axis::new(-frame.peak, frame.peak, "amplitude"),
    );
}

fn levels(drawing: &mut Drawing, place: Place, wave: &Waveform) {
    let shortest = (wave.sample_rate() as usize).div_ceil(MOST_FRAMES_PER_S);
    let hop_length = wave.n_samples().div_ceil(FRAMES).max(shortest).max(1);
    // What has no samples, or fewer than a window, has no spectrogram: the frame stays empty.
    let levels = spectrogram(wave, None, Some(hop_length)).ok();
    let map = levels.as_ref().and_then(|levels| heat_map(levels, place));
    let nyquist_hz = f64::from(wave.sample_rate()) / 2.0;
    heat_panel(
        drawing,
        place,
        map.as_ref(),
        &Axis::seconds(wave.duration_s()),
        &Axis::frequency(0.0, nyquist_hz),
    );
    if let Some(map) = map {
        color_bar(
            drawing,
            [place.left + place.width + 14.0, place.top],
            place.height,
            &map,
            "dB",
        );
    }
}

fn map(drawing: &mut Drawing, place: Place, features: &Features) {
    let map = heat_map(features, place);
    let [frames, bands] = axes_of(features);
    heat_panel(drawing, place, map.as_ref(), &frames, &bands);
    if let Some(map) = map {
        color_bar(
            drawing,
            [place.left + place.width + 14.0, place.top],
            place.height,
            &map,
            "value",
        );
    }
}

/// Seconds and Hz, or numbers of frames and bands where no more is known.
pub(super) fn axes_of(features: &Features) -> [Axis; 2] {
    let counted = |n: usize, title: &str| Axis::new(0.0, n as f64, title);
    let Some(axes) = &features.axes else {
        return [
            counted(features.n_frames, "frame"),
            counted(features.n_bands, "band"),
        ];
    };
    let bands = match axes.centers_hz.len() {
        0 => counted(features.n_bands, "coefficient"),
        n if n == features.n_bands => Axis::bands(&axes.centers_hz),
        _ => counted(features.n_bands, "band"),
    };
    [Axis::seconds(features.n_frames as f64 * axes.hop_s), bands]
}

/// The first channel in colours, with no more of them than a fine screen shows.
fn heat_map(features: &Features, place: Place) -> Option<HeatMap> {
    let grid = Grid {
        values: &features.values,
        columns: features.n_frames,
        rows: features.n_bands,
    };
    HeatMap::within(grid, [2 * place.width as usize, 2 * place.height as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use crate::augment::{Recipe, Stage, declaration};

    fn wave(n: usize) -> Waveform {
        Waveform::mono((0..n).map(|i| (i as f32 * 0.3).sin()).collect(), 8000).unwrap()
    }

    #[test]
    fn features_have_seconds_and_hertz_where_their_stage_knows_them() {
        let made = |name: &str| {
            let recipe = Recipe::from(Stage::new(declaration(name).unwrap(), []).unwrap());
            recipe.features(&wave(8000), Key::of_seed(0)).unwrap()
        };
        for name in ["log_mel", "mel", "stft", "kaldi_fbank", "clar_features"] {
            let features = made(name);
            let axes = features.axes.clone().unwrap();
            assert_eq!(axes.centers_hz.len(), features.n_bands, "{name}");
            assert!(axes.centers_hz.is_sorted(), "{name}");
            assert!(*axes.centers_hz.last().unwrap() <= 4000.0, "{name}");
            let [frames, bands] = axes_of(&features);
            assert_eq!(frames.title, "time (s)", "{name}");
            assert!((frames.high - 1.0).abs() < 0.05, "{name}: {}", frames.high);
            assert_eq!(bands.title, "frequency (kHz)", "{name}");
        }
        assert_eq!(axes_of(&made("mfcc"))[1].title, "coefficient");
        // The loudest band of a tone lies beside its frequency: 0.3 radians a sample at 8 kHz are 382 Hz.
        let mel = made("log_mel");
        let mean = |band: &usize| mel.band(0, *band).iter().sum::<f32>();
        let loudest = (0..mel.n_bands).max_by(|a, b| mean(a).total_cmp(&mean(b)));
        let center = mel.axes.as_ref().unwrap().centers_hz[loudest.unwrap()];
        assert!((center - 382.0).abs() < 40.0, "{center}");
        // A new shape is not the old one's.
        let mut features = mel;
        features.reset(1, 4, 9);
        assert_eq!(axes_of(&features).map(|axis| axis.title), ["frame", "band"]);
    }

    #[test]
    fn every_row_has_its_words_and_pictures() {
        let mut features = Features::default();
        features.reset(1, 4, 9);
        let row = |title: &str, content| Row {
            title: title.into(),
            lines: vec!["a < b & c".into()],
            content,
        };
        let rows = [
            row("input", Content::Wave(wave(800))),
            row("log_mel", Content::Features(features)),
            row("nothing", Content::Wave(wave(0))),
        ];
        let svg = strip(&rows).to_svg();
        // Outline, spectrogram and bar; map and bar; an outline of nothing.
        assert_eq!(
            (
                svg.matches("<image").count(),
                svg.matches("a &lt; b &amp; c").count()
            ),
            (6, 3)
        );
        for part in [
            ">time (s)<",
            ">frequency (kHz)<",
            ">4<",
            ">amplitude<",
            ">dB<",
            ">band<",
            ">frame<",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }

    #[test]
    fn a_short_sound_is_drawn_as_large_as_a_long_one() {
        let (short, long) = (
            wave_drawing("short", &wave(2400)),
            wave_drawing("long", &wave(80_000)),
        );
        assert_eq!((short.width, short.height), (long.width, long.height));
        let svg = short.to_svg();
        assert!(
            svg.contains(">short<") && svg.contains(">0.3<") && !long.to_svg().contains(">0.3<"),
            "{svg}"
        );
        assert!(
            features_drawing("none", &Features::default())
                .to_svg()
                .contains(">none<")
        );
    }
}
