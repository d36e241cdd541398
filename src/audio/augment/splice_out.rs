//! Cutting out short stretches.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use std::f64::consts::PI;
use std::sync::Arc;

/// Takes short stretches out and joins what is left, one after the other.
///
/// Of a stretch of `2 h` samples the first half is faded out and the second faded in, by the two halves of a Hann window
/// that add up to one, and both are laid over each other: `h` samples go. As in torch-audiomentations, silence behind
/// keeps the length.
pub(super) static SPLICE_OUT: Declaration = Declaration {
    name: "splice_out",
    about: "Cuts short random stretches out and joins the rest; silence behind it keeps the length, unless `pad` is false.",
    citation: "Jain et al., \"SpliceOut: A simple and efficient audio augmentation method\", 2021",
    parameters: &[
        Parameter::option(
            "n_intervals",
            Kind::Drawn {
                low: 0.0,
                high: MOST_INTERVALS,
            },
            DefaultValue::Number(8.0),
            "how many stretches are cut out, rounded",
        ),
        Parameter::option(
            "max_seconds",
            Kind::Drawn {
                low: 0.0,
                high: LONGEST_S,
            },
            DefaultValue::Number(0.025),
            "longest stretch, s; each length is uniform up to this, and half of it goes, the other half is the joint. A range \
             such as `0.01..0.02` is the length itself, drawn for each",
        ),
        Parameter::option(
            "pad",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether silence behind keeps the length; without it the sound becomes shorter",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["cut"],
    },
    example: "let x = tone(440, 1) |> splice_out(#{ pad: false }); assert(x.seconds > 0.85 && x.seconds <= 1)",
    build: |settings| {
        Ok(Arc::new(SpliceOut {
            n_intervals: settings.drawn("n_intervals"),
            max_seconds: settings.drawn("max_seconds"),
            pad: settings.flag("pad"),
        }))
    },
};

const MOST_INTERVALS: f64 = 1000.0;
const LONGEST_S: f64 = 60.0;

struct SpliceOut {
    n_intervals: Distribution,
    max_seconds: Distribution,
    pad: bool,
}

impl Transform for SpliceOut {
    /// Start and half length of every cut, in turn; each start counts on what the cuts before it have left.
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let mut left = input.n;
        let mut draws = Draws::new();
        for _ in 0..self
            .n_intervals
            .draw_within(rng, 0.0, MOST_INTERVALS)
            .round() as usize
        {
            let seconds = self.max_seconds.draw_within(rng, 0.0, LONGEST_S);
            let longest = ((seconds * f64::from(input.sample_rate)).round() as usize).min(left) / 2;
            let half = if matches!(self.max_seconds, Distribution::Constant(_)) {
                rng.below(longest + 1)
            } else {
                longest
            };
            let start = rng.below(left - 2 * half + 1);
            draws.extend([start as f64, half as f64]);
            left -= half;
        }
        draws
    }

    fn draws_a_list(&self) -> bool {
        true
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let n_channels = work.n_channels;
        let mut left = n;
        for cut in draws.chunks_exact(2) {
            let start = (cut[0].max(0.0) as usize).min(left);
            let half = (cut[1].max(0.0) as usize).min((left - start) / 2);
            for i in 0..half {
                let rise = 0.5 - 0.5 * libm::cos(PI * (i as f64 + 0.5) / half as f64);
                for channel in work.samples.chunks_mut(n) {
                    let (out, into) = (
                        f64::from(channel[start + i]),
                        f64::from(channel[start + half + i]),
                    );
                    channel[start + i] = (out + rise * (into - out)) as f32;
                }
            }
            work.samples
                .chunks_mut(n)
                .for_each(|channel| channel.copy_within(start + 2 * half..left, start + half));
            left -= half;
        }
        if self.pad {
            work.samples
                .chunks_mut(n)
                .for_each(|channel| channel[left..].fill(0.0));
        } else {
            for index in 1..n_channels {
                work.samples
                    .copy_within(index * n..index * n + left, index * left);
            }
            work.samples.truncate(left * n_channels);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Trace, TraceStep, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn recipe(pad: bool) -> Recipe {
        let given = [("pad".to_owned(), Value::Flag(pad))];
        Stage::new(declaration("splice_out").unwrap(), given)
            .unwrap()
            .into()
    }

    #[test]
    fn a_cut_joins_what_is_left_in_every_channel() {
        let values = [
            ("cut_0", 2.0),
            ("cut_1", 2.0),
            ("cut_2", 0.0),
            ("cut_3", 1.0),
        ];
        let values = values.map(|(name, x)| (name.to_owned(), x)).to_vec();
        let trace = Trace {
            steps: vec![TraceStep {
                place: "0".into(),
                name: "splice_out".into(),
                values,
                ..TraceStep::default()
            }],
        };
        let cut = |pad| {
            let mut work = Workspace::default();
            let samples: Vec<f32> = (1..=8)
                .map(|i| i as f32)
                .chain((11..=18).map(|i| i as f32))
                .collect();
            work.load(&Waveform::new(samples, 2, 16_000).unwrap());
            recipe(pad).replay(&trace, &mut work).unwrap();
            work.samples
        };
        // First 3 and 4 run into 5 and 6, the window being (2 -+ sqrt 2) / 4; then 1 into 2, half and half.
        let rise = (2.0 - 2.0f32.sqrt()) / 4.0;
        let first = [1.5, 3.0 + 2.0 * rise, 6.0 - 2.0 * rise, 7.0, 8.0];
        let want: Vec<f32> = first.into_iter().chain(first.map(|x| x + 10.0)).collect();
        let near =
            |got: &[f32], want: &[f32]| got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5);
        let got = cut(false);
        assert!(got.len() == 10 && near(&got, &want), "{got:?}");
        let got = cut(true);
        assert!(
            got.len() == 16 && near(&got[8..13], &want[5..]) && got[13..] == [0.0; 3],
            "{got:?}"
        );
    }

    #[test]
    fn a_range_is_how_many_there_are_and_how_long_each_is() {
        let range = |low, high| Value::Drawn(Distribution::uniform(low, high).unwrap());
        let given = [
            ("n_intervals", range(2.0, 4.0)),
            ("max_seconds", range(0.01, 0.02)),
            ("pad", Value::Flag(false)),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let recipe = Recipe::from(Stage::new(declaration("splice_out").unwrap(), given).unwrap());
        let clip = Waveform::mono(vec![1.0; 16_000], 16_000).unwrap();
        for item in 0..50 {
            let gone = 16_000
                - recipe
                    .wave(
                        &clip,
                        Key {
                            item,
                            ..Key::of_seed(1)
                        },
                    )
                    .unwrap()
                    .n_samples();
            assert!((2 * 80..=4 * 160).contains(&gone), "{gone}");
        }
    }

    #[test]
    fn at_most_half_of_the_longest_stretches_goes() {
        let clip = Waveform::mono(vec![1.0; 16_000], 16_000).unwrap();
        for item in 0..50 {
            let n = recipe(false)
                .wave(
                    &clip,
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                )
                .unwrap()
                .n_samples();
            assert!((16_000 - 8 * 200..=16_000).contains(&n), "{n}");
        }
    }
}
