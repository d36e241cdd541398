//! Real FFTs in double precision, there and back.

use auricle_fft::num_complex::Complex64;
use auricle_fft::{ComplexToReal, DoublePlanner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;

/// A forward and an inverse real FFT of one size. Plans are shared between all users of a size on a thread.
///
/// Double precision, because phases are handed on from frame to frame: a weak bin's phase is only as good as the rounding
/// noise of the frame's strongest one.
#[derive(Clone)]
pub struct FftPair {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

/// Buffers of an [`FftPair`], kept by the caller so that no transform allocates.
#[derive(Default)]
pub struct PairScratch {
    /// The frame; the forward transform overwrites it, the inverse one writes it.
    pub time: Vec<f64>,
    /// The spectrum, `n / 2 + 1` bins; the inverse transform overwrites it.
    pub spectrum: Vec<Complex64>,
    work: Vec<Complex64>,
}

impl FftPair {
    /// The transforms of `n` real samples, `n >= 1`.
    pub fn new(n: usize) -> FftPair {
        thread_local! {
            static PLANNER: RefCell<DoublePlanner> = RefCell::new(DoublePlanner::new());
        }
        PLANNER.with_borrow_mut(|planner| FftPair {
            forward: planner.real_forward(n),
            inverse: planner.real_inverse(n),
        })
    }

    /// Number of real samples.
    pub fn n(&self) -> usize {
        self.forward.len()
    }

    /// Makes the buffers fit.
    pub fn prepare(&self, scratch: &mut PairScratch) {
        scratch.time.resize(self.n(), 0.0);
        scratch
            .spectrum
            .resize(self.n() / 2 + 1, Complex64::default());
        let work = self
            .forward
            .get_scratch_len()
            .max(self.inverse.get_scratch_len());
        scratch.work.resize(work, Complex64::default());
    }

    /// Transforms `scratch.time` into `scratch.spectrum`, after [`FftPair::prepare`].
    pub fn forward(&self, scratch: &mut PairScratch) {
        let work = &mut scratch.work[..self.forward.get_scratch_len()];
        self.forward
            .process_with_scratch(&mut scratch.time, &mut scratch.spectrum, work)
            .expect("the buffers fit: see `prepare`");
    }

    /// Transforms `scratch.spectrum` into `scratch.time`, after [`FftPair::prepare`]; the sum is divided by `n`.
    ///
    /// The ends of the spectrum of a real signal are real; imaginary parts there are ignored.
    pub fn inverse(&self, scratch: &mut PairScratch) {
        let n = self.n();
        scratch.spectrum[0].im = 0.0;
        if n.is_multiple_of(2) {
            scratch.spectrum[n / 2].im = 0.0;
        }
        let work = &mut scratch.work[..self.inverse.get_scratch_len()];
        self.inverse
            .process_with_scratch(&mut scratch.spectrum, &mut scratch.time, work)
            .expect("the buffers fit and the ends are real");
        let scale = 1.0 / n as f64;
        scratch.time.iter_mut().for_each(|x| *x *= scale);
    }
}

impl std::fmt::Debug for FftPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FftPair({})", self.n())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_identity() {
        for n in [1, 2, 7, 16, 401] {
            let (fft, mut scratch) = (FftPair::new(n), PairScratch::default());
            fft.prepare(&mut scratch);
            let samples: Vec<f64> = (0..n).map(|i| (i as f64 * 1.3).sin() + 0.2).collect();
            scratch.time.copy_from_slice(&samples);
            fft.forward(&mut scratch);
            fft.inverse(&mut scratch);
            assert!(
                scratch
                    .time
                    .iter()
                    .zip(&samples)
                    .all(|(a, b)| (a - b).abs() < 1e-12),
                "{n}"
            );
        }
    }
}
