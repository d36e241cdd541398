//! A filter given by its magnitude, applied block by block without a shift of phase.

use auricle_fft::num_complex::Complex32;
use auricle_fft::{ComplexToReal, Planner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;

/// Duration of the impulse response: the magnitude is sampled every 60 Hz or closer.
const RESPONSE_S: f64 = 1.0 / 60.0;

/// Filters from `input` to `output`, of the same length, by a magnitude that is a smooth function of the frequency in Hz.
///
/// The impulse response is the inverse transform of the magnitude at equally spaced frequencies, real and even, so nothing
/// is delayed; overlap-save convolution. Sound outside the clip is taken as silence.
pub fn filter_zero_phase(
    input: &[f32],
    output: &mut [f32],
    sample_rate: u32,
    magnitude: impl Fn(f64) -> f64,
) {
    thread_local! {
        static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::default());
    }
    let wanted = (f64::from(sample_rate) * RESPONSE_S).ceil() as usize;
    let n_taps = wanted.next_power_of_two().clamp(64, 16_384);
    BUFFERS.with_borrow_mut(|buffers| {
        buffers.design(n_taps, f64::from(sample_rate) / n_taps as f64, magnitude);
        buffers.convolve(n_taps / 2, input, output);
    });
}

/// Blocks are this many times as long as the impulse response.
const BLOCK_PER_TAPS: usize = 4;

#[derive(Default)]
struct Buffers {
    planner: Option<Planner>,
    spectrum: Vec<Complex32>,
    response: Vec<f32>,
    time: Vec<f32>,
    work: Vec<Complex32>,
}

impl Buffers {
    fn inverse(&mut self, n: usize) -> Arc<dyn ComplexToReal<f32>> {
        self.planner
            .get_or_insert_with(Planner::new)
            .real_inverse(n)
    }

    fn forward(&mut self, n: usize) -> Arc<dyn RealToComplex<f32>> {
        self.planner
            .get_or_insert_with(Planner::new)
            .real_forward(n)
    }

    /// Leaves the spectrum of a whole block of the filter in `response`, scaled for a round trip; it is real.
    fn design(&mut self, n_taps: usize, step_hz: f64, magnitude: impl Fn(f64) -> f64) {
        self.spectrum.clear();
        self.spectrum.extend(
            (0..=n_taps / 2).map(|k| Complex32::new(magnitude(k as f64 * step_hz) as f32, 0.0)),
        );
        self.time.resize(n_taps, 0.0);
        let inverse = self.inverse(n_taps);
        self.work
            .resize(inverse.get_scratch_len(), Complex32::default());
        inverse
            .process_with_scratch(&mut self.spectrum, &mut self.time, &mut self.work)
            .expect("the ends of a real spectrum are real");

        // The response is even about sample 0; what stands half-way belongs to both sides.
        let (half, n) = (n_taps / 2, n_taps * BLOCK_PER_TAPS);
        let middle = self.time[half] / 2.0;
        self.time[half] = middle;
        self.time.resize(n, 0.0);
        self.time.copy_within(half..n_taps, n - half);
        self.time[half + 1..n - half].fill(0.0);
        self.time[n - half] = middle;
        let forward = self.forward(n);
        self.spectrum.resize(n / 2 + 1, Complex32::default());
        self.work
            .resize(forward.get_scratch_len(), Complex32::default());
        forward
            .process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.work)
            .expect("the buffers fit the length they were made for");
        // Both transforms scale: the design by the taps, the round trip by the block.
        let scale = 1.0 / (n_taps * n) as f32;
        self.response.clear();
        self.response
            .extend(self.spectrum.iter().map(|bin| bin.re * scale));
    }

    fn convolve(&mut self, half: usize, input: &[f32], output: &mut [f32]) {
        let n = 2 * half * BLOCK_PER_TAPS;
        let (forward, inverse) = (self.forward(n), self.inverse(n));
        self.work.resize(
            forward.get_scratch_len().max(inverse.get_scratch_len()),
            Complex32::default(),
        );
        let step = n - 2 * half;
        for (index, part) in output.chunks_mut(step).enumerate() {
            // The block begins `half` samples before the part it gives.
            let start = index * step;
            let from = start.saturating_sub(half);
            let until = (start + step + half).min(input.len());
            let before = half - (start - from);
            self.time.clear();
            self.time.resize(before, 0.0);
            self.time.extend_from_slice(&input[from..until]);
            self.time.resize(n, 0.0);
            forward
                .process_with_scratch(
                    &mut self.time,
                    &mut self.spectrum,
                    &mut self.work[..forward.get_scratch_len()],
                )
                .expect("the buffers fit the length they were made for");
            for (bin, gain) in self.spectrum.iter_mut().zip(&self.response) {
                *bin *= *gain;
            }
            inverse
                .process_with_scratch(
                    &mut self.spectrum,
                    &mut self.time,
                    &mut self.work[..inverse.get_scratch_len()],
                )
                .expect("the ends of the spectrum are real");
            part.copy_from_slice(&self.time[half..half + part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn tones_get_the_magnitude_and_stay_in_place() {
        let magnitude = |f: f64| (-f / 3000.0).exp();
        for sample_rate in [8000, 16_000, 48_000] {
            let rate = f64::from(sample_rate);
            for freq_hz in [0.0, 200.0, 1000.0, 3500.0] {
                let tone: Vec<f32> = (0..20_000)
                    .map(|i| (TAU * freq_hz * f64::from(i) / rate).cos() as f32)
                    .collect();
                let mut got = vec![0.0; tone.len()];
                filter_zero_phase(&tone, &mut got, sample_rate, magnitude);
                for i in 2000..18_000 {
                    let want = magnitude(freq_hz) * f64::from(tone[i]);
                    assert!(
                        (f64::from(got[i]) - want).abs() < 2e-3,
                        "{sample_rate} {freq_hz} {i}: {} {want}",
                        got[i]
                    );
                }
            }
        }
    }

    #[test]
    fn a_magnitude_of_one_changes_nothing_at_any_length() {
        for n in [0, 1, 2, 63, 64, 500, 1537, 5000] {
            let samples: Vec<f32> = (0..n).map(|i| (i as f32 * 1.7).sin()).collect();
            let mut got = vec![0.0; n];
            filter_zero_phase(&samples, &mut got, 16_000, |_| 1.0);
            assert!(
                got.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-5),
                "{n} samples"
            );
        }
    }
}
