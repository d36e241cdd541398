//! Convolution with an impulse response, recorded or made.

use super::recordings::{Purpose, Recordings};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = (1 - mix) x + mix (h * x)`.
///
/// A recorded response is brought to the clip's rate and its samples multiplied by the ratio of the rates, so that it
/// remains the same filter. A made one is a unit impulse, the direct sound, and behind it a tail of Gaussian noise that
/// falls by 60 dB in `rt60_s` (Moorer, "About this reverberation business", 1979): `h[n] = [n = 0] + g w[n] 10^(-3 t / T)`
/// from `pre_delay_s` on, its energy `wet_db` over that of the direct sound.
pub(super) static IMPULSE_RESPONSE: Declaration = Declaration {
    name: "impulse_response",
    about: "Convolves the sound with a recorded or made impulse response, as if it were heard in that space; `keep_tail` makes it longer.",
    citation: "Moorer, \"About this reverberation business\", 1979",
    parameters: &[
        Parameter::positional(
            "paths",
            Kind::Paths {
                words: &["synthetic"],
            },
            DefaultValue::Word("synthetic"),
            "recorded responses, one of which is drawn for every clip, or \"synthetic\" for a decaying noise",
        ),
        Parameter::option(
            "rt60_s",
            Kind::Drawn {
                low: LOW_RT60_S,
                high: HIGH_RT60_S,
            },
            DefaultValue::Range(0.2, 1.0),
            "time in which a synthetic tail falls by 60 dB, s",
        ),
        Parameter::option(
            "wet_db",
            Kind::Drawn {
                low: LOW_DB,
                high: HIGH_DB,
            },
            DefaultValue::Range(-15.0, 0.0),
            "energy of a synthetic tail over that of the direct sound, dB",
        ),
        Parameter::option(
            "pre_delay_s",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Range(0.0, 0.02),
            "time from the direct sound to a synthetic tail, s",
        ),
        Parameter::option(
            "mix",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(1.0),
            "share of the convolved sound in the result; the sound as it was has the rest",
        ),
        KEEP_TAIL,
        Parameter::option(
            "normalise",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether the response is scaled to unit energy, so that the level stays about the same",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["file, or rt60_s, wet_db, pre_delay_s and noise_seed", "mix"],
    },
    example: "let dir = temporary_folder(); click(0.01, 0.1).save(dir + \"/ir.wav\"); \
              let y = click(0, 1) |> impulse_response(dir, #{ keep_tail: true }); \
              assert_near(y.seconds, 1.1, 0.001); assert_near(y.samples()[160], 1, 0.00001)",
    build: |settings| {
        let drawn = |name| settings.drawn(name);
        let mix = drawn("mix");
        let ending = Ending::of(settings.flag("keep_tail"));
        let level = Level::of(settings.flag("normalise"));
        Ok(match settings.paths("paths") {
            Some(paths) => {
                let recordings = Recordings::find(paths, Purpose::Filter)?;
                Arc::new(Recorded {
                    recordings,
                    mix,
                    ending,
                    level,
                    names: ["file", "mix"].map(str::to_owned),
                })
            }
            None => Arc::new(Made {
                rt60_s: drawn("rt60_s"),
                wet_db: drawn("wet_db"),
                pre_delay_s: drawn("pre_delay_s"),
                mix,
                ending,
                level,
                names: ["rt60_s", "wet_db", "pre_delay_s", "mix", "noise_seed"].map(str::to_owned),
            }),
        })
    },
};

/// Whether what rings on is kept, for every stage that convolves.
pub(super) const KEEP_TAIL: Parameter = Parameter::option(
    "keep_tail",
    Kind::Flag,
    DefaultValue::Flag(false),
    "whether the sound is made longer by what rings on behind it, instead of keeping its length",
);

const LOW_RT60_S: f64 = 0.01;
const HIGH_RT60_S: f64 = 20.0;
const LOW_DB: f64 = -100.0;
const HIGH_DB: f64 = 60.0;

/// A response from a file.
struct Recorded {
    recordings: Recordings,
    mix: Distribution,
    ending: Ending,
    level: Level,
    names: [String; 2],
}

/// A decaying noise.
struct Made {
    rt60_s: Distribution,
    wet_db: Distribution,
    pre_delay_s: Distribution,
    mix: Distribution,
    ending: Ending,
    level: Level,
    names: [String; 5],
}

/// What becomes of the sound that rings on behind the clip.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ending {
    Cut,
    Kept,
}

impl Ending {
    pub(super) fn of(keep_tail: bool) -> Ending {
        if keep_tail { Ending::Kept } else { Ending::Cut }
    }
}

/// How strong a response is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Level {
    AsItIs,
    UnitEnergy,
}

impl Level {
    pub(super) fn of(normalise: bool) -> Level {
        if normalise {
            Level::UnitEnergy
        } else {
            Level::AsItIs
        }
    }
}

impl Transform for Recorded {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let file = self.recordings.draw(rng.seed(), input.sample_rate);
        smallvec![file, self.mix.draw_within(rng, 0.0, 1.0)]
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn recordings(&self) -> Option<&Recordings> {
        Some(&self.recordings)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mut response = std::mem::take(&mut work.response);
        let wave = self.recordings.get(draws[0], work.sample_rate)?;
        response.clear();
        response.extend_from_slice(wave.samples());
        convolve(
            work,
            &mut response,
            wave.n_channels(),
            draws[1],
            self.ending,
            self.level,
        );
        work.response = response;
        Ok(())
    }
}

impl Transform for Made {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![
            self.rt60_s.draw_within(rng, LOW_RT60_S, HIGH_RT60_S),
            self.wet_db.draw_within(rng, LOW_DB, HIGH_DB),
            self.pre_delay_s.draw_within(rng, 0.0, 1.0),
            self.mix.draw_within(rng, 0.0, 1.0),
            rng.seed(),
        ]
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mut response = std::mem::take(&mut work.response);
        synthetic(draws, work.sample_rate, &mut response);
        convolve(work, &mut response, 1, draws[3], self.ending, self.level);
        work.response = response;
        Ok(())
    }
}

/// Makes a response from the drawn time, level and delay of its tail; the seed of the noise comes last.
fn synthetic(draws: &[f64], sample_rate: u32, response: &mut Vec<f32>) {
    let rate = f64::from(sample_rate);
    let rt60_s = draws[0].clamp(LOW_RT60_S, HIGH_RT60_S);
    let delay = ((draws[2].clamp(0.0, 1.0) * rate).round() as usize).max(1);
    let length = ((rt60_s * rate).round() as usize).max(1);
    response.clear();
    response.resize(delay + length, 0.0);
    let tail = &mut response[delay..];
    Rng::from_seed(draws[4]).fill_normal(tail);
    // Multiplying on is exact enough over the few seconds of a tail: the relative error is below 1e-10.
    let (mut gain, step) = (1.0, libm::pow(10.0, -3.0 / (rt60_s * rate)));
    let mut energy = 0.0;
    for x in tail.iter_mut() {
        *x = (f64::from(*x) * gain) as f32;
        energy += f64::from(*x) * f64::from(*x);
        gain *= step;
    }
    if energy > 0.0 {
        let scale =
            (libm::pow(10.0, draws[1].clamp(LOW_DB, HIGH_DB) / 10.0) / energy).sqrt() as f32;
        tail.iter_mut().for_each(|x| *x *= scale);
    }
    response[0] = 1.0;
}

/// Convolves every channel with a response. One with fewer channels serves several, one with more is cut to the first.
pub(super) fn convolve(
    work: &mut Workspace,
    response: &mut [f32],
    n_responses: usize,
    mix: f64,
    ending: Ending,
    level: Level,
) {
    let n = work.input().n;
    let length = response.len() / n_responses.max(1);
    if n == 0 || length == 0 {
        return;
    }
    if level == Level::UnitEnergy {
        let energy: f64 = response.iter().map(|&h| f64::from(h) * f64::from(h)).sum();
        // Energies are averaged over the response's channels, so that their differences in level remain.
        let scale = (n_responses as f64 / energy).sqrt() as f32;
        if scale.is_finite() {
            response.iter_mut().for_each(|h| *h *= scale);
        }
    }
    let n_out = if ending == Ending::Kept {
        n + length - 1
    } else {
        n
    };
    work.spare.resize(n_out * work.n_channels, 0.0);
    let mix = mix.clamp(0.0, 1.0) as f32;
    for (index, (channel, out)) in work
        .samples
        .chunks(n)
        .zip(work.spare.chunks_mut(n_out))
        .enumerate()
    {
        let from = (index % n_responses) * length;
        work.convolver
            .convolve(channel, &response[from..from + length], out);
        if mix < 1.0 {
            out.iter_mut().for_each(|y| *y *= mix);
            out.iter_mut()
                .zip(channel)
                .for_each(|(y, x)| *y += (1.0 - mix) * x);
        }
    }
    std::mem::swap(&mut work.samples, &mut work.spare);
}

#[cfg(test)]
mod tests {
    use super::super::{Stage, Value, declaration};
    use super::*;
    use crate::io::{SampleFormat, write_wav};
    use crate::{Key, Waveform};

    fn apply(given: &[(&str, Value)], wave: &Waveform) -> Waveform {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let recipe: super::super::Recipe =
            Stage::new(declaration("impulse_response").unwrap(), given)
                .unwrap()
                .into();
        recipe.wave(wave, Key::of_seed(3)).unwrap()
    }

    fn number(x: f64) -> Value {
        Value::Drawn(x.into())
    }

    #[test]
    fn a_synthetic_tail_has_its_level_its_delay_and_its_decay() {
        let rate = 16_000;
        let mut click = vec![0.0; 2 * rate];
        click[0] = 1.0;
        let given = [
            ("rt60_s", number(0.5)),
            ("wet_db", number(-6.0)),
            ("pre_delay_s", number(0.01)),
            ("normalise", Value::Flag(false)),
        ];
        let wave = apply(&given, &Waveform::mono(click, rate as u32).unwrap());
        let h = wave.samples();
        assert!((h[0] - 1.0).abs() < 1e-5 && h[1..160].iter().all(|x| x.abs() < 1e-5));
        let energy = |part: &[f32]| part.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        assert!((10.0 * energy(&h[160..]).log10() + 6.0).abs() < 0.01);
        // The slope of the backward integral (Schroeder, 1965) between -5 and -35 dB.
        let total = energy(&h[160..]);
        let at = |db: f64| {
            (160..h.len())
                .find(|&i| energy(&h[i..]) < total * 10f64.powf(db / 10.0))
                .unwrap() as f64
        };
        let rt60_s = 2.0 * (at(-35.0) - at(-5.0)) / rate as f64;
        assert!((rt60_s - 0.5).abs() < 0.03, "{rt60_s}");
    }

    #[test]
    fn a_recorded_response_stays_the_same_filter_at_another_rate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ir.wav");
        // A smooth low pass of gain 1 at 48 kHz.
        let shape: Vec<f64> = (0..480)
            .map(|i| {
                (std::f64::consts::PI * (i as f64 + 0.5) / 480.0)
                    .sin()
                    .powi(2)
            })
            .collect();
        let sum: f64 = shape.iter().sum();
        let response = shape.iter().map(|x| (x / sum) as f32).collect();
        write_wav(
            &path,
            &Waveform::mono(response, 48_000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
        let given = [
            ("paths", Value::Word(path.display().to_string())),
            ("normalise", Value::Flag(false)),
        ];
        for rate in [8000, 16_000, 44_100] {
            let wave = apply(
                &given,
                &Waveform::new(vec![1.0; 2 * 2000], 2, rate).unwrap(),
            );
            assert_eq!((wave.n_channels(), wave.n_samples()), (2, 2000));
            assert!(
                (wave.channel(1)[1900] - 1.0).abs() < 0.002,
                "{rate}: {}",
                wave.channel(1)[1900]
            );
        }
    }

    #[test]
    fn unit_energy_keeps_the_level_of_noise_and_a_dry_mix_the_sound() {
        let mut samples = vec![0.0; 40_000];
        Rng::from_words(&[1]).fill_normal(&mut samples);
        let noise = Waveform::mono(samples, 16_000).unwrap();
        let wet = apply(&[("rt60_s", number(0.2)), ("wet_db", number(20.0))], &noise);
        assert!(
            (wet.rms_db() - noise.rms_db()).abs() < 0.5,
            "{}",
            wet.rms_db()
        );
        assert_eq!(apply(&[("mix", number(0.0))], &noise), noise);
        let longer = apply(
            &[
                ("rt60_s", number(0.2)),
                ("pre_delay_s", number(0.0)),
                ("keep_tail", Value::Flag(true)),
            ],
            &noise,
        );
        assert_eq!(longer.n_samples(), 40_000 + 3200);
    }

    #[test]
    fn the_words_for_a_made_response_and_the_paths_print_and_return_from_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        write_wav(
            &path,
            &Waveform::mono(vec![1.0; 8], 8000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
        let path = path.display().to_string();
        for (value, want) in [
            (
                Value::Word("synthetic".into()),
                "impulse_response()".to_owned(),
            ),
            (
                Value::Word(path.clone()),
                format!("impulse_response({path:?})"),
            ),
            (
                Value::Paths(vec![path.clone(), path.clone()]),
                format!("impulse_response([{path:?}, {path:?}])"),
            ),
        ] {
            let stage = Stage::new(
                declaration("impulse_response").unwrap(),
                [("paths".to_owned(), value)],
            )
            .unwrap();
            let recipe: super::super::Recipe = stage.into();
            assert_eq!(recipe.to_string(), want);
            assert_eq!(
                super::super::Recipe::from_json(&recipe.to_json()).unwrap(),
                recipe
            );
        }
        for wrong in [
            Value::Word(String::new()),
            Value::Paths(vec![]),
            number(3.0),
            Value::Word("none.wav".into()),
        ] {
            assert!(
                Stage::new(
                    declaration("impulse_response").unwrap(),
                    [("paths".to_owned(), wrong)]
                )
                .is_err()
            );
        }
    }
}
