//! Turning the bins of a frame so that it goes on from the frame before it.

use auricle_fft::num_complex::Complex32;

/// Values that are written at a time where parts of bins are filled.
const WIDTH: usize = 16;

/// Real and imaginary parts of the bins of a frame.
#[derive(Default)]
pub(super) struct Bins {
    pub(super) re: Vec<f32>,
    pub(super) im: Vec<f32>,
}

impl Bins {
    /// Makes room; nothing is in it.
    pub(super) fn begin(&mut self, n_bins: usize) {
        for row in [&mut self.re, &mut self.im] {
            row.clear();
            row.resize(n_bins, 0.0);
        }
    }
}

/// Identity phase locking, frame after frame: [`PhaseLock::begin`], then for each frame
/// [`PhaseLock::take`] for each channel, [`PhaseLock::follow`], and [`PhaseLock::turn`] for each
/// channel.
#[derive(Default)]
pub(super) struct PhaseLock {
    /// Power over all channels, between two values on either side that are below any power.
    power: Vec<f32>,
    /// The frame before, as it was written, times the conjugate of the frame a hop earlier.
    product: Vec<[f32; 2]>,
    /// Power and place of each bin in one number, and all ones where a peak is.
    keys: Vec<[u64; 2]>,
    /// Sums of the products before each bin.
    sums: Vec<[f64; 2]>,
    /// Where the bins that belong to each peak end.
    ends: Vec<u32>,
    /// By which numbers of magnitude 1 they are turned.
    parts: Vec<[f32; 2]>,
    /// The same for each bin.
    turns: Bins,
}

impl PhaseLock {
    /// Makes the buffers fit.
    pub(super) fn begin(&mut self, n_bins: usize) {
        self.power.clear();
        self.power.resize(n_bins + 4, -1.0);
        self.product.resize(n_bins, [0.0; 2]);
        self.keys.resize(n_bins, [0; 2]);
        self.sums.resize(n_bins + 1, [0.0; 2]);
        self.ends.resize(n_bins + 1, 0);
        self.parts.resize(n_bins + 1, [0.0; 2]);
        self.turns.begin(n_bins + WIDTH);
    }

    /// Takes what belongs to a channel: the transform of `frame + i earlier`, where `earlier` is
    /// the frame a hop before it, and `last`, the frame before as it was written. The frame's bins
    /// go to `now`. The `FIRST` channel of a frame begins the sums over all.
    #[inline(always)]
    pub(super) fn take<const FIRST: bool>(
        &mut self,
        both: &[Complex32],
        last: &Bins,
        now: &mut Bins,
    ) {
        let with = |sum: f32, x: f32| if FIRST { x } else { sum + x };
        let (n, n_bins) = (both.len(), self.product.len());
        // Bins that have a mirror image, which is another one.
        let inner = (n - 1) / 2;
        let (low, high) = (&both[1..=inner], &both[n - inner..]);
        let power = &mut self.power[3..3 + inner];
        let product = &mut self.product[1..=inner];
        let (now_re, now_im) = (&mut now.re[1..=inner], &mut now.im[1..=inner]);
        let (last_re, last_im) = (&last.re[1..=inner], &last.im[1..=inner]);
        for k in 0..inner {
            let (z, mirror) = (low[k], high[inner - 1 - k]);
            let (re, im) = (0.5 * (z.re + mirror.re), 0.5 * (z.im - mirror.im));
            let earlier = (0.5 * (z.im + mirror.im), 0.5 * (mirror.re - z.re));
            (now_re[k], now_im[k]) = (re, im);
            power[k] = with(power[k], re * re + im * im);
            let [x, y] = product[k];
            product[k] = [
                with(x, last_re[k] * earlier.0 + last_im[k] * earlier.1),
                with(y, last_im[k] * earlier.0 - last_re[k] * earlier.1),
            ];
        }
        // The others are real.
        for k in [0, n / 2].into_iter().filter(|k| 2 * k % n == 0) {
            let z = both[k];
            (now.re[k], now.im[k]) = (z.re, 0.0);
            self.power[k + 2] = with(self.power[k + 2], z.re * z.re);
            let [x, y] = self.product[k];
            self.product[k] = [with(x, last.re[k] * z.im), with(y, last.im[k] * z.im)];
        }
        debug_assert_eq!(n_bins, n / 2 + 1);
    }

    /// Finds how far each bin is turned.
    #[inline(always)]
    pub(super) fn follow(&mut self) {
        find_keys(&self.power, &mut self.keys);
        let n_parts = divide(&self.keys, &self.product, &mut self.ends, &mut self.sums);
        let (ends, parts) = (&self.ends[..n_parts], &mut self.parts[..n_parts]);
        let mut before = [0.0; 2];
        for (part, &end) in parts.iter_mut().zip(ends) {
            let until = self.sums[end as usize];
            *part = [(until[0] - before[0]) as f32, (until[1] - before[1]) as f32];
            before = until;
        }
        for part in &mut *parts {
            let [re, im] = *part;
            // Neither the square of the larger one nor of the smaller one leaves what a number can
            // hold, if it counts.
            let most = re.abs().max(im.abs());
            let (x, y) = (re / most, im / most);
            let size = (x * x + y * y).sqrt();
            // Where nothing can be compared nothing is turned.
            *part = if most > 0.0 {
                [x / size, y / size]
            } else {
                [1.0, 0.0]
            };
        }
        let mut start = 0;
        for (&end, &[re, im]) in ends.iter().zip(&*parts) {
            // What is written too far belongs to the parts behind, which come next.
            while start < end as usize {
                self.turns.re[start..start + WIDTH].fill(re);
                self.turns.im[start..start + WIDTH].fill(im);
                start += WIDTH;
            }
            start = end as usize;
        }
    }

    /// Turns a channel's bins.
    #[inline(always)]
    pub(super) fn turn(&self, bins: &mut Bins) {
        let turns = self.turns.re.iter().zip(&self.turns.im);
        for ((re, im), (c, s)) in bins.re.iter_mut().zip(&mut bins.im).zip(turns) {
            (*re, *im) = (*re * c - *im * s, *re * s + *im * c);
        }
    }
}

/// Marks the bins that exceed the two on either side; `padded` has two values more at either end.
#[inline(always)]
fn find_keys(padded: &[f32], keys: &mut [[u64; 2]]) {
    let n = keys.len();
    let (a, b, p) = (&padded[..n], &padded[1..=n], &padded[2..n + 2]);
    let (c, d) = (&padded[3..n + 3], &padded[4..n + 4]);
    for k in 0..n {
        // A plateau belongs to its first bin.
        let peak = (p[k] > a[k]) & (p[k] > b[k]) & (p[k] >= c[k]) & (p[k] >= d[k]);
        // Bits of numbers that are not negative are in their order.
        keys[k] = [
            u64::from(p[k].to_bits()) << 32 | k as u64,
            if peak { u64::MAX } else { 0 },
        ];
    }
}

/// Divides all bins among the peaks at the weakest between two, and adds up the products. Gives the
/// number of parts. Bins without any peak are one part.
///
/// Parts are short and of any length, so loops over each would end in surprises for the processor:
/// every bin writes what would be the next end, and only a peak that has one before it makes that
/// final. A part's sum is the difference of two sums from the first bin on; double precision leaves
/// 7 digits to one 90 dB under the strongest.
#[inline(always)]
fn divide(
    keys: &[[u64; 2]],
    product: &[[f32; 2]],
    ends: &mut [u32],
    sums: &mut [[f64; 2]],
) -> usize {
    let (mut at, mut least, mut seen) = (0, u64::MAX, 0);
    let mut sum = [0.0; 2];
    for ((&[key, peak], x), slot) in keys.iter().zip(product).zip(&mut sums[1..]) {
        ends[at] = least as u32;
        at += (peak & seen & 1) as usize;
        seen |= peak;
        least = least.min(key) | peak;
        sum = [sum[0] + f64::from(x[0]), sum[1] + f64::from(x[1])];
        *slot = sum;
    }
    ends[at] = keys.len() as u32;
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_divided_among_peaks() {
        for (power, want) in [
            ([0.0, 1.0, 5.0, 1.0, 0.5, 0.7, 2.0, 9.0, 2.0], &[4, 9][..]),
            ([0.0; 9], &[9]),
            ([3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[9]),
            ([9.0, 1.0, 1.0, 7.0, 7.0, 2.0, 1.0, 3.0, 0.0], &[1, 6, 9]),
        ] {
            let mut padded = vec![-1.0; 13];
            padded[2..11].copy_from_slice(&power);
            let (mut keys, mut ends) = ([[0; 2]; 9], [77; 10]);
            find_keys(&padded, &mut keys);
            let n_parts = divide(&keys, &[[0.0; 2]; 9], &mut ends, &mut [[0.0; 2]; 10]);
            assert_eq!(&ends[..n_parts], want, "{power:?}");
        }
    }

    #[test]
    fn a_part_turns_by_the_angle_of_its_sum() {
        let mut lock = PhaseLock::default();
        lock.begin(40);
        // Peaks at 5 and 30, the weakest between them at 27.
        for (k, power) in lock.power[2..42].iter_mut().enumerate() {
            let away = k.abs_diff(if k < 27 { 5 } else { 30 });
            *power = if k == 27 {
                0.5
            } else {
                9.0 - 0.3 * away as f32
            };
        }
        for (k, product) in lock.product.iter_mut().enumerate() {
            *product = if k < 27 {
                [0.0, 1.0 + k as f32]
            } else {
                [-3e-6, 4e-6]
            };
        }
        lock.follow();
        assert_eq!(lock.ends[..2], [27, 40]);
        for k in 0..40 {
            let want = if k < 27 { (0.0, 1.0) } else { (-0.6, 0.8) };
            let got = (lock.turns.re[k], lock.turns.im[k]);
            assert!(
                (got.0 - want.0).hypot(got.1 - want.1) < 1e-6,
                "{k}: {got:?}"
            );
        }
        // Nothing to be compared with.
        lock.product.fill([0.0; 2]);
        lock.follow();
        assert!(lock.turns.re[..40].iter().all(|&c| c == 1.0));
    }

    #[test]
    fn two_frames_in_one_transform_are_told_apart() {
        for n in [8usize, 9] {
            let angle = |k: usize, i: usize| std::f64::consts::TAU * (k * i % n) as f64 / n as f64;
            let frames = |i: usize| [(i as f64 * 1.7).sin(), (i as f64 * 0.6).cos() - 0.2];
            let bin = |which: usize, k: usize| {
                (0..n).fold((0.0, 0.0), |(re, im), i| {
                    let (sin, cos) = angle(k, i).sin_cos();
                    (re + frames(i)[which] * cos, im - frames(i)[which] * sin)
                })
            };
            let both: Vec<Complex32> = (0..n)
                .map(|k| {
                    let (x, y) = (bin(0, k), bin(1, k));
                    Complex32::new((x.0 - y.1) as f32, (x.1 + y.0) as f32)
                })
                .collect();
            let [mut last, mut now] = [(); 2].map(|()| Bins::default());
            let n_bins = n / 2 + 1;
            last.begin(n_bins);
            now.begin(n_bins);
            last.re.fill(1.0);
            let mut lock = PhaseLock::default();
            lock.begin(n_bins);
            lock.take::<true>(&both, &last, &mut now);
            for k in 0..n_bins {
                let (x, y) = (bin(0, k), bin(1, k));
                let near = |got: f32, want: f64| assert!((f64::from(got) - want).abs() < 1e-5);
                near(now.re[k], x.0);
                near(now.im[k], x.1);
                near(lock.power[k + 2], x.0 * x.0 + x.1 * x.1);
                near(lock.product[k][0], y.0);
                near(lock.product[k][1], -y.1);
            }
        }
    }
}
