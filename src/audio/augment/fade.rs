//! Fade in and out.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Error, Rng};
use smallvec::smallvec;
use std::f64::consts::PI;
use std::sync::Arc;

/// The gain of a fade at `u` in 0..1, for a fade in; a fade out has the mirrored curve below.
///
/// Curves as in CLAR's code (Al-Tahan and Mohsenzadeh, 2021), which are those of torchaudio; all limited to 0..1.
pub(super) static FADE: Declaration = Declaration {
    name: "fade",
    about: "Fades the sound in and out over random parts of the clip.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (FD)",
    parameters: &[
        Parameter::option(
            "max_fraction",
            Kind::Number { low: 0.0, high: 1.0 },
            DefaultValue::Number(0.5),
            "longest fade at either end, as a share of the clip; each length is uniform between 0 and this",
        ),
        Parameter::option(
            "shape",
            Kind::Word(&SHAPES),
            DefaultValue::Word("any"),
            "curve of both fades; \"any\" draws one of linear, exponential and logarithmic",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &["fade_in_samples", "fade_out_samples", "shape"],
    example: "let x = tone(440, 1) |> fade(#{ max_fraction: 0.25 }); assert(x.samples()[0] == 0.0)",
    build: |settings| {
        Ok(Arc::new(Fade {
            max_fraction: settings.number("max_fraction").unwrap_or(0.5),
            shape: settings.word("shape", &SHAPES).filter(|&shape| shape < Shape::ALL.len()),
        }))
    },
};

const SHAPES: [&str; 6] = ["linear", "exponential", "logarithmic", "quarter_sine", "half_sine", "any"];

struct Fade {
    max_fraction: f64,
    shape: Option<usize>,
}

#[derive(Clone, Copy)]
enum Shape {
    Linear,
    Exponential,
    Logarithmic,
    QuarterSine,
    HalfSine,
}

impl Shape {
    const ALL: [Shape; 5] =
        [Shape::Linear, Shape::Exponential, Shape::Logarithmic, Shape::QuarterSine, Shape::HalfSine];
    /// The paper's three, with equal chances; its code has all five.
    const IN_THE_PAPER: usize = 3;

    fn fade_in(self, u: f64) -> f64 {
        let gain = match self {
            Shape::Linear => u,
            Shape::Exponential => libm::exp2(u - 1.0) * u,
            Shape::Logarithmic => libm::log10(0.1 + u) + 1.0,
            Shape::QuarterSine => libm::sin(PI * u / 2.0),
            Shape::HalfSine => 0.5 - 0.5 * libm::cos(PI * u),
        };
        gain.clamp(0.0, 1.0)
    }

    fn fade_out(self, u: f64) -> f64 {
        let gain = match self {
            Shape::Exponential => libm::exp2(-u) * (1.0 - u),
            Shape::Logarithmic => libm::log10(1.1 - u) + 1.0,
            shape => return shape.fade_in(1.0 - u),
        };
        gain.clamp(0.0, 1.0)
    }
}

impl Transform for Fade {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let mut length = || (rng.range(0.0, self.max_fraction) * input.n as f64).floor();
        let (fade_in, fade_out) = (length(), length());
        let shape = self.shape.unwrap_or_else(|| rng.below(Shape::IN_THE_PAPER));
        smallvec![fade_in, fade_out, shape as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let length = |drawn: f64| (drawn.max(0.0) as usize).min(n);
        let (fade_in, fade_out) = (length(draws[0]), length(draws[1]));
        let shape = Shape::ALL[(draws[2].max(0.0) as usize).min(Shape::ALL.len() - 1)];
        for channel in work.channels_mut() {
            for (x, gain) in channel[..fade_in].iter_mut().zip(curve(fade_in, |u| shape.fade_in(u))) {
                *x *= gain;
            }
            for (x, gain) in channel[n - fade_out..].iter_mut().zip(curve(fade_out, |u| shape.fade_out(u))) {
                *x *= gain;
            }
        }
        Ok(())
    }
}

/// `n` gains at equally spaced `u` from 0 to 1, both ends included.
fn curve(n: usize, gain: impl Fn(f64) -> f64) -> impl Iterator<Item = f32> {
    let step = 1.0 / (n.max(2) - 1) as f64;
    (0..n).map(move |i| gain(i as f64 * step) as f32)
}
