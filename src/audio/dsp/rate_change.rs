//! One change of the sample rate by overlap-save blocks, with its filter and its transforms.

use super::reader::bessel_i0;
use auricle_fft::num_complex::Complex32;
use auricle_fft::{DoublePlanner, Fft, Planner};
use pulp::{Arch, Simd, WithSimd};
use std::f64::consts::PI;
use std::sync::Arc;

/// Where the filter begins to fall and where it has fallen, as shares of the lower Nyquist
/// frequency.
pub(super) const PASS: f64 = 0.92;
pub(super) const STOP: f64 = 1.0;
/// What is left beyond the latter, dB.
pub(super) const STOP_DB: f64 = 120.0;
/// Points of a transform up to which sizes are compared, and beyond which there is none.
const USUAL_POINTS: usize = 1 << 14;
pub(super) const MOST_POINTS: usize = 1 << 20;
/// Samples after which two rates meet again, up to which blocks of whole periods are used. Rates
/// whose reduced ratio is of larger numbers, or of ones with prime factors above 7, take long to
/// prepare: see [`AnyRate`](super::any_rate::AnyRate).
const LONGEST_PERIOD: usize = 1024;

/// A conversion between two sample rates, with buffers that are kept from call to call.
///
/// A block of the sound is transformed, multiplied by a low pass that ends at the lower Nyquist
/// frequency, and transformed back with as many bins as the other rate has samples in the same time
/// (Bi and Mitra, "Sampling rate conversion in the frequency domain", 2011). The filter is a sinc
/// with the window of Kaiser, designed in double precision and real in the frequency domain, so
/// nothing is delayed; what it wraps around the ends of a block is dropped. Two blocks share a
/// transform as its real and its imaginary part: the filter keeps them apart.
pub(super) struct RateChange {
    pub(super) block: Sizes,
    pub(super) edge: Sizes,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// The filter at the bins that both rates have, from 0; scaled for a round trip.
    pub(super) gains: Vec<f32>,
    pub(super) buffers: Buffers,
}

/// What blocks are transformed in; a conversion makes it fit.
#[derive(Default)]
pub(super) struct Buffers {
    input: Vec<Complex32>,
    output: Vec<Complex32>,
    work: Vec<Complex32>,
}

/// The same time as a number of samples before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sizes {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl RateChange {
    /// The conversion between two different rates; `None` if they have so little in common that no
    /// block of a usable size is a whole number of samples at both, or that its transforms would
    /// take long to prepare.
    pub(super) fn new(from: u32, to: u32) -> Option<RateChange> {
        let (block, edge) = sizes(from, to)?;
        let mut planner = Planner::new();
        let forward = planner.forward(block.from);
        let inverse = planner.inverse(block.to);
        let gains = gains(from, to, block);
        let buffers = Buffers::default();
        Some(RateChange::of_parts(
            [block, edge],
            [forward, inverse],
            gains,
            buffers,
        ))
    }

    /// The conversion with blocks, transforms and a filter that somebody chose.
    pub(super) fn of_parts(
        [block, edge]: [Sizes; 2],
        [forward, inverse]: [Arc<dyn Fft<f32>>; 2],
        gains: Vec<f32>,
        mut buffers: Buffers,
    ) -> RateChange {
        let n_work = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        buffers.input.resize(block.from, Complex32::default());
        buffers.output.resize(block.to, Complex32::default());
        buffers.work.resize(n_work, Complex32::default());
        RateChange {
            block,
            edge,
            forward,
            inverse,
            gains,
            buffers,
        }
    }

    /// Fills `out` with the sound at the other rate, from the time of its first sample. Around the
    /// sound is silence.
    pub(super) fn convert(&mut self, sound: &[f32], out: &mut [f32]) {
        Arch::new().dispatch(Convert {
            change: self,
            sound,
            out,
        });
    }

    /// How far it is from one block to the next.
    pub(super) fn step(&self) -> Sizes {
        Sizes {
            from: self.block.from - 2 * self.edge.from,
            to: self.block.to - 2 * self.edge.to,
        }
    }

    /// Fills `out` with the sound at the other rate, from the time of sample `start` on: as much as
    /// two blocks hold, or less.
    #[inline(always)]
    pub(super) fn pair(&mut self, sound: &[f32], start: isize, out: &mut [f32]) {
        self.take(sound, start);
        self.give(out);
    }

    /// Transforms two blocks of the sound.
    #[inline(always)]
    pub(super) fn take(&mut self, sound: &[f32], start: isize) {
        let step = self.step().from;
        self.load(sound, start - self.edge.from as isize, step);
        self.forward
            .process_with_scratch(&mut self.buffers.input, &mut self.buffers.work);
    }

    /// Gives what was taken at the other rate, through the filter.
    #[inline(always)]
    pub(super) fn give(&mut self, out: &mut [f32]) {
        let gains = std::mem::take(&mut self.gains);
        self.give_through(&gains, out);
        self.gains = gains;
    }

    /// Gives what was taken at the other rate, through another filter for the same blocks.
    #[inline(always)]
    pub(super) fn give_through(&mut self, gains: &[f32], out: &mut [f32]) {
        let step = self.step();
        self.shape(gains);
        self.inverse
            .process_with_scratch(&mut self.buffers.output, &mut self.buffers.work);
        let (first, second) = out.split_at_mut(step.to.min(out.len()));
        let blocks = &self.buffers.output[self.edge.to..];
        first
            .iter_mut()
            .zip(blocks)
            .for_each(|(y, both)| *y = both.re);
        second
            .iter_mut()
            .zip(blocks)
            .for_each(|(y, both)| *y = both.im);
    }

    /// Puts the blocks that begin at `start` and a step later side by side.
    #[inline(always)]
    fn load(&mut self, sound: &[f32], start: isize, step: usize) {
        let n = self.block.from;
        let whole = usize::try_from(start)
            .ok()
            .and_then(|first| Some((sound.get(first..first + n)?, sound.get(first + step..)?)))
            .filter(|(_, second)| second.len() >= n);
        if let Some((first, second)) = whole {
            for ((both, a), b) in self.buffers.input.iter_mut().zip(first).zip(second) {
                *both = Complex32::new(*a, *b);
            }
            return;
        }
        self.buffers.input.fill(Complex32::default());
        let (silent, first) = inside(start, n, sound);
        self.buffers.input[silent..]
            .iter_mut()
            .zip(first)
            .for_each(|(both, x)| both.re = *x);
        let (silent, second) = inside(start + step as isize, n, sound);
        self.buffers.input[silent..]
            .iter_mut()
            .zip(second)
            .for_each(|(both, x)| both.im = *x);
    }

    /// Moves the bins that both rates have, filtered, to where the inverse transform expects them.
    #[inline(always)]
    fn shape(&mut self, gains: &[f32]) {
        let n = gains.len();
        let below = self.block.to - (n - 1);
        self.buffers.output[n..below].fill(Complex32::default());
        for ((y, x), gain) in self
            .buffers
            .output
            .iter_mut()
            .zip(&self.buffers.input)
            .zip(gains)
        {
            *y = x * gain;
        }
        let negative = &self.buffers.input[self.block.from - (n - 1)..];
        for ((y, x), gain) in self.buffers.output[below..]
            .iter_mut()
            .zip(negative)
            .zip(gains[1..].iter().rev())
        {
            *y = x * gain;
        }
    }
}

struct Convert<'a> {
    change: &'a mut RateChange,
    sound: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let step = self.change.step();
        for (pair, part) in self.out.chunks_mut(2 * step.to).enumerate() {
            let start = (2 * pair * step.from) as isize;
            self.change.pair(self.sound, start, part);
        }
    }
}

/// How many of `n` samples from `start` on stand before a sound, and the sound from where they end.
fn inside(start: isize, n: usize, sound: &[f32]) -> (usize, &[f32]) {
    let silent = start.min(0).unsigned_abs().min(n);
    let first = start.max(0).unsigned_abs().min(sound.len());
    (silent, &sound[first..])
}

/// Samples of the lower rate that the filter reaches to either side: Kaiser's estimate
/// ("Nonrecursive digital filter design using the I0-sinh window function", 1974).
pub(super) fn reach() -> f64 {
    ((STOP_DB - 7.95) / (2.285 * PI * (STOP - PASS)) / 2.0).ceil()
}

/// The sizes of a block and of its wrapped edges with the least work for a sample.
fn sizes(from: u32, to: u32) -> Option<(Sizes, Sizes)> {
    let divisor = common_divisor(from as usize, to as usize);
    let period = Sizes {
        from: from as usize / divisor,
        to: to as usize / divisor,
    };
    let is_usual = |n: usize| n <= LONGEST_PERIOD && without(&[2, 3, 5, 7], n) == 1;
    if !is_usual(period.from) || !is_usual(period.to) {
        return None;
    }
    // The edges, too, must be whole numbers of samples at both rates.
    let reach = reach() * f64::from(from) / f64::from(from.min(to));
    let edges = (reach / period.from as f64).ceil() as usize;
    let times = |n: usize| Sizes {
        from: n * period.from,
        to: n * period.to,
    };
    let points = |n: usize| n.saturating_mul(period.from.max(period.to));
    let least = 2 * edges + 1;
    if points(least) > MOST_POINTS {
        return None;
    }
    let most = (USUAL_POINTS.max(points(2 * least)).min(MOST_POINTS)) / period.from.max(period.to);
    let cost = |n: usize| (work(times(n).from) + work(times(n).to)) / (n - 2 * edges) as f64;
    let best = (least..=most).min_by(|a, b| cost(*a).total_cmp(&cost(*b)))?;
    Some((times(best), times(edges)))
}

/// Nanoseconds, roughly, of a transform and of moving its points.
fn work(n: usize) -> f64 {
    let (mut rest, mut layers) = (n, 0.0);
    for (factor, weight) in [(2, 1.0), (3, 2.3), (5, 3.2), (7, 3.2), (11, 5.0)] {
        while rest.is_multiple_of(factor) {
            (rest, layers) = (rest / factor, layers + weight);
        }
    }
    // A large prime factor is a convolution of its own, there and back, of more than twice its
    // length.
    if rest > 1 {
        layers += 6.0 * (rest as f64).log2();
    }
    n as f64 * ((0.0275 + 0.0034 * (n as f64).log2()) * layers + 0.3)
}

/// What is left of a number when all factors of some kinds are taken out.
fn without(factors: &[usize], n: usize) -> usize {
    factors.iter().fold(n, |mut rest, &factor| {
        while rest.is_multiple_of(factor) {
            rest /= factor;
        }
        rest
    })
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The filter at the bins of a block that lie below both Nyquist frequencies.
fn gains(from: u32, to: u32, block: Sizes) -> Vec<f32> {
    let lower = f64::from(from.min(to)) / f64::from(from);
    let (reach, cutoff) = (reach() / lower, lower * (PASS + STOP) / 2.0);
    let beta = 0.1102 * (STOP_DB - 8.7);
    // The impulse response at twice the rate of the sound, even about sample 0.
    let response = |i: usize| {
        let t = i as f64 / 2.0;
        let angle = PI * cutoff * t;
        let sinc = if i == 0 {
            1.0
        } else {
            libm::sin(angle) / angle
        };
        sinc * bessel_i0(beta * (1.0 - (t / reach) * (t / reach)).max(0.0).sqrt())
    };
    let n = 2 * block.from;
    let mut time = vec![0.0f64; n];
    for i in 0..=(2.0 * reach) as usize {
        time[i] = response(i);
        time[(n - i) % n] = time[i];
    }
    let transform = DoublePlanner::new().real_forward(n);
    let mut spectrum = transform.make_output_vec();
    transform
        .process(&mut time, &mut spectrum)
        .expect("the buffers were made for it");
    let scale = 1.0 / (spectrum[0].re * block.from as f64);
    let n_bins = block.from.min(block.to).div_ceil(2);
    spectrum[..n_bins]
        .iter()
        .map(|bin| (bin.re * scale) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_at_both_rates_and_usually_short() {
        for (from, to) in [
            (16_000, 8000),
            (8000, 16_000),
            (44_100, 16_000),
            (16_000, 44_100),
            (48_000, 44_100),
            (22_050, 8000),
            (192_000, 8000),
            (16_000, 11_025),
        ] {
            let (block, edge) = sizes(from, to).unwrap();
            for size in [block, edge] {
                assert_eq!(
                    size.from as u64 * u64::from(to),
                    size.to as u64 * u64::from(from),
                    "{from} {to}"
                );
            }
            assert!(
                edge.from as f64 >= reach() * (f64::from(from) / f64::from(to)).max(1.0),
                "{from} {to}: {edge:?}"
            );
            assert!(
                block.from > 2 * edge.from && block.from.max(block.to) <= MOST_POINTS,
                "{from} {to}: {block:?}"
            );
            assert!(
                block.from.max(block.to) <= USUAL_POINTS,
                "{from} {to}: {block:?}"
            );
        }
        for (from, to) in [
            (44_100, 15_999),
            (16_000, 11_000),
            (4_000_037, 4_000_003),
            (1, 16_000_000),
        ] {
            assert_eq!(sizes(from, to), None);
        }
    }
}
