//! Changes of the sample rate by any ratio, without a filter to design.

use super::rate_change::{MOST_POINTS, PASS, RateChange, STOP, STOP_DB, Sizes, reach};
use super::reader::bessel_i0;
use pulp::{Arch, Simd, WithSimd};
use rustfft::FftPlanner;
use std::cell::RefCell;
use std::f64::consts::{PI, TAU};
use std::sync::OnceLock;

/// Samples of the middle rate that an output sample is a sum of.
const TAPS: usize = 16;
/// Positions between two samples for which weights are kept; linear in between is exact to -118 dB
/// where the sound is.
const PHASES: usize = 512;
/// Points of the usual block.
const POINTS: usize = 1 << 12;
/// Samples of the middle rate before the first of the sound; a whole number at the sound's rate,
/// whatever their ratio.
const HEAD: usize = 24;
/// Where the table of [`step`] ends, in main lobes of the window's transform, and its intervals.
const LOBES: f64 = 2.0;
const INTERVALS: usize = 1 << 12;

/// A conversion between two sample rates that need have nothing in common.
///
/// In the frequency domain ([`RateChange`]) the sound is limited to the lower Nyquist frequency and
/// brought to a middle rate of two to three times the lower one, whose ratio to the sound's is 2 or
/// 3 times a power of two: a few transforms serve all rates, and the filter of any cut-off is read
/// from one table. Above half of the middle rate's Nyquist frequency nothing is left, so a short
/// kernel with a wide transition, from a table that all ratios share, reads the result between its
/// samples (Smith, "Digital audio resampling", 2002).
pub(super) struct AnyRate {
    change: RateChange,
    /// [`HEAD`] at the sound's rate.
    head: usize,
    /// Samples of the middle rate from one of the result to the next.
    speed: f64,
    /// A part of the sound at the middle rate.
    middle: Vec<f32>,
}

impl AnyRate {
    /// The conversion between two rates; `None` if one is so many times the other that no block of
    /// a usable size holds the filter.
    pub(super) fn new(from: u32, to: u32) -> Option<AnyRate> {
        let lower = f64::from(from.min(to)) / f64::from(from);
        let (numerator, denominator) = middle_ratio(lower);
        let edge = (reach() / lower).ceil() as usize;
        let edge = edge.next_multiple_of(denominator);
        let points = (8 * edge).next_power_of_two().max(POINTS);
        if points > MOST_POINTS / 2 {
            return None;
        }
        let at_middle = |n: usize| n * numerator / denominator;
        let sizes = |n| Sizes {
            from: n,
            to: at_middle(n),
        };
        let (block, edge) = (sizes(points), sizes(edge));
        thread_local! {
            // Powers of two and three times those: what is kept is bounded.
            static PLANNER: RefCell<FftPlanner<f32>> = RefCell::new(FftPlanner::new());
        }
        let (forward, inverse) = PLANNER.with_borrow_mut(|planner| {
            (
                planner.plan_fft_forward(block.from),
                planner.plan_fft_inverse(block.to),
            )
        });
        Some(AnyRate {
            change: RateChange::of_parts(block, edge, forward, inverse, gains(lower, block)),
            head: HEAD * denominator / numerator,
            speed: f64::from(from) * numerator as f64 / (f64::from(to) * denominator as f64),
            middle: Vec::new(),
        })
    }

    /// Fills `out` with the sound at the other rate, from the time of its first sample. Around the
    /// sound is silence.
    pub(super) fn convert(&mut self, sound: &[f32], out: &mut [f32]) {
        let step = self.change.step();
        self.middle.clear();
        self.middle.resize(TAPS + 2 * step.to, 0.0);
        // Sample of the middle rate that stands first in the buffer, and of the sound where the
        // next blocks begin.
        let mut first = -((HEAD + TAPS) as isize);
        let mut start = -(self.head as isize);
        let mut done = 0;
        while done < out.len() {
            self.change
                .pair(sound, start, &mut self.middle[TAPS..TAPS + 2 * step.to]);
            done += Arch::new().dispatch(Read {
                middle: &self.middle,
                first,
                speed: self.speed,
                done,
                out: &mut out[done..],
            });
            self.middle.copy_within(2 * step.to.., 0);
            first += 2 * step.to as isize;
            start += 2 * step.from as isize;
        }
    }
}

/// The smallest ratio of a middle rate to the sound's that is at least twice `lower`, as numerator
/// and denominator.
fn middle_ratio(lower: f64) -> (usize, usize) {
    let (mut ratio, mut denominator) = ((2, 1), 1);
    // Two, then three quarters of it, then half of it, and so on.
    while denominator < MOST_POINTS {
        for next in [(3, 2 * denominator), (2, 2 * denominator)] {
            if (next.0 as f64) < 2.0 * lower * next.1 as f64 {
                return ratio;
            }
            ratio = next;
        }
        denominator *= 2;
    }
    ratio
}

/// Reading a part of the sound between its samples; gives the number of samples for which it held
/// all that they need.
struct Read<'a> {
    middle: &'a [f32],
    first: isize,
    speed: f64,
    /// Samples of the result that were read before.
    done: usize,
    out: &'a mut [f32],
}

impl WithSimd for Read<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let weights = weights();
        // The first sample of a sum lies this far behind the whole part of a position.
        let offset = self.first as f64 + (TAPS / 2 - 1) as f64;
        for (i, y) in self.out.iter_mut().enumerate() {
            let position = (self.done + i) as f64 * self.speed - offset;
            let whole = position as usize;
            let Some(samples) = self.middle.get(whole..whole + TAPS) else {
                return i;
            };
            let phase = (position - whole as f64) * PHASES as f64;
            let set = phase as usize;
            let share = simd.splat_f32s((phase - set as f64) as f32);
            let [low, rise] = &weights[set];
            let (samples, low, rise) = (
                S::as_simd_f32s(samples).0,
                S::as_simd_f32s(low).0,
                S::as_simd_f32s(rise).0,
            );
            // Sixteen products whatever a register holds, so that the sum is the same on every
            // processor.
            let mut sums = [0.0f32; TAPS];
            for (((sum, x), low), rise) in S::as_mut_simd_f32s(&mut sums)
                .0
                .iter_mut()
                .zip(samples)
                .zip(low)
                .zip(rise)
            {
                let weight = simd.add_f32s(*low, simd.mul_f32s(share, *rise));
                *sum = simd.mul_f32s(*x, weight);
            }
            let mut n = TAPS;
            while n > 1 {
                n /= 2;
                for j in 0..n {
                    sums[j] += sums[j + n];
                }
            }
            *y = sums[0];
        }
        self.out.len()
    }
}

/// For every position between two samples the weights of the samples around it, and how much the
/// next set differs.
fn weights() -> &'static [[[f32; TAPS]; 2]] {
    static WEIGHTS: OnceLock<Vec<[[f32; TAPS]; 2]>> = OnceLock::new();
    WEIGHTS.get_or_init(|| {
        let half = (TAPS / 2) as f64;
        let scale = 1.0 / bessel_i0(BETA);
        let weight = |set: usize, tap: usize| {
            let t = set as f64 / PHASES as f64 + half - 1.0 - tap as f64;
            let sinc = if t == 0.0 {
                1.0
            } else {
                libm::sin(PI * t) / (PI * t)
            };
            let within = (1.0 - (t / half) * (t / half)).max(0.0);
            sinc * bessel_i0(BETA * within.sqrt()) * scale
        };
        (0..PHASES)
            .map(|set| {
                let low: [f64; TAPS] = std::array::from_fn(|tap| weight(set, tap));
                let rise = std::array::from_fn(|tap| (weight(set + 1, tap) - low[tap]) as f32);
                [low.map(|weight| weight as f32), rise]
            })
            .collect()
    })
}

/// Shape of the Kaiser windows, by his estimate.
const BETA: f64 = 0.1102 * (STOP_DB - 8.7);

/// The filter at the bins of a block below the stop band, scaled for a round trip. `lower` is the
/// lower rate over the sound's.
///
/// It is the one of [`RateChange`] in continuous time: the transform of a sinc under a window is
/// the transform of the window summed up over the pass band, so near the cut-off it is one curve
/// for all rates.
fn gains(lower: f64, block: Sizes) -> Vec<f32> {
    let cutoff = lower * (PASS + STOP) / 4.0;
    let scale = TAU * reach() / lower;
    let most = block.from.min(block.to).div_ceil(2);
    let gain = |bin: usize| step((bin as f64 / block.from as f64 - cutoff) * scale);
    let n_bins = (0..most).rposition(|bin| gain(bin) > 0.0).unwrap_or(0) + 1;
    (0..n_bins)
        .map(|bin| (gain(bin) / block.from as f64) as f32)
        .collect()
}

/// What is left of a step from 1 to 0 under the window's transform, at `u = 2 pi R (f - cutoff)`
/// where the window reaches `R` to either side: `1/2 - 1 / (pi I0(b)) integral_0^u sinh(sqrt(b^2 -
/// v^2)) / sqrt(b^2 - v^2) dv`.
fn step(u: f64) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    let width = LOBES * BETA / INTERVALS as f64;
    let table = TABLE.get_or_init(|| {
        let transform = |v: f64| {
            let square = BETA * BETA - v * v;
            let root = square.abs().sqrt();
            if root < 1e-6 {
                1.0
            } else if square > 0.0 {
                libm::sinh(root) / root
            } else {
                libm::sin(root) / root
            }
        };
        let scale = width / 6.0 / (PI * bessel_i0(BETA));
        let mut left = 0.5;
        let mut table = vec![left];
        for i in 0..INTERVALS {
            let at = |share: f64| transform((i as f64 + share) * width);
            left -= scale * (at(0.0) + 4.0 * at(0.5) + at(1.0));
            table.push(left);
        }
        table
    });
    let place = u.abs() / width;
    let index = place as usize;
    let above = match table.get(index..index + 2) {
        Some(pair) => pair[0] + (place - index as f64) * (pair[1] - pair[0]),
        None => 0.0,
    };
    if u < 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_rate_is_at_least_twice_and_below_four_times_the_lower() {
        for lower in [
            1.0,
            0.99,
            0.76,
            0.75,
            0.74,
            0.51,
            0.5,
            0.3,
            0.01,
            1.0 / 900.0,
        ] {
            let (numerator, denominator) = middle_ratio(lower);
            let times = numerator as f64 / denominator as f64 / lower;
            assert!((2.0..3.0).contains(&times), "{lower}: {times}");
            assert_eq!(HEAD * denominator % numerator, 0);
        }
    }

    #[test]
    fn the_step_is_odd_about_a_half_and_falls_by_the_window() {
        assert!((step(0.0) - 0.5).abs() < 1e-12);
        for u in [0.3, 3.0, 9.0, 20.0] {
            assert!((step(u) + step(-u) - 1.0).abs() < 1e-12, "{u}");
        }
        // Beyond the main lobe what is left is what the window was chosen for.
        for i in 0..100 {
            let left = step(BETA * (1.0 + f64::from(i) / 100.0));
            assert!(left.abs() < 2e-6, "{i}: {left}");
        }
        assert_eq!((step(1e9), step(-1e9)), (0.0, 1.0));
    }

    #[test]
    fn narrow_registers_give_the_same_bits() {
        let mut middle = vec![0.0; 600];
        crate::Rng::from_words(&[4]).fill_normal(&mut middle);
        let mut out = [vec![0.0; 400], vec![0.0; 400]];
        let [wide, narrow] = &mut out;
        let read = |out| Read {
            middle: &middle,
            first: -20,
            speed: 1.37,
            done: 3,
            out,
        };
        let n_wide = Arch::new().dispatch(read(wide));
        assert_eq!(n_wide, read(narrow).with_simd(pulp::Scalar::new()));
        assert_eq!(n_wide, 400);
        assert!(
            wide.iter()
                .zip(&*narrow)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
    }

    #[test]
    fn ratios_beyond_any_block_are_refused() {
        assert!(AnyRate::new(16_000_000, 1).is_none());
        assert!(AnyRate::new(1, 16_000_000).is_some());
    }
}
