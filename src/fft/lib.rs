//! Fast Fourier transforms of any length, one at a time.
//!
//! They are those of rustfft and realfft, which are generic: every crate that asks them for a number type compiles all
//! algorithms for all instruction sets anew, and so do its tests. Here they are compiled once, and given behind traits.
//! (Many frames of one length are transformed side by side by auricle-audio's own `lane_fft`.)

pub use realfft::{ComplexToReal, RealToComplex, num_complex};
pub use rustfft::Fft;

use realfft::RealFftPlanner;
use rustfft::FftPlanner;
use std::sync::Arc;

/// Plans of transforms in single precision, kept for each length.
pub struct Planner {
    complex: FftPlanner<f32>,
    real: RealFftPlanner<f32>,
}

impl Planner {
    /// One without plans.
    #[expect(
        clippy::new_without_default,
        reason = "asks the processor what it can do"
    )]
    pub fn new() -> Planner {
        Planner {
            complex: FftPlanner::new(),
            real: RealFftPlanner::new(),
        }
    }

    /// The transform of `n` complex numbers.
    pub fn forward(&mut self, n: usize) -> Arc<dyn Fft<f32>> {
        self.complex.plan_fft_forward(n)
    }

    /// The transform back into `n` complex numbers, times `n`.
    pub fn inverse(&mut self, n: usize) -> Arc<dyn Fft<f32>> {
        self.complex.plan_fft_inverse(n)
    }

    /// The transform of `n` samples into `n / 2 + 1` bins.
    pub fn real_forward(&mut self, n: usize) -> Arc<dyn RealToComplex<f32>> {
        self.real.plan_fft_forward(n)
    }

    /// The transform of `n / 2 + 1` bins back into `n` samples, times `n`.
    pub fn real_inverse(&mut self, n: usize) -> Arc<dyn ComplexToReal<f32>> {
        self.real.plan_fft_inverse(n)
    }
}

/// Plans of transforms of samples in double precision, kept for each length.
pub struct DoublePlanner(RealFftPlanner<f64>);

impl DoublePlanner {
    /// One without plans.
    #[expect(
        clippy::new_without_default,
        reason = "asks the processor what it can do"
    )]
    pub fn new() -> DoublePlanner {
        DoublePlanner(RealFftPlanner::new())
    }

    /// The transform of `n` samples into `n / 2 + 1` bins.
    pub fn real_forward(&mut self, n: usize) -> Arc<dyn RealToComplex<f64>> {
        self.0.plan_fft_forward(n)
    }

    /// The transform of `n / 2 + 1` bins back into `n` samples, times `n`.
    pub fn real_inverse(&mut self, n: usize) -> Arc<dyn ComplexToReal<f64>> {
        self.0.plan_fft_inverse(n)
    }
}
