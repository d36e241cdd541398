//! Changes of the sample rate by any ratio, without a filter to design.

use super::rate_change::{MOST_POINTS, PASS, RateChange, STOP, STOP_DB, Sizes, reach};
use super::reader::bessel_i0;
use super::short_kernel::{FRACTION_BITS, TAPS, level, read_at};
use auricle_fft::{Fft, Planner};
use pulp::{Arch, Simd, WithSimd};
use std::cell::RefCell;
use std::f64::consts::{PI, TAU};
use std::sync::{Arc, OnceLock};

/// Samples of the result from one position that is computed anew to the next.
pub(super) const RUN: usize = 64;
/// Points of the usual block.
pub(super) const POINTS: usize = 1 << 11;
/// Where the table of [`step`] ends, in main lobes of the window's transform, and its intervals.
const LOBES: f64 = 2.0;
const INTERVALS: usize = 1 << 12;

/// A conversion between two sample rates that need have nothing in common.
///
/// In the frequency domain ([`RateChange`]) the sound is limited to the lower Nyquist frequency and
/// brought to a middle rate of at least one and a half times the lower one, whose ratio to the
/// sound's is 4, 5, 6 or 7 times a power of two: a few transforms serve all rates, and the filter
/// of any cut-off is read from one table. A short kernel that all ratios share reads the result
/// between the samples. It is not flat where the sound is, which the filter makes up for, so it is
/// no longer than its stop band asks (Fessler and Sutton, "Nonuniform fast Fourier transforms using
/// min-max interpolation", 2003, section I, is the construction; the kernel is Kaiser's).
pub(super) struct AnyRate {
    change: RateChange,
    /// Samples of the sound, and as many of the middle rate, before the first one: whole numbers.
    head: Sizes,
    /// Samples of the sound, and of the middle rate, from one of the result to the next.
    speeds: [f64; 2],
    /// A part of the sound at the middle rate.
    middle: Vec<f32>,
}

impl AnyRate {
    /// The conversion between two rates; `None` if one is so many times the other that no block of
    /// a usable size holds the filter.
    pub(super) fn new(from: u32, to: u32) -> Option<AnyRate> {
        AnyRate::of_speed(f64::from(from) / f64::from(to), None)
    }

    /// The conversion that reads `speed` samples of the sound for one of the result; `None` as for
    /// [`AnyRate::new`]. It takes over what a former one has in memory.
    pub(super) fn of_speed(speed: f64, former: Option<AnyRate>) -> Option<AnyRate> {
        if former.as_ref().is_some_and(|it| it.speeds[0] == speed) {
            return former;
        }
        let lower = (1.0 / speed).min(1.0);
        let (numerator, denominator) = middle_ratio(lower);
        let edge = (reach() / lower).ceil() as usize;
        let edge = edge.next_multiple_of(denominator);
        let points = (8 * edge).next_power_of_two().max(POINTS);
        if points > MOST_POINTS / 2 {
            return None;
        }
        let sizes = |n| Sizes {
            from: n,
            to: n * numerator / denominator,
        };
        let (block, edge) = (sizes(points), sizes(edge));
        let plans = plans(block);
        let (mut filter, buffers, middle) = former
            .map(|it| (it.change.gains, it.change.buffers, it.middle))
            .unwrap_or_default();
        fill_gains(lower, block, &mut filter);
        Some(AnyRate {
            change: RateChange::of_parts([block, edge], plans, filter, buffers),
            head: sizes(TAPS.div_ceil(numerator) * denominator),
            speeds: [speed, speed * numerator as f64 / denominator as f64],
            middle,
        })
    }

    /// Fills `out` with the sound at the other rate, from the time of its first sample. Around the
    /// sound is silence.
    pub(super) fn convert(&mut self, sound: &[f32], out: &mut [f32]) {
        Arch::new().dispatch(Convert {
            rate: self,
            sound,
            out,
        });
    }
}

/// The transforms of a block there and back.
pub(super) fn plans(block: Sizes) -> [Arc<dyn Fft<f32>>; 2] {
    thread_local! {
        // Four to seven times powers of two: what is kept is bounded.
        static PLANNER: RefCell<Planner> = RefCell::new(Planner::new());
    }
    PLANNER.with_borrow_mut(|planner| [planner.forward(block.from), planner.inverse(block.to)])
}

struct Convert<'a> {
    rate: &'a mut AnyRate,
    sound: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Convert { rate, sound, out } = self;
        let AnyRate {
            change,
            head,
            speeds: [_, speed],
            middle,
        } = rate;
        let step = change.step();
        middle.clear();
        middle.resize(TAPS + 2 * step.to, 0.0);
        // Sample of the middle rate that stands first in the buffer, and of the sound where the
        // next blocks begin.
        let mut first = -((head.to + TAPS) as isize);
        let mut start = -(head.from as isize);
        let mut done = 0;
        while done < out.len() {
            change.pair(sound, start, &mut middle[TAPS..TAPS + 2 * step.to]);
            // The first sample of a sum lies this far behind the whole part of a position.
            let offset = first as f64 + (TAPS / 2 - 1) as f64;
            loop {
                let run = RUN.min(out.len() - done);
                let position = done as f64 * *speed - offset;
                let read = read(middle, position, *speed, &mut out[done..done + run]);
                done += read;
                if read < run || run == 0 {
                    break;
                }
            }
            middle.copy_within(2 * step.to.., 0);
            first += 2 * step.to as isize;
            start += 2 * step.from as isize;
        }
    }
}

/// The smallest ratio of a middle rate to the sound's that is at least one and a half times
/// `lower`, as numerator and denominator.
fn middle_ratio(lower: f64) -> (usize, usize) {
    let mut denominator = 1;
    while denominator < MOST_POINTS && 1.5 * lower * denominator as f64 <= 3.5 {
        denominator *= 2;
    }
    let numerator = (1.5 * lower * denominator as f64).ceil() as usize;
    (numerator.max(4), denominator)
}

/// Reads samples `speed` apart, from `position` on, as far as all that they need is there; gives
/// their number. There are at most [`RUN`] of them.
#[inline(always)]
fn read(middle: &[f32], position: f64, speed: f64, out: &mut [f32]) -> usize {
    let one = (1u64 << FRACTION_BITS) as f64;
    let (position, speed) = (
        (position * one) as u64,
        ((speed * one).round() as u64).max(1),
    );
    let end = ((middle.len() + 1 - TAPS) as u64) << FRACTION_BITS;
    let n = end.saturating_sub(position).div_ceil(speed) as usize;
    let n = n.min(out.len());
    let mut places = [0; RUN];
    for (i, at) in places[..n].iter_mut().enumerate() {
        *at = position + i as u64 * speed;
    }
    read_at(middle, &places[..n], out);
    n
}

/// Shape of the Kaiser windows, by his estimate.
const BETA: f64 = 0.1102 * (STOP_DB - 8.7);

/// The filter at the bins of a block below the stop band, over the level of the kernel that
/// follows, scaled for a round trip. `lower` is the lower rate over the sound's.
///
/// It is the one of [`RateChange`] in continuous time: the transform of a sinc under a window is
/// the transform of the window summed up over the pass band, so near the cut-off it is one curve
/// for all rates.
pub(super) fn fill_gains(lower: f64, block: Sizes, gains: &mut Vec<f32>) {
    let cutoff = lower * (PASS + STOP) / 4.0;
    let scale = TAU * reach() / lower;
    let most = block.from.min(block.to).div_ceil(2);
    let gain = |bin: usize| step((bin as f64 / block.from as f64 - cutoff) * scale);
    let n_bins = (0..most).rposition(|bin| gain(bin) > 0.0).unwrap_or(0) + 1;
    let by_kernel = |bin: usize| level(bin as f64 / block.to as f64) * block.from as f64;
    gains.clear();
    gains.extend((0..n_bins).map(|bin| (gain(bin) / by_kernel(bin)) as f32));
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
    use super::super::short_kernel::KERNEL_BETA;
    use super::*;

    #[test]
    fn the_middle_rate_is_at_least_one_and_a_half_times_the_lower() {
        for (lower, want) in [
            (1.0, (6, 4)),
            (0.99, (6, 4)),
            (0.83, (5, 4)),
            (0.66, (4, 4)),
            (0.5, (6, 8)),
            (0.3, (4, 8)),
            (0.01, (4, 256)),
        ] {
            let (numerator, denominator) = middle_ratio(lower);
            assert_eq!((numerator, denominator), want, "{lower}");
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
    fn sums_are_those_of_the_kernel_and_stop_where_samples_end() {
        let mut middle = vec![0.0; 60];
        crate::Rng::from_words(&[4]).fill_normal(&mut middle);
        let mut out = vec![0.0; RUN];
        let n = read(&middle, 3.3, 1.37, &mut out);
        assert_eq!(n, ((60.0 - 7.0 - 3.3) / 1.37_f64).ceil() as usize);
        for (i, y) in out[..n].iter().enumerate() {
            let position = 3.3 + 1.37 * i as f64;
            let want: f64 = (0..TAPS)
                .map(|tap| {
                    let t = (position.fract() + 3.0 - tap as f64) / 4.0;
                    let weight = bessel_i0(KERNEL_BETA * (1.0 - t * t).max(0.0).sqrt());
                    f64::from(middle[position as usize + tap]) * weight
                })
                .sum();
            assert!(
                (f64::from(*y) - want / bessel_i0(KERNEL_BETA)).abs() < 1e-5,
                "{i}"
            );
        }
        assert_eq!(read(&middle[..7], 0.0, 1.0, &mut out), 0);
    }

    #[test]
    fn ratios_beyond_any_block_are_refused() {
        assert!(AnyRate::new(16_000_000, 1).is_none());
        assert!(AnyRate::new(1, 16_000_000).is_some());
    }
}
