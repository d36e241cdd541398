//! Aliasing: sampling at a lower rate without a filter in front.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Takes `M = round(n hz / sample_rate)` values of the sound at equal distances, from its first to its last sample, and
/// gives back `n` samples between them; both times on straight lines between neighbours.
///
/// What lies above `hz / 2` is not filtered out and comes down mirrored there. This is the Aliasing of audiomentations.
pub(super) static ALIASING: Declaration = Declaration {
    name: "aliasing",
    about: "Samples the sound at a lower rate without filtering it first, so that what is above folds down, and back.",
    citation: "",
    parameters: &[Parameter::positional(
        "hz",
        Kind::Drawn {
            low: LOW_HZ,
            high: HIGH_HZ,
        },
        DefaultValue::LogRange(2000.0, 12_000.0),
        "the lower rate, Hz; frequencies above half of it fold down, and at the clip's own rate or above nothing happens",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["hz"],
    },
    example: "let x = tone(7000, 1) |> aliasing(8000); assert_near(x.seconds, 1, 1e-9); assert(x.rms_db() < -3)",
    build: |settings| {
        Ok(Arc::new(Aliasing {
            hz: settings.drawn("hz"),
        }))
    },
};

const LOW_HZ: f64 = 2.0;
const HIGH_HZ: f64 = 1e6;

struct Aliasing {
    hz: Distribution,
}

impl Transform for Aliasing {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.hz.draw_within(rng, LOW_HZ, HIGH_HZ)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let hz = draws[0].clamp(LOW_HZ, HIGH_HZ);
        if n < 2 || hz >= f64::from(work.sample_rate) {
            return Ok(());
        }
        let coarse = ((n as f64 * hz / f64::from(work.sample_rate)).round() as usize).clamp(2, n);
        let (down, up) = (
            (n - 1) as f64 / (coarse - 1) as f64,
            (coarse - 1) as f64 / (n - 1) as f64,
        );
        for channel in work.samples.chunks_mut(n) {
            work.spare.clear();
            work.spare
                .extend((0..coarse).map(|m| between(channel, m as f64 * down)));
            channel
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = between(&work.spare, i as f64 * up));
        }
        Ok(())
    }
}

/// The value at a place between two samples, on the line between them.
fn between(x: &[f32], at: f64) -> f32 {
    let left = (at as usize).min(x.len() - 1);
    let right = (left + 1).min(x.len() - 1);
    let [a, b] = [x[left], x[right]].map(f64::from);
    (a + (b - a) * (at - left as f64).clamp(0.0, 1.0)) as f32
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Waveform};

    fn aliased(wave: &Waveform, hz: f64) -> Waveform {
        let given = [("hz".to_owned(), Value::Drawn(hz.into()))];
        let recipe: Recipe = Stage::new(declaration("aliasing").unwrap(), given)
            .unwrap()
            .into();
        recipe.wave(wave, Key::of_seed(0)).unwrap()
    }

    #[test]
    fn a_tone_above_half_of_the_rate_folds_down() {
        let tone = |freq_hz: f64| {
            let turn = std::f64::consts::TAU * freq_hz / 16_000.0;
            Waveform::mono(
                (0..16_000)
                    .map(|i| libm::sin(turn * f64::from(i)) as f32)
                    .collect(),
                16_000,
            )
            .unwrap()
        };
        let made = aliased(&tone(2900.0), 4000.0);
        let power = |freq_hz: f64| {
            let turn = std::f64::consts::TAU * freq_hz / 16_000.0;
            let (mut re, mut im) = (0.0, 0.0);
            for (i, &x) in made.samples().iter().enumerate() {
                let (sin, cos) = libm::sincos(turn * i as f64);
                (re, im) = (re + f64::from(x) * cos, im + f64::from(x) * sin);
            }
            re * re + im * im
        };
        // 4000 - 2900; the grid of 4000 values has its ends at those of 16000 samples, so it is not quite 4000 Hz.
        let folded = (1090..=1110)
            .map(|hz| power(f64::from(hz)))
            .fold(0.0, f64::max);
        assert!(folded > 3.0 * power(2900.0), "{folded} {}", power(2900.0));
    }

    #[test]
    fn the_rate_of_the_clip_or_more_leaves_it_as_it_is() {
        let wave = Waveform::new(vec![1.0, -1.0, 0.5, 0.25, 0.0, 1.0], 2, 8000).unwrap();
        assert_eq!(aliased(&wave, 8000.0), wave);
        assert_eq!(aliased(&wave, 44_100.0), wave);
        // Two values are left at least: a line from end to end.
        assert_eq!(
            aliased(&wave, 2.0).samples(),
            [1.0, 0.75, 0.5, 0.25, 0.625, 1.0]
        );
    }
}
