//! Turning frames that stand side by side so that each goes on from the one before it.

use super::{LANES, LaneBuffer};

/// The spectra of one channel, of [`LANES`] frames side by side.
#[derive(Default)]
pub(super) struct Voice {
    /// The frames that are read, then turned, real and imaginary parts.
    pub(super) now: [LaneBuffer; 2],
    /// Those a hop earlier.
    pub(super) before: [LaneBuffer; 2],
    /// The last frame of the group before, as it was read.
    last: [Vec<f32>; 2],
}

/// Buffers of identity phase locking, and what it knows of the frame that was written last.
///
/// A frame is written as it was read, its parts turned. So what is compared, the frame before as it
/// was written and the one a hop earlier as it was read, is the product of two frames that were
/// read times the turns of the frame before: the products and their sums over the bins are taken
/// for all frames at once, and only the sums over parts go from frame to frame.
#[derive(Default)]
pub(super) struct PhaseLock {
    n_bins: usize,
    /// Power over all channels, between two values on either side that are below any power.
    power: Vec<[f32; LANES]>,
    /// Sums from the first bin on of what was read for the frame before times the conjugate of the
    /// frame a hop earlier.
    sums: Vec<[[f64; LANES]; 2]>,
    /// Where the bins that belong to each peak end, frame after frame, and how many there are.
    ends: Vec<u32>,
    n_parts: [usize; LANES],
    /// The parts of the frame before, and of this one.
    parts: [Parts; 2],
    /// How far each bin is turned.
    ahead: Vec<[[f32; LANES]; 2]>,
}

/// Parts of a frame: where they end, and by which numbers of magnitude 1 they were turned.
#[derive(Default)]
struct Parts {
    ends: Vec<u32>,
    turns: Vec<[f64; 2]>,
}

impl Voice {
    /// Makes the buffers fit.
    pub(super) fn prepare(&mut self, n_bins: usize) {
        let buffers = self.now.iter_mut().chain(&mut self.before);
        buffers.for_each(|buffer| buffer.resize(n_bins));
        self.last.iter_mut().for_each(|row| row.resize(n_bins, 0.0));
    }
}

impl PhaseLock {
    /// Makes the buffers fit; nothing was written before.
    pub(super) fn begin(&mut self, n_bins: usize) {
        self.n_bins = n_bins;
        self.power.clear();
        self.power.resize(n_bins + 4, [-1.0; LANES]);
        self.sums.resize(n_bins + 1, [[0.0; LANES]; 2]);
        self.ends.resize(LANES * (n_bins + 1), 0);
        self.ahead.resize(n_bins, [[0.0; LANES]; 2]);
        self.parts[0].ends.clear();
    }

    /// Turns the first `count` frames of all channels.
    #[inline(always)]
    pub(super) fn turn(&mut self, voices: &mut [Voice], count: usize) {
        self.find_power(voices);
        find_parts(&self.power, &mut self.ends, &mut self.n_parts);
        self.add_up(voices);
        for lane in 0..count {
            self.follow(lane);
        }
        for voice in voices {
            let [re, im] = &mut voice.now;
            let (re, im) = (re.groups_mut(), im.groups_mut());
            let [last_re, last_im] = &mut voice.last;
            for (last, now) in last_re.iter_mut().zip(&*re) {
                *last = now[count - 1];
            }
            for (last, now) in last_im.iter_mut().zip(&*im) {
                *last = now[count - 1];
            }
            for ((re, im), [c, s]) in re.iter_mut().zip(im).zip(&self.ahead) {
                for i in 0..LANES {
                    (re[i], im[i]) = (re[i] * c[i] - im[i] * s[i], re[i] * s[i] + im[i] * c[i]);
                }
            }
        }
    }

    #[inline(always)]
    fn find_power(&mut self, voices: &[Voice]) {
        let power = &mut self.power[2..self.n_bins + 2];
        power.fill([0.0; LANES]);
        for voice in voices {
            let (re, im) = (voice.now[0].groups(), voice.now[1].groups());
            for ((power, re), im) in power.iter_mut().zip(re).zip(im) {
                for i in 0..LANES {
                    power[i] += re[i] * re[i] + im[i] * im[i];
                }
            }
        }
    }

    /// Parts are short and of any length, so loops over each would end in surprises for the
    /// processor. A part's sum is the difference of two sums from the first bin on; double
    /// precision leaves 7 digits to one 90 dB under the strongest.
    #[inline(always)]
    fn add_up(&mut self, voices: &[Voice]) {
        let mut sum = [[0.0; LANES]; 2];
        for (k, slot) in self.sums[1..].iter_mut().enumerate() {
            let (mut re, mut im) = ([0.0f32; LANES], [0.0f32; LANES]);
            for voice in voices {
                let (now_re, now_im) = (&voice.now[0].groups()[k], &voice.now[1].groups()[k]);
                let (b_re, b_im) = (&voice.before[0].groups()[k], &voice.before[1].groups()[k]);
                // The frame before each.
                let (mut a_re, mut a_im) = ([voice.last[0][k]; LANES], [voice.last[1][k]; LANES]);
                a_re[1..].copy_from_slice(&now_re[..LANES - 1]);
                a_im[1..].copy_from_slice(&now_im[..LANES - 1]);
                for i in 0..LANES {
                    re[i] += a_re[i] * b_re[i] + a_im[i] * b_im[i];
                    im[i] += a_im[i] * b_re[i] - a_re[i] * b_im[i];
                }
            }
            for i in 0..LANES {
                sum[0][i] += f64::from(re[i]);
                sum[1][i] += f64::from(im[i]);
            }
            *slot = sum;
        }
    }

    /// Finds how far the parts of a frame are turned, after the frame before it.
    #[inline(always)]
    fn follow(&mut self, lane: usize) {
        let [last, now] = &mut self.parts;
        now.ends.clear();
        if last.ends.is_empty() {
            // The first of all frames is written as it is.
            now.ends.push(self.n_bins as u32);
            now.turns.clear();
            now.turns.push([1.0, 0.0]);
        } else {
            let first = lane * (self.n_bins + 1);
            now.ends
                .extend_from_slice(&self.ends[first..first + self.n_parts[lane]]);
            now.turns.resize(now.ends.len(), [0.0; 2]);
            add_parts(&self.sums, lane, last, now);
            for turn in &mut now.turns {
                let [re, im] = *turn;
                let size = (re * re + im * im).sqrt();
                // Where nothing can be compared nothing is turned.
                *turn = if size > 0.0 {
                    [re / size, im / size]
                } else {
                    [1.0, 0.0]
                };
            }
        }
        let mut start = 0;
        for (&end, turn) in now.ends.iter().zip(&now.turns) {
            let [re, im] = turn.map(|x| x as f32);
            for ahead in &mut self.ahead[start..end as usize] {
                (ahead[0][lane], ahead[1][lane]) = (re, im);
            }
            start = end as usize;
        }
        self.parts.swap(0, 1);
    }
}

/// Sums over the parts of a frame what the parts of the frame before it have turned.
#[inline(always)]
fn add_parts(sums: &[[[f64; LANES]; 2]], lane: usize, last: &Parts, now: &mut Parts) {
    let (mut i, mut j) = (0, 0);
    let (mut from, mut sum) = ([0.0; 2], [0.0; 2]);
    // Without a branch: every step ends a part of one frame or of both, and writes what is the sum
    // if it was this one's.
    while j < now.ends.len() {
        let (a, b) = (last.ends[i], now.ends[j]);
        let at = a.min(b);
        let [re, im] = &sums[at as usize];
        let to = [re[lane], im[lane]];
        let (re, im) = (to[0] - from[0], to[1] - from[1]);
        let [c, s] = last.turns[i];
        sum = [sum[0] + (re * c - im * s), sum[1] + (re * s + im * c)];
        now.turns[j] = sum;
        let ended = b == at;
        sum = if ended { [0.0; 2] } else { sum };
        j += usize::from(ended);
        i += usize::from(a == at);
        from = to;
    }
}

/// Finds the bins that exceed the two on either side, and divides all bins among them at the
/// weakest between two: `ends` are those of the parts, frame after frame. Bins without any peak are
/// one part. `padded` has two values more at either end.
#[inline(always)]
fn find_parts(padded: &[[f32; LANES]], ends: &mut [u32], n_parts: &mut [usize; LANES]) {
    let n = padded.len() - 4;
    let stride = n + 1;
    let mut at = [0; LANES];
    for (lane, at) in at.iter_mut().enumerate() {
        *at = lane * stride;
    }
    let (mut least, mut weakest, mut seen) = ([f32::INFINITY; LANES], [0u32; LANES], [0; LANES]);
    for k in 0..n {
        let (a, b, p) = (&padded[k], &padded[k + 1], &padded[k + 2]);
        let (c, d) = (&padded[k + 3], &padded[k + 4]);
        let mut is_peak = [0u32; LANES];
        let mut is_end = [0u32; LANES];
        let ended_at = weakest;
        for i in 0..LANES {
            // A plateau belongs to its first bin.
            let peak = (p[i] > a[i]) & (p[i] > b[i]) & (p[i] >= c[i]) & (p[i] >= d[i]);
            is_peak[i] = u32::from(peak);
            is_end[i] = is_peak[i] & seen[i];
            seen[i] |= is_peak[i];
            weakest[i] = if p[i] < least[i] {
                k as u32
            } else {
                weakest[i]
            };
            least[i] = if p[i] < least[i] { p[i] } else { least[i] };
            least[i] = if peak { f32::INFINITY } else { least[i] };
        }
        // Without a branch, for peaks come as they please: every bin writes what would be the next
        // end, and only a peak that has one before it makes that final.
        for i in 0..LANES {
            ends[at[i]] = ended_at[i];
            at[i] += is_end[i] as usize;
        }
    }
    for lane in 0..LANES {
        ends[at[lane]] = n as u32;
        n_parts[lane] = at[lane] - lane * stride + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_divided_among_peaks() {
        let cases = [
            ([0.0, 1.0, 5.0, 1.0, 0.5, 0.7, 2.0, 9.0, 2.0], &[4, 9][..]),
            ([0.0; 9], &[9]),
            ([3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[9]),
            ([9.0, 1.0, 1.0, 7.0, 7.0, 2.0, 1.0, 3.0, 0.0], &[1, 6, 9]),
        ];
        // Every frame finds its own.
        let mut padded = vec![[-1.0; LANES]; 13];
        for lane in 0..LANES {
            for (k, power) in cases[lane % cases.len()].0.into_iter().enumerate() {
                padded[k + 2][lane] = power;
            }
        }
        let (mut ends, mut n_parts) = (vec![77; LANES * 10], [0; LANES]);
        find_parts(&padded, &mut ends, &mut n_parts);
        for lane in 0..LANES {
            let (power, want) = cases[lane % cases.len()];
            let got = &ends[lane * 10..][..n_parts[lane]];
            assert_eq!(got, want, "{power:?}");
        }
    }

    #[test]
    fn sums_over_parts_have_the_turns_of_the_parts_before() {
        let mut sums = vec![[[0.0; LANES]; 2]; 11];
        for k in 0..10 {
            sums[k + 1][0][3] = sums[k][0][3] + k as f64;
            sums[k + 1][1][3] = sums[k][1][3] + 1.0;
        }
        let last = Parts {
            ends: vec![3, 7, 10],
            turns: vec![[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]],
        };
        let mut now = Parts {
            ends: vec![2, 7, 10],
            turns: vec![[0.0; 2]; 3],
        };
        add_parts(&sums, 3, &last, &mut now);
        let mut start = 0;
        for (&end, got) in now.ends.iter().zip(&now.turns) {
            let mut want = [0.0; 2];
            for k in start..end {
                let part = last.ends.iter().position(|&end| k < end).unwrap();
                let ([c, s], re) = (last.turns[part], f64::from(k));
                want = [want[0] + re * c - s, want[1] + re * s + c];
            }
            assert!((got[0] - want[0]).hypot(got[1] - want[1]) < 1e-12);
            start = end;
        }
    }
}
