//! Changing the speed of a sound without its pitch.

use super::stretcher::{Stretcher, with_options};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
    fit,
};
use crate::declare::words;
use crate::dsp::{Vocoder, read_at_speed};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// A phase vocoder makes `N` samples `L = round(N / rate)`; what becomes of another length is `fit`.
///
/// "resample_back" reads the `L` samples as `N`, so that the duration stays and every frequency is multiplied by `L / N`, about
/// `1 / rate`: what CLAR's code calls time stretching.
pub(super) static TIME_STRETCH: Declaration = Declaration {
    name: "time_stretch",
    about: "Stretches or compresses the sound in time without changing its pitch.",
    citation: "Laroche & Dolson, 1999; Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (TST)",
    parameters: &PARAMETERS,
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["rate"],
    },
    example: "let x = tone(440, 1); assert_near((x |> time_stretch(0.8, #{ fit: \"none\" })).seconds, 1.25, 0.001)",
    build: |settings| {
        Ok(Arc::new(TimeStretch {
            rate: settings.drawn("rate"),
            fit: settings.word("fit", &FITS),
            stretcher: Stretcher::new(settings)?,
        }))
    },
};

const PARAMETERS: [Parameter; 5] = with_options([
    Parameter::positional(
        "rate",
        Kind::Drawn {
            low: SLOWEST,
            high: FASTEST,
        },
        DefaultValue::Range(0.8, 1.25),
        "how many times as fast; 0.5 lasts twice as long",
    ),
    Parameter::option(
        "fit",
        Kind::Word(&words(&FITS)),
        DefaultValue::Word("crop"),
        "\"crop\" keeps the clip's length: the middle stays, or silence stands around it; \"none\" keeps the new length; \
         \"resample_back\" keeps the length by changing the pitch, as in CLAR's code",
    ),
]);

const FITS: [(&str, Fit); 3] = [
    ("crop", Fit::Crop),
    ("none", Fit::None),
    ("resample_back", Fit::ResampleBack),
];
const SLOWEST: f64 = 0.1;
const FASTEST: f64 = 10.0;

#[derive(Clone, Copy)]
enum Fit {
    Crop,
    None,
    ResampleBack,
}

struct TimeStretch {
    rate: Distribution,
    fit: Fit,
    stretcher: Stretcher,
}

impl Transform for TimeStretch {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.rate.draw_within(rng, SLOWEST, FASTEST)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (n, rate) = (work.input().n, draws[0].clamp(SLOWEST, FASTEST));
        if rate == 1.0 || n == 0 {
            return Ok(());
        }
        let vocoder = self.stretcher.for_rate(work.sample_rate)?;
        vocoder.stretch(
            &work.samples,
            work.n_channels,
            rate,
            &mut work.vocoder,
            &mut work.spare,
        );
        let length = Vocoder::length(n, rate);
        match self.fit {
            Fit::None => std::mem::swap(&mut work.samples, &mut work.spare),
            Fit::Crop => fit::center(&work.spare, work.n_channels, n, &mut work.samples),
            Fit::ResampleBack if length == 0 => work.samples.fill(0.0),
            Fit::ResampleBack => {
                let speed = length as f64 / n as f64;
                for (out, stretched) in work
                    .samples
                    .chunks_exact_mut(n)
                    .zip(work.spare.chunks_exact(length))
                {
                    read_at_speed(stretched, speed, out);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Waveform};

    fn stretched(rate: f64, fit: &str, clip: &Waveform) -> Waveform {
        let given = [
            ("rate".to_owned(), Value::Drawn(rate.into())),
            ("fit".to_owned(), Value::Word(fit.to_owned())),
        ];
        let recipe: Recipe = Stage::new(declaration("time_stretch").unwrap(), given)
            .unwrap()
            .into();
        recipe.wave(clip, Key::of_seed(1)).unwrap()
    }

    #[test]
    fn lengths_are_those_of_the_fit() {
        for rate in [0.1, 0.77, 1.0, 1.25, 10.0] {
            for n in [1, 3, 3000] {
                let clip = Waveform::new(
                    (0..8 * n).map(|i| (i as f32 * 0.1).sin()).collect(),
                    8,
                    192_000,
                )
                .unwrap();
                let new = (n as f64 / rate).round_ties_even() as usize;
                for (fit, want) in [("crop", n), ("none", new), ("resample_back", n)] {
                    assert_eq!(
                        stretched(rate, fit, &clip).n_samples(),
                        want,
                        "{rate} {fit} {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_middle_of_the_clip_stays_there() {
        let mut samples = vec![0.0; 16_000];
        samples[8000..8200].fill(0.5);
        let clip = Waveform::mono(samples, 16_000).unwrap();
        for rate in [0.6, 0.9, 1.5] {
            let out = stretched(rate, "crop", &clip);
            let moment: f64 = out
                .samples()
                .iter()
                .enumerate()
                .map(|(i, x)| i as f64 * f64::from(x * x))
                .sum();
            let centre = moment / out.samples().iter().map(|x| f64::from(x * x)).sum::<f64>();
            assert!((centre - 8100.0).abs() < 150.0, "{rate}: {centre}");
        }
    }
}
