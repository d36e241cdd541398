//! Fade in and out.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, LN_2, LN_10, SQRT_2};
use std::sync::Arc;

/// The gain of a fade in at `u` in 0..1 is `u`, `2^(u - 1) u`, `log10(0.1 + u) + 1`, `sin(pi u / 2)` or
/// `1/2 - cos(pi u) / 2`; a fade out is the mirror image.
///
/// Curves as in CLAR's code (Al-Tahan and Mohsenzadeh, 2021), which are those of torchaudio; all limited to 0..1.
pub(super) static FADE: Declaration = Declaration {
    name: "fade",
    about: "Fades the sound in and out over random parts of the clip.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (FD)",
    parameters: &[
        Parameter::option(
            "max_fraction",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.5),
            "longest fade at either end, as a share of the clip; each length is uniform between 0 and this. A range such \
             as `0.1..0.3` is the length itself, drawn for each end",
        ),
        Parameter::option(
            "shape",
            Kind::Word(&words(&SHAPES)),
            DefaultValue::Word("any"),
            "curve of both fades; \"any\" draws one of linear, exponential and logarithmic",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["fade_in_samples", "fade_out_samples", "shape"],
    },
    example: "let x = tone(440, 1) |> fade(#{ max_fraction: 0.25 }); assert(x.samples()[0] == 0.0)",
    build: |settings| {
        Ok(Arc::new(Fade {
            fraction: match settings.drawn("max_fraction") {
                Distribution::Constant(longest) => Distribution::Uniform {
                    low: 0.0,
                    high: longest,
                },
                drawn => drawn,
            },
            shape: settings.word("shape", &SHAPES),
        }))
    },
};

const SHAPES: [(&str, Option<Shape>); 6] = [
    ("linear", Some(Shape::Linear)),
    ("exponential", Some(Shape::Exponential)),
    ("logarithmic", Some(Shape::Logarithmic)),
    ("quarter_sine", Some(Shape::QuarterSine)),
    ("half_sine", Some(Shape::HalfSine)),
    ("any", None),
];

struct Fade {
    fraction: Distribution,
    shape: Option<Shape>,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Linear,
    Exponential,
    Logarithmic,
    QuarterSine,
    HalfSine,
}

impl Shape {
    const ALL: [Shape; 5] = [
        Shape::Linear,
        Shape::Exponential,
        Shape::Logarithmic,
        Shape::QuarterSine,
        Shape::HalfSine,
    ];
    /// The paper's three, with equal chances; its code has all five.
    const IN_THE_PAPER: usize = 3;
}

impl Transform for Fade {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let mut length = || (self.fraction.draw_within(rng, 0.0, 1.0) * input.n as f64).floor();
        let (fade_in, fade_out) = (length(), length());
        let shape = match self.shape {
            Some(shape) => shape as usize,
            None => rng.below(Shape::IN_THE_PAPER),
        };
        smallvec![fade_in, fade_out, shape as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let length = |drawn: f64| (drawn.max(0.0) as usize).min(n);
        let (fade_in, fade_out) = (length(draws[0]), length(draws[1]));
        let shape = Shape::ALL[(draws[2].max(0.0) as usize).min(Shape::ALL.len() - 1)];
        for channel in work.channels_mut() {
            for (part, falling) in [(0..fade_in, false), (n - fade_out..n, true)] {
                pulp::Arch::new().dispatch(Ramp {
                    part: &mut channel[part],
                    shape,
                    falling,
                });
            }
        }
        Ok(())
    }
}

/// Multiplies by the curve of a shape at equally spaced `u` from 0 to 1, both ends included, or from 1 to 0.
///
/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor;
/// nothing in it is fused or reordered, so the bytes are the same on all.
struct Ramp<'a> {
    part: &'a mut [f32],
    shape: Shape,
    falling: bool,
}

impl pulp::NullaryFnOnce for Ramp<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Ramp {
            part,
            shape,
            falling,
        } = self;
        let step = 1.0 / (part.len().max(2) - 1) as f64;
        let (first, rise) = if falling { (1.0, -step) } else { (0.0, step) };
        let (whole, rest) = part.as_chunks_mut::<LANES>();
        let mut start = 0.0;
        for chunk in whole {
            let gains = gains(shape, start, first, rise);
            for i in 0..LANES {
                chunk[i] *= gains[i];
            }
            start += LANES as f64;
        }
        let gains = gains(shape, start, first, rise);
        rest.iter_mut().zip(gains).for_each(|(x, gain)| *x *= gain);
    }
}

/// Places that are worked on side by side.
const LANES: usize = 16;

/// The gains at `u = first + i rise` for `i` from `start` on.
#[inline(always)]
fn gains(shape: Shape, start: f64, first: f64, rise: f64) -> [f32; LANES] {
    let mut u = [0.0; LANES];
    for (i, u) in u.iter_mut().enumerate() {
        *u = first + (start + i as f64) * rise;
    }
    match shape {
        Shape::Linear => (),
        Shape::Exponential => {
            let mut x = u;
            for x in &mut x {
                *x = (*x - 0.5) * LN_2;
            }
            // `2^(u - 1)` by the Taylor polynomial around the middle.
            let power = polynomial(&EXPONENTIAL, &x);
            for i in 0..LANES {
                u[i] *= power[i] * FRAC_1_SQRT_2;
            }
        }
        Shape::Logarithmic => {
            for u in &mut u {
                *u = 1.0 + 10.0 * *u;
            }
            ln(&mut u);
            for u in &mut u {
                *u *= 1.0 / LN_10;
            }
        }
        Shape::QuarterSine => quarter_sine(&mut u),
        Shape::HalfSine => {
            // The double angle: a half minus half a cosine is the square of a sine.
            quarter_sine(&mut u);
            for u in &mut u {
                *u *= *u;
            }
        }
    }
    let mut gains = [0.0; LANES];
    for i in 0..LANES {
        gains[i] = u[i].clamp(0.0, 1.0) as f32;
    }
    gains
}

/// `sin(pi u / 2)` for `u` in 0..1, by the Taylor polynomial.
#[inline(always)]
fn quarter_sine(u: &mut [f64; LANES]) {
    let mut square = [0.0; LANES];
    for i in 0..LANES {
        u[i] *= FRAC_PI_2;
        square[i] = u[i] * u[i];
    }
    let sum = polynomial(&SINE, &square);
    for i in 0..LANES {
        u[i] *= sum[i];
    }
}

/// The natural logarithm of `x` in 0.71..11.3, by the series of the inverse hyperbolic tangent around a power of two.
#[inline(always)]
fn ln(x: &mut [f64; LANES]) {
    let (mut shift, mut square) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        for _ in 0..3 {
            let (scale, more) = if x[i] < SQRT_2 {
                (1.0, 0.0)
            } else {
                (0.5, LN_2)
            };
            x[i] *= scale;
            shift[i] += more;
        }
        x[i] = (x[i] - 1.0) / (x[i] + 1.0);
        square[i] = x[i] * x[i];
    }
    let sum = polynomial(&INVERSE_TANGENT, &square);
    for i in 0..LANES {
        x[i] = shift[i] + 2.0 * x[i] * sum[i];
    }
}

/// `sum c_k x^k`.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: &[f64; LANES]) -> [f64; LANES] {
    let mut sums = [coefficients[N - 1]; LANES];
    for k in (0..N - 1).rev() {
        for i in 0..LANES {
            sums[i] = sums[i] * x[i] + coefficients[k];
        }
    }
    sums
}

// The polynomials below are as long as errors of a billionth allow, a thirtieth of what single precision rounds off.

/// `1 / k!`, of `exp(x)`.
const EXPONENTIAL: [f64; 9] = {
    let mut terms = [1.0; 9];
    let mut k = 1;
    while k < terms.len() {
        terms[k] = terms[k - 1] / k as f64;
        k += 1;
    }
    terms
};

/// `(-1)^k / (2k + 1)!`, of `sin(x) / x` in powers of `x^2`.
const SINE: [f64; 8] = {
    let mut terms = [1.0; 8];
    let mut k = 1;
    while k < terms.len() {
        terms[k] = -terms[k - 1] / (2 * k * (2 * k + 1)) as f64;
        k += 1;
    }
    terms
};

/// `1 / (2k + 1)`, of `atanh(x) / x` in powers of `x^2`.
const INVERSE_TANGENT: [f64; 6] = {
    let mut terms = [1.0; 6];
    let mut k = 1;
    while k < terms.len() {
        terms[k] = 1.0 / (2 * k + 1) as f64;
        k += 1;
    }
    terms
};

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    #[test]
    fn a_range_is_the_length_of_each_fade() {
        let range = Value::Drawn(Distribution::uniform(0.1, 0.3).unwrap());
        let stage = Stage::new(
            declaration("fade").unwrap(),
            [("max_fraction".to_owned(), range)],
        )
        .unwrap();
        let recipe = Recipe::from(stage);
        let mut work = Workspace::default();
        for item in 0..100 {
            work.load(&Waveform::mono(vec![1.0; 1000], 8000).unwrap());
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                    &mut work,
                )
                .unwrap();
            let [fade_in, fade_out] = [0, 1].map(|i| trace.steps[0].values[i].1);
            assert!(
                (100.0..=300.0).contains(&fade_in)
                    && (100.0..=300.0).contains(&fade_out)
                    && fade_in != fade_out
            );
        }
    }

    /// The curves as they are written, of a fade in.
    fn formula(shape: Shape, u: f64) -> f64 {
        let gain = match shape {
            Shape::Linear => u,
            Shape::Exponential => (u - 1.0).exp2() * u,
            Shape::Logarithmic => (0.1 + u).log10() + 1.0,
            Shape::QuarterSine => (std::f64::consts::PI * u / 2.0).sin(),
            Shape::HalfSine => 0.5 - 0.5 * (std::f64::consts::PI * u).cos(),
        };
        gain.clamp(0.0, 1.0)
    }

    #[test]
    fn gains_are_the_same_with_and_without_wide_instructions() {
        for shape in Shape::ALL {
            let [mut wide, mut plain] = [[1.0f32; 1003]; 2];
            pulp::Arch::new().dispatch(Ramp {
                part: &mut wide,
                shape,
                falling: true,
            });
            pulp::Arch::Scalar.dispatch(Ramp {
                part: &mut plain,
                shape,
                falling: true,
            });
            assert_eq!(wide.map(f32::to_bits), plain.map(f32::to_bits), "{shape:?}");
        }
    }

    #[test]
    fn gains_are_those_of_the_formulas() {
        for shape in Shape::ALL {
            for n in [1, 2, 3, 15, 16, 17, 1000, 12_345] {
                for falling in [false, true] {
                    let mut part = vec![1.0f32; n];
                    pulp::Arch::new().dispatch(Ramp {
                        part: &mut part,
                        shape,
                        falling,
                    });
                    for (i, got) in part.iter().enumerate() {
                        let u = i as f64 / (n.max(2) - 1) as f64;
                        let want = formula(shape, if falling { 1.0 - u } else { u });
                        // Half a unit in the last place of single precision, and the error of the polynomials.
                        assert!(
                            (f64::from(*got) - want).abs() < 2f64.powi(-25) + 1e-9,
                            "{i} of {n}: {got}, not {want}"
                        );
                    }
                    if !falling {
                        assert_eq!(part[0], 0.0);
                    }
                }
            }
        }
    }
}
