//! Masking a part along time.

use super::length::Length;
use super::seam::{self, FADE_MS};
use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Kind, Parameter, Transform,
    Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Replaces one stretch. Where `max_fraction` is a number, its length is uniform between `min_fraction * n` and
/// `max_fraction * n`, ends included; where it is a distribution, or where seconds are given, that is the length. Its
/// place is uniform over those that fit, unless it is given.
///
/// In a wave the noise is Gaussian of deviation [`NOISE_DEVIATION`], as in CLAR's code; in features it has the mean and
/// the deviation of each channel, and zero means the mean, as in SpecAugment (Park et al., 2019) on mean-free features.
/// Inside each end of the gap, the sound and what fills the gap are cross-faded.
pub(super) static TIME_MASK: Declaration = Declaration {
    name: "time_mask",
    about: "Replaces a random stretch of time by silence, noise or a constant.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (TM)",
    parameters: &[
        Parameter::positional(
            "max_fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.125),
            "longest mask, as a share of the clip; lengths are uniform up to it. A range such as `0.01..0.2` is the \
             length itself",
        ),
        Parameter::option(
            "min_fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.0),
            "shortest mask, as a share of the clip; at `max_fraction` all masks are equally long",
        ),
        Parameter::option(
            "seconds",
            Kind::Drawn {
                low: 0.0,
                high: MOST_S,
            },
            DefaultValue::Absent,
            "length of the mask instead, s; of waves, and at most the clip",
        ),
        Parameter::option(
            "position",
            Kind::WordOrDrawn {
                words: &words(&POSITIONS),
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Word("random"),
            "where the mask lies, or the share of the rest of the clip that is before it: 0 is the start, 1 the end",
        ),
        Parameter::option(
            "fill",
            Kind::WordOrDrawn {
                words: &words(&FILLS),
                low: -MOST_FILL,
                high: MOST_FILL,
            },
            DefaultValue::Word("zero"),
            "what stands in the gap: silence (in features their mean), faint noise, the clip's mean, or a value",
        ),
        FADE_MS,
    ],
    facts: Flows {
        accepts: Accepts::Either,
        gives: None,
        draws: &["start", "length", "noise_seed", "fill", "fade_samples"],
    },
    example: "let x = tone(440, 1) |> time_mask(0.1..0.3, #{ position: \"end\" }); assert(x.samples()[15000] == 0.0)",
    build: |settings| {
        let value = settings.drawn_if("fill");
        let fill = settings.word_if("fill", &FILLS).unwrap_or(Fill::Value);
        Ok(Arc::new(TimeMask {
            length: Length::of(settings, "min_fraction", "max_fraction", Some("seconds"))?,
            place: settings.drawn_if("position").or_else(|| {
                let share = settings.word_if("position", &POSITIONS).flatten();
                share.map(Distribution::Constant)
            }),
            fill,
            value: value.unwrap_or(0.0.into()),
            fade_ms: settings.drawn("fade_ms"),
        }))
    },
};

/// Where the mask lies, as a share of the room it has; drawn where there is none.
const POSITIONS: [(&str, Option<f64>); 4] = [
    ("random", None),
    ("start", Some(0.0)),
    ("center", Some(0.5)),
    ("end", Some(1.0)),
];
const FILLS: [(&str, Fill); 3] = [
    ("zero", Fill::Zero),
    ("noise", Fill::Noise),
    ("mean", Fill::Mean),
];
const NOISE_DEVIATION: f32 = 0.01;
const MOST_S: f64 = 86_400.0;
const MOST_FILL: f64 = f32::MAX as f64;

#[derive(Clone, Copy)]
enum Fill {
    Zero,
    Noise,
    Mean,
    Value,
}

struct TimeMask {
    length: Length,
    place: Option<Distribution>,
    fill: Fill,
    value: Distribution,
    fade_ms: Distribution,
}

impl Transform for TimeMask {
    fn accepts(&self) -> Option<Accepts> {
        self.length.needs_a_wave().then_some(Accepts::Wave)
    }

    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let length = self.length.draw(rng, input.n, input.sample_rate);
        let room = input.n - length;
        let start = match &self.place {
            None => rng.below(room + 1) as f64,
            Some(share) => (share.draw_within(rng, 0.0, 1.0) * room as f64).round(),
        };
        let seed = rng.seed();
        let value = self.value.draw_within(rng, -MOST_FILL, MOST_FILL);
        smallvec![
            start,
            length as f64,
            seed,
            value,
            seam::draw(&self.fade_ms, rng, input)
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let start = (draws[0].max(0.0) as usize).min(n);
        let length = (draws[1].max(0.0) as usize).min(n - start);
        let domain = work.domain();
        let (channels, size) = match domain {
            Domain::Wave => (&mut work.samples, n),
            Domain::Features => (&mut work.features.values, n * work.features.n_bands),
        };
        // At an end of the clip there is nothing to fade from.
        let fade = if domain == Domain::Wave {
            (draws[4].max(0.0) as usize).min(length / 2)
        } else {
            0
        };
        let fade_in = if start == 0 { 0 } else { fade };
        let fade_out = if start + length == n { 0 } else { fade };
        let mut rng = Rng::from_seed(draws[2]);
        for channel in channels.chunks_mut(size.max(1)) {
            let (mean, deviation) = match (domain, &self.fill) {
                (_, Fill::Value) => (draws[3] as f32, 0.0),
                (Domain::Wave, Fill::Zero | Fill::Noise) => (0.0, NOISE_DEVIATION),
                _ => moments(channel),
            };
            for row in channel.chunks_mut(n) {
                let gap = &mut row[start..start + length];
                work.spare.clear();
                work.spare.extend_from_slice(&gap[..fade_in]);
                work.spare.extend_from_slice(&gap[length - fade_out..]);
                match self.fill {
                    Fill::Zero | Fill::Mean | Fill::Value => gap.fill(mean),
                    Fill::Noise => {
                        rng.fill_normal(gap);
                        gap.iter_mut().for_each(|x| *x = mean + deviation * *x);
                    }
                }
                let (before, after) = work.spare.split_at(fade_in);
                for (i, (x, sound)) in gap.iter_mut().zip(before).enumerate() {
                    *x = sound + seam::rise(i, fade_in) * (*x - sound);
                }
                for (i, (x, sound)) in gap.iter_mut().rev().zip(after.iter().rev()).enumerate() {
                    *x = sound + seam::rise(i, fade_out) * (*x - sound);
                }
            }
        }
        Ok(())
    }
}

fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|&v| (f64::from(v) - mean).powi(2))
        .sum::<f64>()
        / n;
    (mean as f32, variance.sqrt() as f32)
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn mask(given: &[(&str, Value)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration("time_mask").unwrap(), given)
            .unwrap()
            .into()
    }

    fn number(value: f64) -> Value {
        Value::Drawn(value.into())
    }

    fn word(word: &str) -> Value {
        Value::Word(word.into())
    }

    /// Start and length of what was drawn for one of many clips of one second.
    fn drawn(recipe: &Recipe, item: u64) -> (f64, f64) {
        let mut work = Workspace::default();
        work.load(&Waveform::mono(vec![1.0; 16_000], 16_000).unwrap());
        let trace = recipe
            .trace(
                Key {
                    item,
                    ..Key::of_seed(3)
                },
                &mut work,
            )
            .unwrap();
        (trace.steps[0].values[0].1, trace.steps[0].values[1].1)
    }

    #[test]
    fn a_range_is_the_length_itself_and_a_number_the_longest() {
        let range = Value::Drawn(Distribution::uniform(0.1, 0.2).unwrap());
        let (ranged, seconds) = (
            mask(&[("max_fraction", range.clone())]),
            mask(&[("seconds", range)]),
        );
        let longest = mask(&[("max_fraction", number(0.2))]);
        let lengths =
            |recipe: &Recipe| -> Vec<f64> { (0..300).map(|item| drawn(recipe, item).1).collect() };
        for recipe in [&ranged, &seconds] {
            let lengths = lengths(recipe);
            assert!(
                lengths
                    .iter()
                    .all(|length| (1600.0..=3200.0).contains(length))
            );
            assert!(
                lengths.iter().any(|&length| length < 1650.0)
                    && lengths.iter().any(|&length| length > 3150.0)
            );
        }
        assert!(lengths(&longest).iter().any(|&length| length < 100.0));
        assert!(
            lengths(&mask(&[("seconds", number(9.0))]))
                .iter()
                .all(|&length| length == 16_000.0)
        );
    }

    #[test]
    fn masks_lie_where_they_are_asked_to() {
        let at = |position| {
            drawn(
                &mask(&[("seconds", number(0.5)), ("position", position)]),
                0,
            )
            .0
        };
        assert_eq!(
            [at(word("start")), at(word("center")), at(word("end"))],
            [0.0, 4000.0, 8000.0]
        );
        assert_eq!(at(number(0.25)), 2000.0);
        let range = Value::Drawn(Distribution::uniform(0.5, 0.75).unwrap());
        let recipe = mask(&[("seconds", number(0.5)), ("position", range)]);
        assert!((0..200).all(|item| (4000.0..=6000.0).contains(&drawn(&recipe, item).0)));
    }

    #[test]
    fn the_ends_of_a_gap_are_faded_whatever_fills_it() {
        let clip = Waveform::mono(vec![0.5; 16_000], 16_000).unwrap();
        for fill in [word("zero"), word("noise"), word("mean"), number(-0.5)] {
            let given = [
                ("seconds", number(0.5)),
                ("position", word("center")),
                ("fill", fill.clone()),
            ];
            let masked = mask(&given).wave(&clip, Key::of_seed(1)).unwrap();
            let x = masked.samples();
            let largest = x
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max);
            // The noise itself moves by some of its deviations from sample to sample.
            assert!(
                largest < if fill == word("noise") { 0.1 } else { 0.02 },
                "{fill}: {largest}"
            );
            assert!(
                x[..4000].iter().chain(&x[12_000..]).all(|&x| x == 0.5),
                "outside nothing changes"
            );
            let middle = x[4080..11_920].iter().map(|&x| f64::from(x)).sum::<f64>() / 7840.0;
            let want = if fill == word("mean") {
                0.5
            } else if fill == number(-0.5) {
                -0.5
            } else {
                0.0
            };
            assert!((middle - want).abs() < 1e-3, "{fill}: {middle}");
            let hard = mask(&[given.as_slice(), &[("fade_ms", number(0.0))]].concat());
            let hard = hard.wave(&clip, Key::of_seed(1)).unwrap();
            assert_eq!(
                hard.samples()[4080..11_920],
                x[4080..11_920],
                "fades draw nothing"
            );
            assert!(fill == word("mean") || hard.samples()[4000] < 0.1);
        }
        // At the ends of the clip there is no seam.
        let whole = mask(&[("seconds", number(1.0))])
            .wave(&clip, Key::of_seed(1))
            .unwrap();
        assert!(whole.samples().iter().all(|&x| x == 0.0));
    }
}
