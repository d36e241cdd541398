//! Masking bands of features.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Replaces neighbouring bands: their number is uniform in `0..=max_fraction * n_bands`, their place uniform over those that
/// fit. The mean is that of each channel of the clip: 0 on the mean-free features of SpecAugment (Park et al., 2019).
pub(super) static FREQUENCY_MASK: Declaration = Declaration {
    name: "frequency_mask",
    about: "Replaces a random group of neighbouring bands by the clip's mean or a constant.",
    citation: "Park et al., SpecAugment, 2019, section 2",
    parameters: &[
        Parameter::positional(
            "max_fraction",
            Kind::Number { low: 0.0, high: 1.0 },
            DefaultValue::Number(0.2),
            "widest mask, as a share of the bands; the width is uniform between 0 and this",
        ),
        Parameter::option(
            "fill",
            Kind::WordOrNumber { words: &FILLS, low: f64::MIN, high: f64::MAX },
            DefaultValue::Word("mean"),
            "what stands in the gap: the mean of the clip, or a value",
        ),
    ],
    accepts: Accepts::Features,
    gives: None,
    draws: &["first_band", "n_bands"],
    example: "print(log_mel() |> frequency_mask(0.1) ** 2)",
    build: |settings| {
        let fill = settings.number("fill").map(|value| value as f32);
        Ok(Arc::new(FrequencyMask { max_fraction: settings.number("max_fraction").unwrap_or(0.2), fill }))
    },
};

const FILLS: [&str; 1] = ["mean"];

struct FrequencyMask {
    max_fraction: f64,
    fill: Option<f32>,
}

impl Transform for FrequencyMask {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let widest = (self.max_fraction * input.n_bands as f64).floor() as usize;
        let width = rng.below(widest + 1);
        smallvec![rng.below(input.n_bands - width + 1) as f64, width as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let features = &mut work.features;
        let first = (draws[0].max(0.0) as usize).min(features.n_bands);
        let width = (draws[1].max(0.0) as usize).min(features.n_bands - first);
        let frames = features.n_frames;
        for (channel, mean) in features.channels_mut() {
            channel[first * frames..(first + width) * frames].fill(self.fill.unwrap_or(mean));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Stage, Value, declaration};
    use crate::features::Features;
    use crate::{Key, augment::Recipe, augment::Workspace};

    #[test]
    fn masks_are_as_wide_as_allowed_and_anywhere() {
        let given =
            [("max_fraction".to_owned(), Value::Drawn(0.5.into())), ("fill".to_owned(), Value::Drawn(9.0.into()))];
        let recipe: Recipe = Stage::new(declaration("frequency_mask").unwrap(), given).unwrap().into();
        let features = Features { values: vec![1.0; 2 * 8 * 3], n_channels: 2, n_bands: 8, n_frames: 3 };
        let (mut widest, mut first, mut last) = (0, false, false);
        for item in 0..500 {
            let mut work = Workspace::default();
            work.load_features(&features);
            recipe.run(Key { seed: 1, epoch: 0, item, view: 0 }, &mut work).unwrap();
            let masked: Vec<bool> = (0..8).map(|band| work.features.band(1, band).iter().all(|&v| v == 9.0)).collect();
            assert_eq!(masked, (0..8).map(|band| work.features.band(0, band)[0] == 9.0).collect::<Vec<_>>());
            widest = widest.max(masked.iter().filter(|&&m| m).count());
            (first, last) = (first | masked[0], last | masked[7]);
        }
        assert_eq!((widest, first, last), (4, true, true));
    }
}
