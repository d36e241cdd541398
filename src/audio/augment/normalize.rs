//! Normalization of peak or loudness.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::loudness_lufs;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = g x`, with one `g` for all channels that brings the largest magnitude or the loudness to its target.
///
/// What cannot be measured stays as it is: silence, and for the loudness also a clip all of which is under the absolute
/// gate of -70 LUFS. A loudness can ask for peaks above 1; they are kept, as a wave of floating point can hold them.
pub(super) static NORMALIZE: Declaration = Declaration {
    name: "normalize",
    about: "Brings the peak or the loudness of every clip to the same level.",
    citation: "for the loudness: Recommendation ITU-R BS.1770-4",
    parameters: &[
        Parameter::option(
            "peak",
            Kind::Drawn {
                low: 1e-6,
                high: 1e6,
            },
            DefaultValue::Absent,
            "largest magnitude; 1 if nothing is given",
        ),
        Parameter::option(
            "peak_db",
            Kind::Drawn {
                low: -120.0,
                high: 120.0,
            },
            DefaultValue::Absent,
            "largest magnitude instead, dB relative to 1",
        ),
        Parameter::option(
            "lufs",
            Kind::Drawn {
                low: -70.0,
                high: 20.0,
            },
            DefaultValue::Absent,
            "integrated loudness instead, LUFS; softer than -70 LUFS stays as it is",
        ),
        Parameter::option(
            "only_too_loud",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether only what is above the target is brought down to it, and what is below stays as it is",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["target"],
    },
    example: "let x = tone(440, 1) |> normalize(#{ lufs: -23 }); assert_near(x.lufs(), -23, 0.001)",
    build: |settings| {
        let given = [
            settings.drawn_if("peak").map(|peak| (Measure::Peak, peak)),
            settings
                .drawn_if("peak_db")
                .map(|peak_db| (Measure::PeakDb, peak_db)),
            settings.drawn_if("lufs").map(|lufs| (Measure::Lufs, lufs)),
        ];
        let mut given = given.into_iter().flatten();
        let (measure, target) = given.next().unwrap_or((Measure::Peak, 1.0.into()));
        if let Some((other, value)) = given.next() {
            return Err(Error::range(
                other.name(),
                format!("left out where `{}` is given", measure.name()),
                value,
            ));
        }
        let applies = if settings.flag("only_too_loud") {
            Applies::AboveTarget
        } else {
            Applies::Always
        };
        Ok(Arc::new(Normalize {
            measure,
            target,
            applies,
        }))
    },
};

#[derive(Clone, Copy)]
enum Measure {
    Peak,
    PeakDb,
    Lufs,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::Peak => "peak",
            Measure::PeakDb => "peak_db",
            Measure::Lufs => "lufs",
        }
    }
}

#[derive(PartialEq)]
enum Applies {
    Always,
    AboveTarget,
}

struct Normalize {
    measure: Measure,
    target: Distribution,
    applies: Applies,
}

impl Transform for Normalize {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let (low, high) = match self.measure {
            Measure::Peak => (1e-6, 1e6),
            Measure::PeakDb => (-120.0, 120.0),
            Measure::Lufs => (-70.0, 20.0),
        };
        smallvec![self.target.draw_within(rng, low, high)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let amplitude = |db: f64| libm::pow(10.0, db / 20.0);
        let peak = f64::from(
            work.samples
                .iter()
                .fold(0.0f32, |peak, x| peak.max(x.abs())),
        );
        let gain = match self.measure {
            Measure::Peak => draws[0] / peak,
            Measure::PeakDb => amplitude(draws[0]) / peak,
            Measure::Lufs => amplitude(
                draws[0] - loudness_lufs(&work.samples, work.n_channels, work.sample_rate),
            ),
        };
        let wanted = self.applies == Applies::Always || gain < 1.0;
        if peak > 0.0 && gain.is_finite() && wanted {
            // The product is taken in double precision: the gain of a very soft clip is beyond single precision.
            work.samples
                .iter_mut()
                .for_each(|x| *x = (f64::from(*x) * gain) as f32);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::dsp::loudness_lufs;
    use crate::{Error, Key, Rng, Waveform};

    fn stage(given: &[(&str, f64)]) -> Result<Stage, Error> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Drawn((*value).into())));
        Stage::new(declaration("normalize").unwrap(), given)
    }

    #[test]
    fn targets_are_met_and_silence_stays_silent() {
        let normalized = |given: &[(&str, f64)], clip: &Waveform| {
            Recipe::from(stage(given).unwrap())
                .wave(clip, Key::of_seed(0))
                .unwrap()
        };
        let mut samples = vec![0.0; 2 * 16_000];
        Rng::from_words(&[3]).fill_normal(&mut samples);
        let clip = Waveform::new(samples, 2, 16_000).unwrap();
        assert!((normalized(&[], &clip).peak() - 1.0).abs() < 1e-6);
        assert!((normalized(&[("peak", 0.25)], &clip).peak() - 0.25).abs() < 1e-6);
        assert!((normalized(&[("peak_db", -20.0)], &clip).peak() - 0.1).abs() < 1e-6);
        let loud = normalized(&[("lufs", -31.0)], &clip);
        assert!((loudness_lufs(loud.samples(), 2, 16_000) + 31.0).abs() < 1e-4);
        let silence = Waveform::mono(vec![0.0; 16_000], 16_000).unwrap();
        assert!(
            normalized(&[], &silence) == silence
                && normalized(&[("lufs", -20.0)], &silence) == silence
        );
    }

    #[test]
    fn only_what_is_too_loud_is_brought_down_if_that_is_asked_for() {
        let given = [
            ("peak", Value::Drawn(0.5.into())),
            ("only_too_loud", Value::Flag(true)),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let recipe = Recipe::from(Stage::new(declaration("normalize").unwrap(), given).unwrap());
        let normalized = |peak: f32| {
            let clip = Waveform::mono(vec![peak, -0.1 * peak, 0.0], 8000).unwrap();
            (recipe.wave(&clip, Key::of_seed(0)).unwrap(), clip)
        };
        let (soft, clip) = normalized(0.4);
        assert_eq!(soft, clip);
        let (loud, _) = normalized(2.0);
        assert!(loud.peak() == 0.5 && loud.samples()[1] == -0.05);
    }

    #[test]
    fn two_targets_are_an_error() {
        assert!(
            matches!(stage(&[("peak_db", 0.0), ("lufs", -20.0)]), Err(Error::Range { param, .. }) if param == "lufs")
        );
    }
}
