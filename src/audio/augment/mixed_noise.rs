//! Noise whose colour is drawn.

use super::noise::{Weighting, fill_colored};
use super::noise_level::NoiseLevel;
use super::{Accepts, Declaration, Draws, Flows, Input, Transform, Workspace};
use crate::{Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// As `noise`, with white, pink or brown drawn for every clip with equal chances: the paper's mixed noise. Its code
/// multiplies by uniform numbers and cuts off all that is negative, which is not repeated here.
pub(super) static MIXED_NOISE: Declaration = Declaration {
    name: "mixed_noise",
    about: "Adds white, pink or brown noise, drawn for every clip, at a given signal-to-noise ratio.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (MX)",
    parameters: &[NoiseLevel::snr_db(5.0, 40.0), NoiseLevel::LEVEL_DB],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["exponent", "snr_db or level_db", "noise_seed"],
    },
    example: "let x = tone(440, 1); assert_near(snr_db(x, x |> mixed_noise(10)), 10, 0.01)",
    build: |settings| {
        let level = NoiseLevel::of(settings)?;
        let names = ["exponent", level.name(), "noise_seed"].map(str::to_owned);
        Ok(Arc::new(MixedNoise { level, names }))
    },
};

/// Exponents b of the power spectra, `f^-b`: white, pink, brown.
const EXPONENTS: [f64; 3] = [0.0, 1.0, 2.0];

struct MixedNoise {
    level: NoiseLevel,
    names: [String; 3],
}

impl Transform for MixedNoise {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let exponent = EXPONENTS[rng.below(EXPONENTS.len())];
        smallvec![exponent, self.level.draw(rng), rng.seed()]
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let mut noise = std::mem::take(&mut work.spare);
        noise.resize(work.samples.len(), 0.0);
        let mut rng = Rng::from_seed(draws[2]);
        for channel in noise.chunks_mut(n.max(1)) {
            if draws[0] == 0.0 {
                rng.fill_normal(channel);
            } else {
                fill_colored(
                    channel,
                    draws[0].clamp(-4.0, 4.0),
                    Weighting::None,
                    work.sample_rate,
                    &mut rng,
                );
            }
        }
        self.level.mix(&mut work.samples, &noise, draws[1]);
        work.spare = noise;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, declaration};
    use super::*;
    use crate::{Key, Waveform};

    #[test]
    fn every_color_comes_and_the_ratio_is_exact() {
        let recipe: Recipe = Stage::new(declaration("mixed_noise").unwrap(), [])
            .unwrap()
            .into();
        let clip =
            Waveform::mono((0..4000).map(|i| (i as f32 * 0.2).sin()).collect(), 8000).unwrap();
        let mut seen = [0; 3];
        for item in 0..300 {
            let mut work = Workspace::default();
            work.load(&clip);
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(5)
                    },
                    &mut work,
                )
                .unwrap();
            let values = &trace.steps[0].values;
            seen[values[0].1 as usize] += 1;
            let got = clip.snr_db(&work.to_waveform().unwrap()).unwrap();
            assert!((got - values[1].1).abs() < 0.001, "{values:?}: {got}");
        }
        assert!(seen.iter().all(|&n| (70..130).contains(&n)), "{seen:?}");
    }
}
