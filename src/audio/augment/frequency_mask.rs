//! Masking bands of features.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Replaces neighbouring bands: their number is uniform in `0..=max_fraction * n_bands`, or the share of the bands that is
/// drawn where `max_fraction` is a distribution, their place uniform over those that fit. The mean is that of each channel of the clip: 0 on the mean-free features of SpecAugment (Park et al., 2019).
pub(super) static FREQUENCY_MASK: Declaration = Declaration {
    name: "frequency_mask",
    about: "Replaces a random group of neighbouring bands by the clip's mean or a constant.",
    citation: "Park et al., SpecAugment, 2019, section 2",
    parameters: &[
        Parameter::positional(
            "max_fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.2),
            "widest mask, as a share of the bands; the width is uniform between 0 and this. A range such as `0.05..0.2` is the \
             width itself",
        ),
        Parameter::option(
            "fill",
            Kind::WordOrDrawn {
                words: &FILLS,
                low: -MOST_FILL,
                high: MOST_FILL,
            },
            DefaultValue::Word("mean"),
            "what stands in the gap: the mean of the clip, or a value",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &["first_band", "n_bands", "fill (where it is drawn)"],
    },
    example: "print(log_mel() |> frequency_mask(0.1) ** 2)",
    build: |settings| {
        let fill = settings.drawn_if("fill");
        let mut draws = vec!["first_band".to_owned(), "n_bands".to_owned()];
        draws.extend(
            fill.as_ref()
                .filter(|fill| varies(fill))
                .map(|_| "fill".to_owned()),
        );
        Ok(Arc::new(FrequencyMask {
            width: settings.drawn("max_fraction"),
            fill,
            draws,
        }))
    },
};

const FILLS: [&str; 1] = ["mean"];

/// Largest magnitude of a value under a mask.
pub(super) const MOST_FILL: f64 = f32::MAX as f64;

/// Whether a value is drawn at all.
pub(super) fn varies(value: &Distribution) -> bool {
    !matches!(value, Distribution::Constant(_))
}

struct FrequencyMask {
    width: Distribution,
    fill: Option<Distribution>,
    draws: Vec<String>,
}

impl Transform for FrequencyMask {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let share = self.width.draw_within(rng, 0.0, 1.0) * input.n_bands as f64;
        let width = if varies(&self.width) {
            share.round() as usize
        } else {
            rng.below(share.floor() as usize + 1)
        };
        let width = width.min(input.n_bands);
        let mut draws: Draws = smallvec![rng.below(input.n_bands - width + 1) as f64, width as f64];
        draws.extend(
            self.fill
                .iter()
                .filter(|fill| varies(fill))
                .map(|fill| fill.draw_within(rng, -MOST_FILL, MOST_FILL)),
        );
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.draws)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let features = &mut work.features;
        let first = (draws[0].max(0.0) as usize).min(features.n_bands);
        let width = (draws[1].max(0.0) as usize).min(features.n_bands - first);
        let frames = features.n_frames;
        let fill = match &self.fill {
            Some(Distribution::Constant(fill)) => Some(*fill as f32),
            Some(_) => draws.get(2).map(|&fill| fill as f32),
            None => None,
        };
        for (channel, mean) in features.channels_mut() {
            channel[first * frames..(first + width) * frames].fill(fill.unwrap_or(mean));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Stage, Value, declaration};
    use super::Distribution;
    use crate::features::Features;
    use crate::{Key, augment::Recipe, augment::Workspace};

    #[test]
    fn a_range_is_the_width_and_the_fill_is_drawn_once_a_clip() {
        let range = |low, high| Value::Drawn(Distribution::uniform(low, high).unwrap());
        let given = [
            ("max_fraction".to_owned(), range(0.25, 0.5)),
            ("fill".to_owned(), range(-9.0, -5.0)),
        ];
        let recipe: Recipe = Stage::new(declaration("frequency_mask").unwrap(), given)
            .unwrap()
            .into();
        let features = Features {
            values: vec![1.0; 2 * 8 * 3],
            n_channels: 2,
            n_bands: 8,
            n_frames: 3,
            ..Features::default()
        };
        let mut fills = Vec::new();
        for item in 0..100 {
            let mut work = Workspace::default();
            work.load_features(&features);
            recipe
                .run(
                    Key {
                        seed: 1,
                        epoch: 0,
                        item,
                        view: 0,
                    },
                    &mut work,
                )
                .unwrap();
            let masked: Vec<f32> = work
                .features
                .values
                .iter()
                .copied()
                .filter(|&v| v != 1.0)
                .collect();
            assert!(
                (2 * 3 * 2..=2 * 3 * 4).contains(&masked.len()),
                "{}",
                masked.len()
            );
            assert!(
                masked
                    .iter()
                    .all(|&v| v == masked[0] && (-9.0..=-5.0).contains(&v))
            );
            fills.push(masked[0]);
        }
        assert!(fills[0] != fills[1]);
    }

    #[test]
    fn masks_are_as_wide_as_allowed_and_anywhere() {
        let given = [
            ("max_fraction".to_owned(), Value::Drawn(0.5.into())),
            ("fill".to_owned(), Value::Drawn(9.0.into())),
        ];
        let recipe: Recipe = Stage::new(declaration("frequency_mask").unwrap(), given)
            .unwrap()
            .into();
        let features = Features {
            values: vec![1.0; 2 * 8 * 3],
            n_channels: 2,
            n_bands: 8,
            n_frames: 3,
            ..Features::default()
        };
        let (mut widest, mut first, mut last) = (0, false, false);
        for item in 0..500 {
            let mut work = Workspace::default();
            work.load_features(&features);
            recipe
                .run(
                    Key {
                        seed: 1,
                        epoch: 0,
                        item,
                        view: 0,
                    },
                    &mut work,
                )
                .unwrap();
            let masked: Vec<bool> = (0..8)
                .map(|band| work.features.band(1, band).iter().all(|&v| v == 9.0))
                .collect();
            assert_eq!(
                masked,
                (0..8)
                    .map(|band| work.features.band(0, band)[0] == 9.0)
                    .collect::<Vec<_>>()
            );
            widest = widest.max(masked.iter().filter(|&&m| m).count());
            (first, last) = (first | masked[0], last | masked[7]);
        }
        assert_eq!((widest, first, last), (4, true, true));
    }
}
