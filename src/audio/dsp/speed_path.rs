//! The speeds of a tape, made when they are read.

use super::any_rate::RUN;
use pulp::{Scalar, Simd};

/// Speeds at the samples of a result.
pub trait Speeds {
    /// The highest of them, or a little more.
    fn highest(&self) -> f64;

    /// All of them in order.
    fn runs(&self) -> impl SpeedRuns;
}

/// Speeds in order, some at a time.
pub trait SpeedRuns {
    /// The next [`RUN`] of them, fewer at the end, and none behind it.
    fn next_run<S: Simd>(&mut self, simd: S) -> &[f64];
}

/// Speeds whose logarithms lie on straight lines between points an equal time apart.
///
/// A list of them would be twice as large as the sound, and would be read from far away: to make them where they are
/// read takes less.
pub struct SpeedPath<'a> {
    /// The logarithms at the points, two or more.
    logs: &'a [f64],
    n: usize,
    /// What they are divided by.
    divisor: f64,
}

impl SpeedPath<'_> {
    /// `n` speeds from the first of two or more points to the last.
    pub fn new(logs: &[f64], n: usize) -> SpeedPath<'_> {
        SpeedPath {
            logs,
            n,
            divisor: 1.0,
        }
    }

    /// The same divided by their mean.
    pub fn of_mean_one(self) -> Self {
        let (mut runs, mut sum) = (self.runs(), 0.0);
        loop {
            let run = runs.next_run(Scalar::new());
            if run.is_empty() {
                break;
            }
            sum = run.iter().fold(sum, |sum, speed| sum + speed);
        }
        drop(runs);
        SpeedPath {
            divisor: sum / self.n.max(1) as f64,
            ..self
        }
    }

    /// Whether all of them are 1.
    pub fn is_still(&self) -> bool {
        self.logs.iter().all(|&log| log == 0.0)
    }

    /// All of them, for tests.
    #[cfg(test)]
    pub(crate) fn all(&self) -> Vec<f64> {
        let (mut runs, mut all) = (self.runs(), Vec::new());
        loop {
            let run = runs.next_run(Scalar::new());
            if run.is_empty() {
                return all;
            }
            all.extend_from_slice(run);
        }
    }

    fn n_steps(&self) -> usize {
        self.logs.len() - 1
    }

    /// The first speed behind a number of steps.
    fn first_of(&self, step: usize) -> usize {
        (step * self.n).div_ceil(self.n_steps())
    }
}

impl Speeds for SpeedPath<'_> {
    fn highest(&self) -> f64 {
        let most = self
            .logs
            .iter()
            .fold(f64::NEG_INFINITY, |most, log| most.max(*log));
        // What is multiplied up to there is a little off.
        libm::exp(most) / self.divisor * (1.0 + 1e-9)
    }

    #[inline(always)]
    fn runs(&self) -> impl SpeedRuns {
        PathRuns {
            path: self,
            step: 0,
            left: 0,
            at: [0.0; LANES],
            ratio: 1.0,
            made: [0.0; RUN + PART],
            from: 0,
            to: 0,
        }
    }
}

/// Speeds that are made side by side, so that one need not wait for the other.
const LANES: usize = 8;
/// Speeds that are made at a time.
const PART: usize = 512;

struct PathRuns<'a> {
    path: &'a SpeedPath<'a>,
    /// The step that begins next, and how much of the one before is still to be made.
    step: usize,
    left: usize,
    /// The next speeds, and what they are multiplied by for those behind them.
    at: [f64; LANES],
    ratio: f64,
    /// Speeds that were made and not given yet, from `from` to `to`.
    made: [f64; RUN + PART],
    from: usize,
    to: usize,
}

impl PathRuns<'_> {
    #[inline(always)]
    fn begin_step(&mut self) {
        let SpeedPath { logs, n, .. } = *self.path;
        let (m, n_steps) = (self.step, self.path.n_steps());
        let (first, end) = (self.path.first_of(m), self.path.first_of(m + 1));
        // Along a straight line the exponential is a geometric sequence.
        let slope = (logs[m + 1] - logs[m]) * n_steps as f64 / n as f64;
        let behind = first as f64 - (m as f64 * n as f64) / n_steps as f64;
        let (start, one) = (libm::exp(logs[m] + slope * behind), libm::exp(slope));
        let two = one * one;
        let four = two * two;
        self.at = [start; LANES];
        for (k, speed) in self.at.iter_mut().enumerate() {
            for (bit, power) in [one, two, four].into_iter().enumerate() {
                if k >> bit & 1 == 1 {
                    *speed *= power;
                }
            }
        }
        self.ratio = four * four;
        self.left = end - first;
        self.step += 1;
    }

    /// Makes those of a step, or a part of them.
    #[inline(always)]
    fn make<S: Simd>(&mut self, simd: S) {
        if self.left == 0 {
            self.begin_step();
        }
        self.made.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        let n = self.left.min(PART);
        let made = &mut self.made[self.to..][..n.next_multiple_of(LANES)];
        let (ratio, width) = (simd.splat_f64s(self.ratio), LANES / S::F64_LANES);
        for (v, next) in S::as_mut_simd_f64s(&mut self.at).0.iter_mut().enumerate() {
            // In a register: in memory each would wait until the one before is written.
            let mut at = *next;
            for speeds in S::as_mut_simd_f64s(made).0.chunks_exact_mut(width) {
                speeds[v] = at;
                at = simd.mul_f64s(at, ratio);
            }
            *next = at;
        }
        if self.path.divisor != 1.0 {
            for speed in made {
                *speed /= self.path.divisor;
            }
        }
        self.to += n;
        self.left -= n;
    }
}

impl SpeedRuns for PathRuns<'_> {
    #[inline(always)]
    fn next_run<S: Simd>(&mut self, simd: S) -> &[f64] {
        while self.to - self.from < RUN && (self.left > 0 || self.step < self.path.n_steps()) {
            self.make(simd);
        }
        let n = RUN.min(self.to - self.from);
        let run = &self.made[self.from..][..n];
        self.from += n;
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_follow_the_path_at_any_length() {
        for n in [1, 2, 36, 37, 38, 63, 64, 65, 1000, 9999] {
            let logs: Vec<f64> = (0..38).map(|m| 0.01 * f64::from(m)).collect();
            let path = SpeedPath::new(&logs, n);
            let speeds = path.all();
            assert_eq!(speeds.len(), n);
            for (i, speed) in speeds.iter().enumerate() {
                let want = 0.37 * i as f64 / n as f64;
                assert!((speed.ln() - want).abs() < 1e-9, "{n} {i}");
                assert!(*speed <= path.highest() * (1.0 + 1e-12));
            }
            let of_mean_one = path.of_mean_one().all();
            assert!((of_mean_one.iter().sum::<f64>() / n as f64 - 1.0).abs() < 1e-9);
        }
    }
}
