//! The Gaussian error linear unit.

use super::math::{exp, normal_cdf};
use pulp::Arch;
use rayon::prelude::*;
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// How the unit is computed (Hendrycks and Gimpel, "Gaussian error linear units", 2016).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gelu {
    /// `x P(X <= x)`.
    Exact,
    /// By a hyperbolic tangent.
    Tanh,
}

/// Values of a task.
const PART: usize = 1 << 14;

/// `sqrt(2 / pi)`.
const SCALE: f32 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
const CUBIC: f32 = 0.044_715;

impl Gelu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        match self {
            Gelu::Exact => x * normal_cdf(x),
            Gelu::Tanh => x * gate(x),
        }
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        match self {
            Gelu::Exact => {
                let density = 0.5 * SCALE * exp(-0.5 * x * x);
                normal_cdf(x) + x * density
            }
            Gelu::Tanh => {
                let gate = gate(x);
                let inner = 2.0 * SCALE * (1.0 + 3.0 * CUBIC * x * x);
                gate + x * gate * (1.0 - gate) * inner
            }
        }
    }
}

/// `(1 + tanh(u)) / 2 = 1 / (1 + e^(-2 u))` with the polynomial `u` of the approximation.
#[inline(always)]
fn gate(x: f32) -> f32 {
    1.0 / (1.0 + exp(-2.0 * SCALE * (x + CUBIC * x * x * x)))
}

pub(super) fn forward(gelu: Gelu, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let arch = Arch::new();
    y.par_chunks_mut(PART)
        .zip(x.par_chunks(PART))
        .for_each(|(y, x)| {
            arch.dispatch(|| match gelu {
                Gelu::Exact => each(y, x, |x| Gelu::Exact.value(x)),
                Gelu::Tanh => each(y, x, |x| Gelu::Tanh.value(x)),
            });
        });
    y
}

#[inline(always)]
fn each(y: &mut [f32], x: &[f32], of: impl Fn(f32) -> f32) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = of(*x));
}

/// The gradient of the input.
pub(super) fn backward(gelu: Gelu, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; x.len()];
    let arch = Arch::new();
    dx.par_chunks_mut(PART)
        .zip(x.par_chunks(PART).zip(gradient.par_chunks(PART)))
        .for_each(|(dx, (x, gradient))| {
            arch.dispatch(|| {
                match gelu {
                    Gelu::Exact => each(dx, x, |x| Gelu::Exact.slope(x)),
                    Gelu::Tanh => each(dx, x, |x| Gelu::Tanh.slope(x)),
                }
                dx.iter_mut().zip(gradient).for_each(|(dx, g)| *dx *= g);
            });
        });
    dx
}
