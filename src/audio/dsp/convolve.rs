//! Linear convolution by the Fourier transform.

use auricle_fft::num_complex::Complex32;
use auricle_fft::{ComplexToReal, Planner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;

/// Convolves, with buffers that are kept from call to call.
///
/// `y[n] = sum_k h[k] x[n - k]`, by overlap-add (Stockham, "High-speed convolution and correlation", 1966): blocks of `x`
/// are multiplied by `h` in the frequency domain and their tails added. The size of the transform is the one with the
/// least work; where one block is cheapest there is only one.
#[derive(Default)]
pub struct Convolver {
    time: Vec<f32>,
    block: Vec<Complex32>,
    kernel: Vec<Complex32>,
    work: Vec<Complex32>,
}

type Plans = (Arc<dyn RealToComplex<f32>>, Arc<dyn ComplexToReal<f32>>);

impl Convolver {
    /// Writes the first `out.len()` samples of the convolution; zeros where it has ended before.
    ///
    /// The whole of it has `signal.len() + kernel.len() - 1` samples.
    pub fn convolve(&mut self, signal: &[f32], kernel: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        // What comes after the last wanted sample cannot reach it.
        let (signal, kernel) = (
            &signal[..signal.len().min(out.len())],
            &kernel[..kernel.len().min(out.len())],
        );
        // The operation is symmetric: the shorter of the two is transformed once.
        let (long, short) = if signal.len() >= kernel.len() {
            (signal, kernel)
        } else {
            (kernel, signal)
        };
        if short.is_empty() {
            return;
        }
        let n = transform_size(long.len(), short.len());
        let (forward, inverse) = plans(n);
        self.time.resize(n, 0.0);
        self.block.resize(n / 2 + 1, Complex32::default());
        self.kernel.resize(n / 2 + 1, Complex32::default());
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        self.work.resize(scratch, Complex32::default());
        let fits = "the buffers are as long as the plan";
        self.time[..short.len()].copy_from_slice(short);
        self.time[short.len()..].fill(0.0);
        forward
            .process_with_scratch(&mut self.time, &mut self.kernel, &mut self.work)
            .expect(fits);
        // The transforms are not scaled; doing it here costs least.
        let scale = 1.0 / n as f32;
        self.kernel.iter_mut().for_each(|bin| *bin *= scale);
        let step = n - short.len() + 1;
        for (index, part) in long.chunks(step).enumerate() {
            self.time[..part.len()].copy_from_slice(part);
            self.time[part.len()..].fill(0.0);
            forward
                .process_with_scratch(&mut self.time, &mut self.block, &mut self.work)
                .expect(fits);
            self.block
                .iter_mut()
                .zip(&self.kernel)
                .for_each(|(x, h)| *x *= h);
            // The ends are products of real numbers, and the inverse insists on it.
            self.block[0].im = 0.0;
            self.block[n / 2].im = 0.0;
            inverse
                .process_with_scratch(&mut self.block, &mut self.time, &mut self.work)
                .expect(fits);
            let reach = part.len() + short.len() - 1;
            out[index * step..]
                .iter_mut()
                .zip(&self.time[..reach])
                .for_each(|(y, x)| *y += x);
        }
    }
}

/// The size of transform, `2^k` or `3 * 2^k`, with the least work for all blocks. So few sizes keep the plans few.
fn transform_size(long: usize, short: usize) -> usize {
    let whole = long + short - 1;
    let work = |n: usize| {
        let blocks = long.div_ceil(n - short + 1) as f64;
        // A pair of transforms a block, and one for the kernel.
        (2.0 * blocks + 1.0) * n as f64 * (n as f64).log2()
    };
    let mut best = (f64::INFINITY, 0);
    for k in 1.. {
        for n in [2usize << k, 3usize << k] {
            if n >= 2 * short.min(whole) || n >= whole {
                let cost = work(n);
                if cost < best.0 {
                    best = (cost, n);
                }
            }
        }
        if 2usize << k >= whole {
            return best.1;
        }
    }
    best.1
}

fn plans(n: usize) -> Plans {
    thread_local! {
        static PLANNER: RefCell<Planner> = RefCell::new(Planner::new());
    }
    PLANNER.with_borrow_mut(|planner| (planner.real_forward(n), planner.real_inverse(n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    fn noise(n: usize, seed: u64) -> Vec<f32> {
        let mut x = vec![0.0; n];
        Rng::from_words(&[seed]).fill_normal(&mut x);
        x
    }

    #[test]
    fn it_agrees_with_the_sum_for_every_length() {
        let mut convolver = Convolver::default();
        for (n, m) in [
            (1, 1),
            (1, 9),
            (5, 5),
            (100, 7),
            (7, 100),
            (4000, 33),
            (3000, 2999),
            (20_000, 64),
            (0, 4),
            (4, 0),
        ] {
            let (x, h) = (noise(n, 1), noise(m, 2));
            for length in [0, 1, n, (n + m).saturating_sub(1), n + m + 3] {
                let mut got = vec![9.0; length];
                convolver.convolve(&x, &h, &mut got);
                let stride = (length / 50).max(1);
                for (i, y) in got.iter().enumerate().step_by(stride) {
                    let term = |k: usize| f64::from(h[k]) * f64::from(x[i - k]);
                    let want: f64 = (0..m).filter(|&k| k <= i && i - k < n).map(term).sum();
                    let size = (m.min(n).max(1) as f64).sqrt();
                    assert!(
                        (f64::from(*y) - want).abs() < 1e-5 * size,
                        "{n} by {m}, {length}, at {i}: {y} {want}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_transform_is_never_shorter_than_a_block() {
        for (long, short) in [
            (1, 1),
            (2, 1),
            (16_000, 1),
            (16_000, 16_000),
            (1_000_000, 100),
            (480_000, 96_000),
        ] {
            let n = transform_size(long, short);
            assert!(n >= short && n <= 4 * (long + short), "{long} {short}: {n}");
            assert!(n >= 2 && n.is_multiple_of(2));
        }
    }
}
