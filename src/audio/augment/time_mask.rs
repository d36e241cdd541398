//! Masking a part along time.

use super::{Accepts, Declaration, DefaultValue, Domain, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Replaces one random stretch: its length is uniform between `min_fraction * n` and `max_fraction * n`, ends included,
/// its place uniform over those that fit.
///
/// In a wave the noise is Gaussian of deviation [`NOISE_DEVIATION`], as in CLAR's code; in features it has the mean and
/// the deviation of each channel, and zero means the mean, as in SpecAugment (Park et al., 2019) on mean-free features.
pub(super) static TIME_MASK: Declaration = Declaration {
    name: "time_mask",
    about: "Replaces a random stretch of time by silence, noise or a constant.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (TM)",
    parameters: &[
        Parameter::positional(
            "max_fraction",
            Kind::Number { low: 0.0, high: 1.0 },
            DefaultValue::Number(0.125),
            "longest mask, as a share of the clip; the length is uniform up to this",
        ),
        Parameter::option(
            "min_fraction",
            Kind::Number { low: 0.0, high: 1.0 },
            DefaultValue::Number(0.0),
            "shortest mask, as a share of the clip; at `max_fraction` all masks are equally long",
        ),
        Parameter::option(
            "fill",
            Kind::WordOrNumber { words: &FILLS, low: f64::MIN, high: f64::MAX },
            DefaultValue::Word("zero"),
            "what stands in the gap: silence (in features their mean), faint noise, the clip's mean, or a value",
        ),
    ],
    accepts: Accepts::Either,
    gives: None,
    draws: &["start", "length", "noise_seed"],
    example: "let x = tone(440, 1) |> time_mask(1.0, #{ fill: 2 }); assert(x.peak() == 2.0)",
    build: |settings| {
        let fill = match (settings.word("fill", &FILLS), settings.number("fill")) {
            (_, Some(value)) => Fill::Value(value as f32),
            (Some(1), _) => Fill::Noise,
            (Some(2), _) => Fill::Mean,
            _ => Fill::Zero,
        };
        let max_fraction = settings.number("max_fraction").unwrap_or(0.125);
        let min_fraction = settings.number("min_fraction").unwrap_or(0.0);
        if min_fraction > max_fraction {
            return Err(Error::range("min_fraction", format!("at most `max_fraction`, {max_fraction}"), min_fraction));
        }
        Ok(Arc::new(TimeMask { min_fraction, max_fraction, fill }))
    },
};

const FILLS: [&str; 3] = ["zero", "noise", "mean"];
const NOISE_DEVIATION: f32 = 0.01;

enum Fill {
    Zero,
    Noise,
    Mean,
    Value(f32),
}

struct TimeMask {
    min_fraction: f64,
    max_fraction: f64,
    fill: Fill,
}

impl Transform for TimeMask {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let samples = |fraction: f64| (fraction * input.n as f64).floor() as usize;
        let (shortest, longest) = (samples(self.min_fraction), samples(self.max_fraction));
        let length = shortest + rng.below(longest - shortest + 1);
        let start = rng.below(input.n - length + 1);
        smallvec![start as f64, length as f64, rng.seed()]
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
        let mut rng = Rng::from_seed(draws[2]);
        for channel in channels.chunks_mut(size.max(1)) {
            let (mean, deviation) = match (domain, &self.fill) {
                (_, Fill::Value(_)) => (0.0, 0.0),
                (Domain::Wave, Fill::Zero | Fill::Noise) => (0.0, NOISE_DEVIATION),
                _ => moments(channel),
            };
            for row in channel.chunks_mut(n) {
                let gap = &mut row[start..start + length];
                match self.fill {
                    Fill::Zero | Fill::Mean => gap.fill(mean),
                    Fill::Value(value) => gap.fill(value),
                    Fill::Noise => {
                        rng.fill_normal(gap);
                        gap.iter_mut().for_each(|x| *x = mean + deviation * *x);
                    }
                }
            }
        }
        Ok(())
    }
}

fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}
