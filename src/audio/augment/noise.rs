//! Noise of a colour at a signal-to-noise ratio.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Distribution, Error, Rng, waveform::mix_at_snr};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;
use smallvec::smallvec;
use std::cell::RefCell;
use std::sync::Arc;

/// `y = x + n * rms(x) / rms(n) * 10^(-snr_db / 20)`, with the level of the noise as realised, so the ratio is exact.
///
/// Coloured noise is white noise shaped over its whole length: power falls as `f^-exponent`, the mean is removed, and
/// below [`LOWEST_HZ`] the spectrum is flat, so that brown noise does not drift away. A silent clip stays silent.
pub(super) static NOISE: Declaration = Declaration {
    name: "noise",
    about: "Adds noise of a given colour at a given signal-to-noise ratio.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (WN)",
    parameters: &[
        Parameter::positional(
            "snr_db",
            Kind::Drawn { low: LOW_DB, high: HIGH_DB },
            DefaultValue::Range(5.0, 40.0),
            "power of the sound over power of the noise, dB",
        ),
        Parameter::option(
            "color",
            Kind::WordOrNumber { words: &COLORS, low: -4.0, high: 4.0 },
            DefaultValue::Word("white"),
            "colour, or the exponent b of a power spectrum that falls as f^-b",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &["snr_db", "noise_seed"],
    example: "let x = tone(440, 1); assert_near(snr_db(x, x |> noise(10, #{ color: \"pink\" })), 10, 0.01)",
    build: |settings| {
        let named = settings.word("color", &COLORS).map(|index| EXPONENTS[index]);
        Ok(Arc::new(Noise {
            snr_db: settings.drawn("snr_db").unwrap_or(20.0.into()),
            exponent: named.or_else(|| settings.number("color")).unwrap_or(0.0),
        }))
    },
};

const COLORS: [&str; 5] = ["white", "pink", "brown", "blue", "violet"];
const EXPONENTS: [f64; 5] = [0.0, 1.0, 2.0, -1.0, -2.0];
const LOW_DB: f64 = -100.0;
const HIGH_DB: f64 = 200.0;
const LOWEST_HZ: f64 = 20.0;

struct Noise {
    snr_db: Distribution,
    exponent: f64,
}

impl Transform for Noise {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.snr_db.draw_within(rng, LOW_DB, HIGH_DB), rng.seed()]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mut noise = std::mem::take(&mut work.spare);
        noise.resize(work.samples.len(), 0.0);
        let n = work.input().n;
        let mut rng = Rng::from_seed(draws[1]);
        for channel in noise.chunks_mut(n.max(1)) {
            if self.exponent == 0.0 {
                rng.fill_normal(channel);
            } else {
                fill_colored(channel, self.exponent, work.sample_rate, &mut rng);
            }
        }
        mix_at_snr(&mut work.samples, &noise, draws[0]);
        work.spare = noise;
        Ok(())
    }
}

/// What shaping noise needs besides its output, kept by each thread.
struct Shaper {
    planner: RealFftPlanner<f32>,
    time: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// Fills with Gaussian noise whose power spectrum falls as `f^-exponent`, of no particular level.
pub(super) fn fill_colored(out: &mut [f32], exponent: f64, sample_rate: u32, rng: &mut Rng) {
    thread_local! {
        static SHAPER: RefCell<Shaper> = RefCell::new(Shaper {
            planner: RealFftPlanner::new(),
            time: Vec::new(),
            spectrum: Vec::new(),
            scratch: Vec::new(),
        });
    }
    SHAPER.with_borrow_mut(|shaper| shaper.fill(out, exponent, sample_rate, rng));
}

impl Shaper {
    fn fill(&mut self, out: &mut [f32], exponent: f64, sample_rate: u32, rng: &mut Rng) {
        let Shaper { planner, time, spectrum, scratch } = self;
        // A length without large factors; the end that is cut off is as random as the rest.
        let n = fast_length(out.len());
        time.resize(n, 0.0);
        rng.fill_normal(time);
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        spectrum.resize(n / 2 + 1, Complex32::default());
        scratch.resize(forward.get_scratch_len().max(inverse.get_scratch_len()), Complex32::default());
        forward.process_with_scratch(time, spectrum, scratch).expect("the buffers fit the length they were made for");
        let step = f64::from(sample_rate) / n as f64;
        for (k, bin) in spectrum.iter_mut().enumerate() {
            // Power falls as f^-b, so amplitude as f^(-b/2); relative to 1 kHz, to stay in range.
            let amplitude = libm::pow((k as f64 * step).max(LOWEST_HZ) / 1000.0, -exponent / 2.0);
            *bin *= if k == 0 { 0.0 } else { amplitude as f32 };
        }
        spectrum[0] = Complex32::default();
        if n.is_multiple_of(2) {
            spectrum[n / 2].im = 0.0;
        }
        inverse.process_with_scratch(spectrum, time, scratch).expect("the ends of the spectrum are real");
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
