//! Noise of a colour, at a signal-to-noise ratio or at a level.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::waveform::{mix_at_level, mix_at_snr};
use crate::{Distribution, Error, Rng};
use auricle_fft::Planner;
use auricle_fft::num_complex::Complex32;
use smallvec::smallvec;
use std::cell::RefCell;
use std::sync::Arc;

/// `y = x + n * rms(x) / rms(n) * 10^(-snr_db / 20)`, or `y = x + n / rms(n) * 10^(level_db / 20)`, with the level of the
/// noise as realised, so the ratio or the level is exact. At a ratio a silent clip stays silent.
///
/// Coloured noise is white noise shaped over its whole length: power falls as `f^-exponent`, the mean is removed, and
/// below [`LOWEST_HZ`] the spectrum is flat, so that brown noise does not drift away. A-weighting multiplies the spectrum
/// by the curve of IEC 61672-1, annex E, before the level is set: what is left is noise where the ear is sensitive.
pub(super) static NOISE: Declaration = Declaration {
    name: "noise",
    about: "Adds noise of a given colour, at a signal-to-noise ratio or at a level of its own.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (WN)",
    parameters: &[
        Parameter::positional(
            "snr_db",
            Kind::Drawn {
                low: LOW_DB,
                high: HIGH_DB,
            },
            DefaultValue::Range(5.0, 40.0),
            "power of the sound over power of the noise, dB",
        ),
        Parameter::option(
            "level_db",
            Kind::Drawn {
                low: -200.0,
                high: 100.0,
            },
            DefaultValue::Absent,
            "level of the noise instead of a ratio, dB: its root mean square relative to 1; on silence, too",
        ),
        Parameter::option(
            "color",
            Kind::WordOrDrawn {
                words: &words(&COLORS),
                low: -STEEPEST,
                high: STEEPEST,
            },
            DefaultValue::Word("white"),
            "colour, or the exponent b of a power spectrum that falls as f^-b, by 3.01 b dB an octave",
        ),
        Parameter::option(
            "a_weighted",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the noise is weighted by the ear's sensitivity, the A curve, so that it sounds as loud as it can",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &[
            "snr_db or level_db",
            "noise_seed",
            "exponent (of a drawn color)",
        ],
    },
    example: "let x = tone(440, 1); assert_near(snr_db(x, x |> noise(10, #{ color: \"pink\" })), 10, 0.01)",
    build: |settings| {
        let level = match settings.only_one_of(&["snr_db", "level_db"])? {
            Some("level_db") => Level::Absolute(settings.drawn("level_db")),
            _ => Level::Ratio(settings.drawn("snr_db")),
        };
        let exponent = match settings.word_if("color", &COLORS) {
            Some(exponent) => exponent.into(),
            None => settings.drawn("color"),
        };
        let mut draws = vec![
            if matches!(level, Level::Ratio(_)) {
                "snr_db"
            } else {
                "level_db"
            },
            "noise_seed",
        ];
        if !matches!(exponent, Distribution::Constant(_)) {
            draws.push("exponent");
        }
        Ok(Arc::new(Noise {
            level,
            exponent,
            weighting: if settings.flag("a_weighted") {
                Weighting::A
            } else {
                Weighting::None
            },
            draws: draws.into_iter().map(str::to_owned).collect(),
        }))
    },
};

/// Colours and their exponents.
const COLORS: [(&str, f64); 5] = [
    ("white", 0.0),
    ("pink", 1.0),
    ("brown", 2.0),
    ("blue", -1.0),
    ("violet", -2.0),
];
const STEEPEST: f64 = 4.0;
const LOW_DB: f64 = -100.0;
const HIGH_DB: f64 = 200.0;
const LOWEST_HZ: f64 = 20.0;

enum Level {
    /// dB of the sound over the noise.
    Ratio(Distribution),
    /// dB of the noise relative to 1.
    Absolute(Distribution),
}

/// What a spectrum is multiplied with besides its colour.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Weighting {
    /// Nothing.
    None,
    /// The A curve.
    A,
}

struct Noise {
    level: Level,
    exponent: Distribution,
    weighting: Weighting,
    /// A colour that is the same for all clips is not among them.
    draws: Vec<String>,
}

impl Transform for Noise {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let level = match &self.level {
            Level::Ratio(snr_db) => snr_db.draw_within(rng, LOW_DB, HIGH_DB),
            Level::Absolute(level_db) => level_db.draw_within(rng, -200.0, 100.0),
        };
        let mut draws: Draws = smallvec![level, rng.seed()];
        if !matches!(self.exponent, Distribution::Constant(_)) {
            draws.push(self.exponent.draw_within(rng, -STEEPEST, STEEPEST));
        }
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.draws)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mut noise = std::mem::take(&mut work.spare);
        noise.resize(work.samples.len(), 0.0);
        let n = work.input().n;
        let mut rng = Rng::from_seed(draws[1]);
        let exponent = match (&self.exponent, draws.get(2)) {
            (Distribution::Constant(exponent), _) => *exponent,
            (_, drawn) => drawn.copied().unwrap_or(0.0).clamp(-STEEPEST, STEEPEST),
        };
        for channel in noise.chunks_mut(n.max(1)) {
            if exponent == 0.0 && self.weighting == Weighting::None {
                rng.fill_normal(channel);
            } else {
                fill_colored(
                    channel,
                    exponent,
                    self.weighting,
                    work.sample_rate,
                    &mut rng,
                );
            }
        }
        match self.level {
            Level::Ratio(_) => mix_at_snr(&mut work.samples, &noise, draws[0]),
            Level::Absolute(_) => mix_at_level(&mut work.samples, &noise, draws[0]),
        }
        work.spare = noise;
        Ok(())
    }
}

/// The A-weighting as an amplitude, 1 near 1 kHz: IEC 61672-1:2013, eq. E.6 without its constant,
/// `R(f) = f4^2 f^4 / ((f^2 + f1^2) sqrt((f^2 + f2^2) (f^2 + f3^2)) (f^2 + f4^2))`.
fn a_weight(freq_hz: f64) -> f64 {
    const POLES_HZ: [f64; 4] = [20.598_997, 107.652_65, 737.862_23, 12_194.217];
    const AT_1_KHZ: f64 = 0.794_345_7;
    let square = freq_hz * freq_hz;
    let [a, b, c, d] = POLES_HZ.map(|pole| square + pole * pole);
    POLES_HZ[3] * POLES_HZ[3] * square * square / (a * (b * c).sqrt() * d) / AT_1_KHZ
}

/// What shaping noise needs besides its output, kept by each thread.
struct Shaper {
    planner: Planner,
    time: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// Fills with Gaussian noise whose power spectrum falls as `f^-exponent`, of no particular level.
pub(super) fn fill_colored(
    out: &mut [f32],
    exponent: f64,
    weighting: Weighting,
    sample_rate: u32,
    rng: &mut Rng,
) {
    thread_local! {
        static SHAPER: RefCell<Shaper> = RefCell::new(Shaper {
            planner: Planner::new(),
            time: Vec::new(),
            spectrum: Vec::new(),
            scratch: Vec::new(),
        });
    }
    SHAPER.with_borrow_mut(|shaper| shaper.fill(out, exponent, weighting, sample_rate, rng));
}

impl Shaper {
    fn fill(
        &mut self,
        out: &mut [f32],
        exponent: f64,
        weighting: Weighting,
        sample_rate: u32,
        rng: &mut Rng,
    ) {
        let Shaper {
            planner,
            time,
            spectrum,
            scratch,
        } = self;
        // A length without large factors; the end that is cut off is as random as the rest.
        let n = fast_length(out.len());
        time.resize(n, 0.0);
        rng.fill_normal(time);
        let (forward, inverse) = (planner.real_forward(n), planner.real_inverse(n));
        spectrum.resize(n / 2 + 1, Complex32::default());
        scratch.resize(
            forward.get_scratch_len().max(inverse.get_scratch_len()),
            Complex32::default(),
        );
        forward
            .process_with_scratch(time, spectrum, scratch)
            .expect("the buffers fit the length they were made for");
        let step = f64::from(sample_rate) / n as f64;
        for (k, bin) in spectrum.iter_mut().enumerate() {
            // Power falls as f^-b, so amplitude as f^(-b/2); relative to 1 kHz, to stay in range.
            let mut amplitude =
                libm::pow((k as f64 * step).max(LOWEST_HZ) / 1000.0, -exponent / 2.0);
            if weighting == Weighting::A {
                amplitude *= a_weight(k as f64 * step);
            }
            *bin *= if k == 0 { 0.0 } else { amplitude as f32 };
        }
        spectrum[0] = Complex32::default();
        if n.is_multiple_of(2) {
            spectrum[n / 2].im = 0.0;
        }
        inverse
            .process_with_scratch(spectrum, time, scratch)
            .expect("the ends of the spectrum are real");
        out.copy_from_slice(&time[..out.len()]);
    }
}

/// The smallest even `2^a 3^b 5^c` that is at least `n`.
fn fast_length(n: usize) -> usize {
    (n.max(2)..)
        .find(|&candidate| {
            let mut rest = candidate;
            for factor in [2, 3, 5] {
                while rest.is_multiple_of(factor) {
                    rest /= factor;
                }
            }
            rest == 1 && candidate.is_multiple_of(2)
        })
        .expect("there is a power of two above every length")
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn noise(given: &[(&str, Value)]) -> Result<Stage, Error> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration("noise").unwrap(), given)
    }

    #[test]
    fn a_level_is_met_on_silence_too_and_excludes_a_ratio() {
        let level = ("level_db", Value::Drawn((-40.0).into()));
        for color in ["white", "brown", "violet"] {
            let recipe = Recipe::from(
                noise(&[level.clone(), ("color", Value::Word(color.into()))]).unwrap(),
            );
            let silence = Waveform::new(vec![0.0; 2 * 8000], 2, 8000).unwrap();
            let added = recipe.wave(&silence, Key::of_seed(1)).unwrap();
            assert!(
                (added.rms_db() + 40.0).abs() < 1e-3,
                "{color}: {}",
                added.rms_db()
            );
            let tone = Waveform::new(
                (0..16_000).map(|i| (i as f32 * 0.1).sin()).collect(),
                2,
                8000,
            )
            .unwrap();
            let noisy = recipe.wave(&tone, Key::of_seed(1)).unwrap();
            let rest: Vec<f32> = noisy
                .samples()
                .iter()
                .zip(tone.samples())
                .map(|(y, x)| y - x)
                .collect();
            let rest = Waveform::new(rest, 2, 8000).unwrap();
            assert!(
                (rest.rms_db() + 40.0).abs() < 1e-2,
                "{color}: {}",
                rest.rms_db()
            );
        }
        let error = noise(&[level, ("snr_db", Value::Drawn(3.0.into()))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`level_db` must be left out where `snr_db` is given, not -40"
        );
    }

    #[test]
    fn the_exponent_is_drawn_and_recorded() {
        let range = Value::Drawn(Distribution::uniform(-1.0, 2.0).unwrap());
        let recipe = Recipe::from(noise(&[("color", range)]).unwrap());
        let exponent = |item| {
            let mut work = Workspace::default();
            work.load(&Waveform::mono(vec![1.0; 80], 8000).unwrap());
            recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                    &mut work,
                )
                .unwrap()
                .steps[0]
                .values[2]
                .1
        };
        let drawn: Vec<f64> = (0..50).map(exponent).collect();
        assert!(drawn.iter().all(|b| (-1.0..2.0).contains(b)) && drawn[0] != drawn[1]);
    }

    #[test]
    fn the_weighting_is_that_of_the_standard() {
        // IEC 61672-1:2013, table 3, dB; the table is rounded to a tenth.
        let table = [
            (31.5, -39.4),
            (63.0, -26.2),
            (125.0, -16.1),
            (250.0, -8.6),
            (500.0, -3.2),
            (1000.0, 0.0),
        ];
        let higher = [
            (2000.0, 1.2),
            (4000.0, 1.0),
            (8000.0, -1.1),
            (16_000.0, -6.6),
        ];
        for (nominal_hz, want_db) in table.into_iter().chain(higher) {
            // The exact frequencies behind the nominal ones are powers of ten.
            let exact_hz = libm::pow(10.0, (10.0 * libm::log10(nominal_hz)).round() / 10.0);
            let got_db = 20.0 * libm::log10(a_weight(exact_hz));
            assert!((got_db - want_db).abs() < 0.06, "{nominal_hz} Hz: {got_db}");
        }
    }

    #[test]
    fn weighted_white_noise_has_the_spectrum_of_the_weighting() {
        let mut noise = vec![0.0; 1 << 17];
        fill_colored(
            &mut noise,
            0.0,
            Weighting::A,
            48_000,
            &mut Rng::from_words(&[4]),
        );
        let forward = Planner::new().real_forward(noise.len());
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut noise, &mut spectrum).unwrap();
        let step = 48_000.0 / f64::from(1 << 17);
        let band_db = |freq_hz: f64| {
            let bins = (freq_hz * 0.9 / step) as usize..(freq_hz * 1.1 / step) as usize;
            let n = bins.len() as f64;
            10.0 * libm::log10(bins.map(|k| f64::from(spectrum[k].norm_sqr())).sum::<f64>() / n)
        };
        for (freq_hz, want_db) in [(125.0, -16.1), (4000.0, 1.0), (8000.0, -1.1)] {
            let got_db = band_db(freq_hz) - band_db(1000.0);
            assert!((got_db - want_db).abs() < 1.2, "{freq_hz} Hz: {got_db}");
        }
    }
}
