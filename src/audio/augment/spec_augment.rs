//! SpecAugment.

use super::frequency_mask::{MOST_FILL, varies};
use super::time_warp::{INTERPOLATION, MOST_PLACES, PLACES, draw_bend, warp_time};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::{Preset, words};
use crate::features::Interpolation;
use crate::{Distribution, Error, Rng};
use DefaultValue::{Number, Word};
use std::sync::Arc;

/// A time warp, then masks over bands, then masks over frames, as a policy of the paper says.
///
/// A mask over bands has a width uniform in `0..=max_bands`, one over frames in `0..=min(max_frames, max_fraction *
/// n_frames)`; where the widest is a distribution, it is the width. Neither is wider than the input, and every place where it fits has the same chance. The fill is the mean of
/// each channel of the clip, taken before the first mask: 0 on the mean-free features of the paper.
pub(super) static SPEC_AUGMENT: Declaration = Declaration {
    name: "spec_augment",
    about: "Warps time, then masks bands and stretches of time of features, by one of the policies of SpecAugment.",
    citation: "Park et al., SpecAugment, 2019, section 2 and table 1; time warp in the simpler form of ESPnet",
    parameters: &[
        Parameter::option(
            "policy",
            Kind::Preset(&POLICIES),
            Word("LB"),
            "LibriSpeech basic or double, Switchboard mild or strong: values that become the defaults of the others",
        ),
        Parameter::option(
            "warp_frames",
            PLACES,
            Number(80.0),
            "farthest move of the time warp, frames (W); 0 for none, and a range is the move itself",
        ),
        Parameter::option(
            "n_frequency_masks",
            MASKS,
            Number(1.0),
            "masks over bands (mF), rounded",
        ),
        Parameter::option(
            "max_bands",
            PLACES,
            Number(27.0),
            "widest mask over bands (F); a range is the width itself",
        ),
        Parameter::option(
            "n_time_masks",
            MASKS,
            Number(1.0),
            "masks over frames (mT), rounded",
        ),
        Parameter::option(
            "max_frames",
            PLACES,
            Number(100.0),
            "longest mask over frames (T); a range is the length itself",
        ),
        Parameter::option(
            "max_fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            Number(1.0),
            "longest mask over frames as a share of the clip (p)",
        ),
        Parameter::option(
            "fill",
            Kind::WordOrDrawn {
                words: &words(&FILLS),
                low: -MOST_FILL,
                high: MOST_FILL,
            },
            Word("mean"),
            "what stands under the masks: the mean of the clip, zero, or a value",
        ),
        INTERPOLATION,
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &[
            "center",
            "shift",
            "first_band_0",
            "n_bands_0",
            "...",
            "start_0",
            "length_0",
            "...",
            "fill (where it is drawn)",
        ],
    },
    example: "let m = tone(440, 1) |> log_mel() |> spec_augment(#{ policy: \"LD\", warp_frames: 10 }); \
              assert(m.shape == [1, 64, 101])",
    build: |settings| {
        let drawn = |name| settings.drawn(name);
        let [n_frequency_masks, n_time_masks] =
            ["n_frequency_masks", "n_time_masks"].map(|name| Count::of(drawn(name)));
        let mut names = vec!["center".to_owned(), "shift".to_owned()];
        names.extend(
            (0..n_frequency_masks.most)
                .flat_map(|i| [format!("first_band_{i}"), format!("n_bands_{i}")]),
        );
        names.extend(
            (0..n_time_masks.most).flat_map(|i| [format!("start_{i}"), format!("length_{i}")]),
        );
        let fill = match settings.word_if("fill", &FILLS) {
            Some(value) => value.map(Distribution::Constant),
            None => settings.drawn_if("fill"),
        };
        names.extend(
            fill.as_ref()
                .filter(|fill| varies(fill))
                .map(|_| "fill".to_owned()),
        );
        let interpolation = settings.word("interpolation", &Interpolation::WORDS);
        Ok(Arc::new(SpecAugment {
            warp_frames: drawn("warp_frames"),
            n_frequency_masks,
            max_bands: drawn("max_bands"),
            n_time_masks,
            max_frames: drawn("max_frames"),
            max_fraction: settings.drawn("max_fraction"),
            fill,
            interpolation,
            names,
        }))
    },
};

/// The value under a mask; the mean where there is none.
const FILLS: [(&str, Option<f64>); 2] = [("mean", None), ("zero", Some(0.0))];
const MASKS: Kind = Kind::Drawn {
    low: 0.0,
    high: MOST_MASKS,
};
const MOST_MASKS: f64 = 1000.0;

/// Table 1 of the paper.
const POLICIES: [Preset; 5] = [
    policy(
        "LB",
        &[
            ("warp_frames", Number(80.0)),
            ("n_frequency_masks", Number(1.0)),
            ("max_bands", Number(27.0)),
            ("n_time_masks", Number(1.0)),
            ("max_frames", Number(100.0)),
            ("max_fraction", Number(1.0)),
        ],
    ),
    policy(
        "LD",
        &[
            ("warp_frames", Number(80.0)),
            ("n_frequency_masks", Number(2.0)),
            ("max_bands", Number(27.0)),
            ("n_time_masks", Number(2.0)),
            ("max_frames", Number(100.0)),
            ("max_fraction", Number(1.0)),
        ],
    ),
    policy(
        "SM",
        &[
            ("warp_frames", Number(40.0)),
            ("n_frequency_masks", Number(2.0)),
            ("max_bands", Number(15.0)),
            ("n_time_masks", Number(2.0)),
            ("max_frames", Number(70.0)),
            ("max_fraction", Number(0.2)),
        ],
    ),
    policy(
        "SS",
        &[
            ("warp_frames", Number(40.0)),
            ("n_frequency_masks", Number(2.0)),
            ("max_bands", Number(27.0)),
            ("n_time_masks", Number(2.0)),
            ("max_frames", Number(70.0)),
            ("max_fraction", Number(0.2)),
        ],
    ),
    policy(
        "none",
        &[
            ("warp_frames", Number(0.0)),
            ("n_frequency_masks", Number(0.0)),
            ("max_bands", Number(0.0)),
            ("n_time_masks", Number(0.0)),
            ("max_frames", Number(0.0)),
        ],
    ),
];

const fn policy(name: &'static str, sets: &'static [(&'static str, DefaultValue)]) -> Preset {
    Preset { name, sets }
}

struct SpecAugment {
    warp_frames: Distribution,
    n_frequency_masks: Count,
    max_bands: Distribution,
    n_time_masks: Count,
    max_frames: Distribution,
    max_fraction: Distribution,
    fill: Option<Distribution>,
    interpolation: Interpolation,
    names: Vec<String>,
}

/// How many masks there are. A trace holds as many as there can be, so that it always has the same form: those that were
/// not drawn have no width.
struct Count {
    drawn: Distribution,
    most: usize,
}

impl Count {
    fn of(drawn: Distribution) -> Count {
        let most = drawn.support().map_or(MOST_MASKS, |(_, most)| most).round() as usize;
        Count { drawn, most }
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        (self.drawn.draw_within(rng, 0.0, MOST_MASKS).round() as usize).min(self.most)
    }
}

/// Appends the places and widths of masks over `n` places, of which `limit` may be under one mask.
fn draw_masks(
    rng: &mut Rng,
    count: &Count,
    widest: &Distribution,
    n: usize,
    limit: usize,
    draws: &mut Draws,
) {
    let wanted = count.draw(rng);
    for index in 0..count.most {
        if index >= wanted {
            draws.extend([0.0, 0.0]);
            continue;
        }
        let most = (widest.draw_within(rng, 0.0, MOST_PLACES).round() as usize).min(limit);
        let width = if varies(widest) {
            most
        } else {
            rng.below(most + 1)
        };
        draws.extend([rng.below(n - width + 1) as f64, width as f64]);
    }
}

impl Transform for SpecAugment {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let mut draws = Draws::from_slice(&draw_bend(rng, input.n, &self.warp_frames));
        draw_masks(
            rng,
            &self.n_frequency_masks,
            &self.max_bands,
            input.n_bands,
            input.n_bands,
            &mut draws,
        );
        let share = self.max_fraction.draw_within(rng, 0.0, 1.0);
        let longest = ((share * input.n as f64).floor() as usize).min(input.n);
        draw_masks(
            rng,
            &self.n_time_masks,
            &self.max_frames,
            input.n,
            longest,
            &mut draws,
        );
        draws.extend(
            self.fill
                .iter()
                .filter(|fill| varies(fill))
                .map(|fill| fill.draw_within(rng, -MOST_FILL, MOST_FILL)),
        );
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (warp, masks) = draws.split_at(2);
        warp_time(work, warp, self.interpolation);
        let (over_bands, rest) = masks.split_at(2 * self.n_frequency_masks.most);
        let (over_frames, rest) = rest.split_at(2 * self.n_time_masks.most);
        let fill = match &self.fill {
            Some(Distribution::Constant(fill)) => Some(*fill as f32),
            Some(_) => rest.first().map(|&fill| fill as f32),
            None => None,
        };
        let (bands, frames) = (work.features.n_bands, work.features.n_frames);
        for (channel, mean) in work.features.channels_mut() {
            let fill = fill.unwrap_or(mean);
            for mask in over_bands.chunks_exact(2) {
                let [first, end] = ends(mask, bands);
                channel[first * frames..end * frames].fill(fill);
            }
            for mask in over_frames.chunks_exact(2) {
                let [first, end] = ends(mask, frames);
                channel
                    .chunks_mut(frames.max(1))
                    .for_each(|band| band[first..end].fill(fill));
            }
        }
        Ok(())
    }
}

/// Where a mask begins and ends among `n` places, also if a trace was edited.
fn ends(mask: &[f64], n: usize) -> [usize; 2] {
    let first = (mask[0].max(0.0) as usize).min(n);
    [first, first + (mask[1].max(0.0) as usize).min(n - first)]
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::Key;
    use crate::features::Features;

    fn recipe(given: &[(&str, Value)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration("spec_augment").unwrap(), given)
            .unwrap()
            .into()
    }

    fn number(value: f64) -> Value {
        Value::Drawn(value.into())
    }

    fn work(n_bands: usize, n_frames: usize) -> Workspace {
        let values = (0..2 * n_bands * n_frames)
            .map(|i| 1.0 + (i / (n_bands * n_frames)) as f32)
            .collect();
        let mut work = Workspace::default();
        work.load_features(&Features {
            values,
            n_channels: 2,
            n_bands,
            n_frames,
            ..Features::default()
        });
        work
    }

    #[test]
    fn masks_have_the_widths_of_the_policy_and_fit_the_clip() {
        let cases = [
            ("LB", 27.0, 100.0, 1),
            ("LD", 27.0, 100.0, 2),
            ("SM", 15.0, 40.0, 2),
            ("SS", 27.0, 40.0, 2),
        ];
        for (name, widest, longest, masks) in cases {
            let recipe = recipe(&[("policy", Value::Word(name.into()))]);
            let (mut bands, mut frames) = (0.0f64, 0.0f64);
            for item in 0..600 {
                let mut work = work(80, 200);
                let trace = recipe
                    .trace(
                        Key {
                            seed: 4,
                            epoch: 0,
                            item,
                            view: 0,
                        },
                        &mut work,
                    )
                    .unwrap();
                let values = &trace.steps[0].values;
                assert_eq!(values.len(), 2 + 4 * masks);
                let value =
                    |wanted: &str| values.iter().find(|(name, _)| name == wanted).unwrap().1;
                for mask in 0..masks {
                    bands = bands.max(value(&format!("n_bands_{mask}")));
                    frames = frames.max(value(&format!("length_{mask}")));
                    assert!(
                        value(&format!("first_band_{mask}")) + value(&format!("n_bands_{mask}"))
                            <= 80.0
                    );
                    assert!(
                        value(&format!("start_{mask}")) + value(&format!("length_{mask}")) <= 200.0
                    );
                }
            }
            assert_eq!((bands, frames), (widest, longest), "{name}");
        }
    }

    #[test]
    fn ranges_are_drawn_from_and_a_trace_has_room_for_the_most() {
        let whole = |low, high| Value::Drawn(Distribution::int_uniform(low, high).unwrap());
        let given = [
            ("n_time_masks", whole(0, 3)),
            ("max_frames", whole(5, 6)),
            ("n_frequency_masks", number(0.0)),
        ];
        let recipe = recipe(
            &[
                given.as_slice(),
                &[("fill", whole(-9, -8)), ("warp_frames", number(0.0))],
            ]
            .concat(),
        );
        let (mut counts, mut fills) = ([0; 4], 0);
        for item in 0..200 {
            let mut work = work(4, 40);
            let trace = recipe
                .trace(
                    Key {
                        seed: 4,
                        epoch: 0,
                        item,
                        view: 0,
                    },
                    &mut work,
                )
                .unwrap();
            let values = &trace.steps[0].values;
            assert!(values.len() == 2 + 2 * 3 + 1 && values[8].0 == "fill");
            let lengths: Vec<f64> = [3, 5, 7]
                .iter()
                .map(|&i| values[i].1)
                .filter(|&length| length > 0.0)
                .collect();
            assert!(
                lengths.iter().all(|&length| length == 5.0 || length == 6.0),
                "{lengths:?}"
            );
            counts[lengths.len()] += 1;
            fills += usize::from(values[8].1 == -9.0);
        }
        assert!(
            counts.iter().all(|&count| count > 25) && (50..150).contains(&fills),
            "{counts:?} {fills}"
        );
    }

    #[test]
    fn the_fill_is_the_mean_of_each_channel_or_what_was_asked_for() {
        for (fill, want) in [
            (Value::Word("mean".into()), [1.0, 2.0]),
            (Value::Word("zero".into()), [0.0, 0.0]),
            (number(-3.5), [-3.5, -3.5]),
        ] {
            let recipe = recipe(&[
                ("fill", fill),
                ("n_time_masks", number(9.0)),
                ("warp_frames", number(0.0)),
            ]);
            let mut work = work(8, 9);
            recipe.run(Key::of_seed(1), &mut work).unwrap();
            for (channel, want) in want.into_iter().enumerate() {
                let untouched = channel as f32 + 1.0;
                let values = &work.features.values[channel * 72..(channel + 1) * 72];
                assert!(
                    values.iter().all(|&v| v == want || v == untouched) && values.contains(&want)
                );
            }
        }
    }

    #[test]
    fn a_replay_repeats_every_bit_and_wants_as_many_values() {
        let recipe = recipe(&[("policy", Value::Word("LD".into()))]);
        let mut first = work(30, 40);
        Rng::from_words(&[2]).fill_normal(&mut first.features.values);
        let input = first.features.clone();
        let mut trace = recipe.trace(Key::of_seed(3), &mut first).unwrap();
        let mut again = Workspace::default();
        again.load_features(&input);
        recipe.replay(&trace, &mut again).unwrap();
        assert_eq!(again.features, first.features);
        trace.steps[0].values.pop();
        assert!(matches!(
            recipe.replay(&trace, &mut again),
            Err(Error::Trace { .. })
        ));
    }
}
