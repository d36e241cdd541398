//! Real FFTs of sixteen frames side by side.

use super::lined::Lined;
use super::small_dft::{Complex, Dft, Dft2, Dft3, Dft4, Dft5, Dft8, Math};
use pulp::{Arch, Simd, WithSimd};
use std::f64::consts::TAU;

/// Frames that are transformed together: as many as the widest registers hold.
pub const LANES: usize = 16;

/// Samples of a frame from which on [`LANES`] of them do not stay in the nearest cache from pass to pass: there two passes
/// are made at once, which gives the same bits.
const FAR: usize = 512;

/// A forward and an inverse real FFT of one size for [`LANES`] frames at once.
///
/// Value `i` of all frames stands together, so every step is the same for a whole register and nothing is ever shuffled. As
/// sums and products alone are used, none of them fused, the bytes are the same on every processor.
///
/// `n / 2` complex numbers made of even and odd samples are transformed by Stockham's self-sorting algorithm with radices 8,
/// 5, 4, 3 and 2 (Van Loan, "Computational frameworks for the fast Fourier transform", 1992, section 1.7).
#[derive(Clone, Debug)]
pub struct LaneFft {
    n: usize,
    passes: Vec<Pass>,
    /// `exp(-2 pi i k / n)` for `k` up to `n / 4`.
    turns: Vec<[f32; 2]>,
}

#[derive(Clone, Debug)]
struct Pass {
    radix: usize,
    /// Numbers between two that meet, in units of `stride`.
    m: usize,
    stride: usize,
    /// For each of the `m` butterflies the factors of all outputs but the first.
    twiddles: Vec<[f32; 2]>,
}

/// Buffers of a [`LaneFft`], kept by the caller so that no transform allocates.
#[derive(Default)]
pub struct LaneScratch {
    /// Real parts, value by value [`LANES`] frames: of the spectrum, or the even samples.
    pub re: LaneBuffer,
    /// Imaginary parts: of the spectrum, or the odd samples.
    pub im: LaneBuffer,
    other: [LaneBuffer; 2],
}

/// Values in groups of [`LANES`], each group on a line of the cache.
#[derive(Default)]
pub struct LaneBuffer(Lined<f32>);

impl LaneBuffer {
    /// Gives the buffer a number of groups.
    pub(super) fn resize(&mut self, groups: usize) {
        self.0.resize(groups * LANES);
    }

    /// All values.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// All values.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// The values in their groups.
    pub fn groups(&self) -> &[[f32; LANES]] {
        self.values().as_chunks().0
    }

    /// The values in their groups.
    pub fn groups_mut(&mut self) -> &mut [[f32; LANES]] {
        self.values_mut().as_chunks_mut().0
    }
}

impl LaneScratch {
    /// Gives all buffers a number of groups.
    pub(super) fn prepare(&mut self, groups: usize) {
        let LaneScratch {
            re,
            im,
            other: [a, b],
        } = self;
        [re, im, a, b]
            .into_iter()
            .for_each(|buffer| buffer.resize(groups));
    }
}

impl LaneFft {
    /// The transforms of `n` real samples, if `n` is even and has no prime factor above 5.
    pub fn new(n: usize) -> Option<LaneFft> {
        if n == 0 || !n.is_multiple_of(2) {
            return None;
        }
        let (mut passes, mut left, mut stride) = (Vec::new(), n / 2, 1);
        while left > 1 {
            let radix = [8, 5, 4, 3, 2]
                .into_iter()
                .find(|&radix| left.is_multiple_of(radix))?;
            // 8 * 2 is 4 * 4, and two passes of 4 cost less.
            let radix = if radix == 8 && left == 16 { 4 } else { radix };
            let m = left / radix;
            let twiddles = (0..m)
                .flat_map(|p| (1..radix).map(move |j| turn((p * j) as f64 / left as f64)))
                .collect();
            passes.push(Pass {
                radix,
                m,
                stride,
                twiddles,
            });
            (left, stride) = (m, stride * radix);
        }
        let turns = (0..=n / 4).map(|k| turn(k as f64 / n as f64)).collect();
        Some(LaneFft { n, passes, turns })
    }

    /// Number of real samples.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Makes the buffers fit: they hold `n / 2 + 1` groups.
    pub fn prepare(&self, scratch: &mut LaneScratch) {
        scratch.prepare(self.n / 2 + 1);
    }

    /// Transforms samples, even ones in `re` and odd ones in `im`, into bins 0 to `n / 2`, after [`LaneFft::prepare`].
    pub fn forward(&self, scratch: &mut LaneScratch) {
        self.run(scratch, Task::Forward);
    }

    /// As [`LaneFft::forward`], and leaves the squared magnitudes of the bins in `re`.
    pub fn powers(&self, scratch: &mut LaneScratch) {
        self.run(scratch, Task::Powers);
    }

    /// Transforms bins 0 to `n / 2` into samples times `n / 2`, even ones in `re` and odd ones in `im`, after
    /// [`LaneFft::prepare`]. Imaginary parts of the first and last bin are ignored.
    pub fn inverse(&self, scratch: &mut LaneScratch) {
        self.run(scratch, Task::Inverse);
    }

    /// All tasks are one function: the passes are compiled once for each width of registers, which takes long.
    #[inline(never)]
    fn run(&self, scratch: &mut LaneScratch, task: Task) {
        Arch::new().dispatch(Run {
            fft: self,
            scratch,
            task,
        });
    }
}

/// `exp(-2 pi i turns)`.
fn turn(turns: f64) -> [f32; 2] {
    let (sin, cos) = libm::sincos(TAU * turns);
    [cos as f32, -sin as f32]
}

#[derive(Clone, Copy)]
enum Task {
    Forward,
    Powers,
    Inverse,
}

struct Run<'a> {
    fft: &'a LaneFft,
    scratch: &'a mut LaneScratch,
    task: Task,
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Run { fft, scratch, task } = self;
        // With real and imaginary parts exchanged, the forward transform is the inverse one.
        if let Task::Inverse = task {
            fft.pack(simd, scratch);
            std::mem::swap(&mut scratch.re, &mut scratch.im);
        }
        fft.complex(simd, scratch);
        match task {
            Task::Forward => fft.unpack(simd, scratch),
            Task::Powers => fft.unpack_powers(simd, scratch),
            Task::Inverse => std::mem::swap(&mut scratch.re, &mut scratch.im),
        }
    }
}

impl LaneFft {
    #[inline(always)]
    fn complex<S: Simd>(&self, simd: S, scratch: &mut LaneScratch) {
        let LaneScratch {
            re,
            im,
            other: [to_re, to_im],
        } = scratch;
        let mut left = self.passes.as_slice();
        while let Some((pass, behind)) = left.split_first() {
            let from = [
                S::as_simd_f32s(re.values()).0,
                S::as_simd_f32s(im.values()).0,
            ];
            let to = [
                S::as_mut_simd_f32s(to_re.values_mut()).0,
                S::as_mut_simd_f32s(to_im.values_mut()).0,
            ];
            let next = behind.first();
            let next = next.filter(|next| self.n >= FAR && pass.is_joined_by(next));
            left = &behind[usize::from(next.is_some())..];
            match (pass.radix, next) {
                (8, Some(next)) if next.radix == 8 => {
                    pass.run_two::<S, Dft8, 8, Dft8, 8>(next, simd, from, to);
                }
                (8, Some(next)) => pass.run_two::<S, Dft8, 8, Dft4, 4>(next, simd, from, to),
                (_, Some(next)) => pass.run_two::<S, Dft4, 4, Dft4, 4>(next, simd, from, to),
                (8, None) => pass.run::<S, Dft8, 8>(simd, from, to),
                (5, None) => pass.run::<S, Dft5, 5>(simd, from, to),
                (4, None) => pass.run::<S, Dft4, 4>(simd, from, to),
                (3, None) => pass.run::<S, Dft3, 3>(simd, from, to),
                (_, None) => pass.run::<S, Dft2, 2>(simd, from, to),
            }
            std::mem::swap(re, to_re);
            std::mem::swap(im, to_im);
        }
    }

    #[inline(always)]
    fn unpack<S: Simd>(&self, simd: S, scratch: &mut LaneScratch) {
        let (h, width) = (self.n / 2, LANES / S::F32_LANES);
        let LaneScratch {
            re,
            im,
            other: [to_re, to_im],
        } = scratch;
        let (from_re, from_im) = (
            S::as_simd_f32s(re.values()).0,
            S::as_simd_f32s(im.values()).0,
        );
        let (out_re, out_im) = (
            S::as_mut_simd_f32s(to_re.values_mut()).0,
            S::as_mut_simd_f32s(to_im.values_mut()).0,
        );
        for (k, turn) in self.turns.iter().enumerate() {
            let turn = [simd.splat_f32s(turn[0]), simd.splat_f32s(turn[1])];
            // Bin h of a transform of h numbers is bin 0.
            let mirror = if k == 0 { 0 } else { h - k };
            for v in 0..width {
                let (a, b) = (k * width + v, mirror * width + v);
                let (low, high) =
                    Math(simd).bins([from_re[a], from_im[a]], [from_re[b], from_im[b]], turn);
                let b = (h - k) * width + v;
                (out_re[a], out_im[a]) = (low[0], low[1]);
                (out_re[b], out_im[b]) = (high[0], high[1]);
            }
        }
        std::mem::swap(re, to_re);
        std::mem::swap(im, to_im);
    }

    #[inline(always)]
    fn unpack_powers<S: Simd>(&self, simd: S, scratch: &mut LaneScratch) {
        let (h, width) = (self.n / 2, LANES / S::F32_LANES);
        let LaneScratch {
            re,
            im,
            other: [to, _],
        } = scratch;
        let (from_re, from_im) = (
            S::as_simd_f32s(re.values()).0,
            S::as_simd_f32s(im.values()).0,
        );
        let out = S::as_mut_simd_f32s(to.values_mut()).0;
        for (k, turn) in self.turns.iter().enumerate() {
            let turn = [simd.splat_f32s(turn[0]), simd.splat_f32s(turn[1])];
            let mirror = if k == 0 { 0 } else { h - k };
            for v in 0..width {
                let (a, b) = (k * width + v, mirror * width + v);
                let (low, high) =
                    Math(simd).bins([from_re[a], from_im[a]], [from_re[b], from_im[b]], turn);
                out[a] = Math(simd).power(low);
                out[(h - k) * width + v] = Math(simd).power(high);
            }
        }
        std::mem::swap(re, to);
    }

    /// The other way: `2 Z_k = X_k + X*_h-k + i t*_k (X_k - X*_h-k)`.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, scratch: &mut LaneScratch) {
        let (h, width) = (self.n / 2, LANES / S::F32_LANES);
        let half = simd.splat_f32s(0.5);
        let LaneScratch { re, im, .. } = scratch;
        im.groups_mut()[0] = [0.0; LANES];
        im.groups_mut()[h] = [0.0; LANES];
        let (re, im) = (
            S::as_mut_simd_f32s(re.values_mut()).0,
            S::as_mut_simd_f32s(im.values_mut()).0,
        );
        for (k, &[re_turn, im_turn]) in self.turns.iter().enumerate() {
            let (turn_re, turn_im) = (simd.splat_f32s(re_turn), simd.splat_f32s(im_turn));
            for v in 0..width {
                let (a, b) = (k * width + v, (h - k) * width + v);
                let (a_re, a_im, b_re, b_im) = (re[a], im[a], re[b], im[b]);
                let even_re = simd.mul_f32s(half, simd.add_f32s(a_re, b_re));
                let even_im = simd.mul_f32s(half, simd.sub_f32s(a_im, b_im));
                let difference_re = simd.mul_f32s(half, simd.sub_f32s(a_re, b_re));
                let difference_im = simd.mul_f32s(half, simd.add_f32s(a_im, b_im));
                // Times the conjugate of the turn: what the odd samples gave.
                let odd_re = simd.add_f32s(
                    simd.mul_f32s(difference_re, turn_re),
                    simd.mul_f32s(difference_im, turn_im),
                );
                let odd_im = simd.sub_f32s(
                    simd.mul_f32s(difference_im, turn_re),
                    simd.mul_f32s(difference_re, turn_im),
                );
                (re[a], im[a]) = (
                    simd.sub_f32s(even_re, odd_im),
                    simd.add_f32s(even_im, odd_re),
                );
                (re[b], im[b]) = (
                    simd.add_f32s(even_re, odd_im),
                    simd.sub_f32s(odd_re, even_im),
                );
            }
        }
    }
}

impl Pass {
    /// `y[q + s (r p + j)] = w^(p j) sum_k x[q + s (p + m k)] exp(-2 pi i j k / r)`.
    ///
    /// There is no closure in here: one would be compiled without the wide instructions.
    #[inline(always)]
    fn run<S: Simd, D: Dft<R>, const R: usize>(
        &self,
        simd: S,
        [x_re, x_im]: [&[S::f32s]; 2],
        [y_re, y_im]: [&mut [S::f32s]; 2],
    ) {
        let s = self.stride * (LANES / S::F32_LANES);
        let zero = simd.splat_f32s(0.0);
        for p in 0..self.m {
            let (mut from_re, mut from_im) = ([x_re; R], [x_im; R]);
            for k in 0..R {
                from_re[k] = &x_re[s * (p + self.m * k)..][..s];
                from_im[k] = &x_im[s * (p + self.m * k)..][..s];
            }
            let (to_re, to_im) = (
                &mut y_re[s * R * p..][..s * R],
                &mut y_im[s * R * p..][..s * R],
            );
            let mut twiddles = [[zero; 2]; R];
            for (twiddle, &[re, im]) in twiddles[1..].iter_mut().zip(&self.twiddles[p * (R - 1)..])
            {
                *twiddle = [simd.splat_f32s(re), simd.splat_f32s(im)];
            }
            for q in 0..s {
                let mut x = [[zero; 2]; R];
                for k in 0..R {
                    x[k] = [from_re[k][q], from_im[k][q]];
                }
                let mut sums = D::dft(Math(simd), x);
                // The first butterfly is not turned, nor is the first output of any.
                if p > 0 {
                    for j in 1..R {
                        sums[j] = Math(simd).mul(sums[j], twiddles[j]);
                    }
                }
                for j in 0..R {
                    (to_re[s * j + q], to_im[s * j + q]) = (sums[j][0], sums[j][1]);
                }
            }
        }
    }

    /// Whether the next pass can be made at once with this one.
    fn is_joined_by(&self, next: &Pass) -> bool {
        matches!((self.radix, next.radix), (8, 8 | 4) | (4, 4))
    }

    /// This pass and the next one, whose numbers stay in the nearest cache between the two: those that meet in the next
    /// one are few.
    #[inline(always)]
    fn run_two<S: Simd, A: Dft<RA>, const RA: usize, B: Dft<RB>, const RB: usize>(
        &self,
        next: &Pass,
        simd: S,
        [x_re, x_im]: [&[S::f32s]; 2],
        [y_re, y_im]: [&mut [S::f32s]; 2],
    ) {
        let s = self.stride * (LANES / S::F32_LANES);
        let zero = simd.splat_f32s(0.0);
        for p in 0..next.m {
            let (mut from_re, mut from_im) = ([[x_re; RA]; RB], [[x_im; RA]; RB]);
            for j in 0..RB {
                for k in 0..RA {
                    let place = s * (p + next.m * j + self.m * k);
                    from_re[j][k] = &x_re[place..][..s];
                    from_im[j][k] = &x_im[place..][..s];
                }
            }
            let (to_re, to_im) = (
                &mut y_re[s * RA * RB * p..][..s * RA * RB],
                &mut y_im[s * RA * RB * p..][..s * RA * RB],
            );
            for q in 0..s {
                let mut between = [[[zero; 2]; RB]; RA];
                for j in 0..RB {
                    let mut x = [[zero; 2]; RA];
                    for k in 0..RA {
                        x[k] = [from_re[j][k][q], from_im[j][k][q]];
                    }
                    let mut sums = A::dft(Math(simd), x);
                    let at = p + next.m * j;
                    if at > 0 {
                        self.turn::<S, RA>(simd, at, &mut sums);
                    }
                    for k in 0..RA {
                        between[k][j] = sums[k];
                    }
                }
                for (k, &met) in between.iter().enumerate() {
                    let mut sums = B::dft(Math(simd), met);
                    if p > 0 {
                        next.turn::<S, RB>(simd, p, &mut sums);
                    }
                    for (j, &[re, im]) in sums.iter().enumerate() {
                        let place = s * (k + RA * j) + q;
                        (to_re[place], to_im[place]) = (re, im);
                    }
                }
            }
        }
    }

    /// Turns all outputs of a butterfly but the first.
    #[inline(always)]
    fn turn<S: Simd, const R: usize>(&self, simd: S, p: usize, sums: &mut [Complex<S>; R]) {
        let twiddles = &self.twiddles[p * (R - 1)..][..R - 1];
        for j in 1..R {
            let [re, im] = twiddles[j - 1];
            sums[j] = Math(simd).mul(sums[j], [simd.splat_f32s(re), simd.splat_f32s(im)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixteen frames of noise, `[lane][sample]`.
    fn frames(n: usize) -> Vec<Vec<f32>> {
        (0..LANES)
            .map(|lane| {
                let mut samples = vec![0.0; n];
                crate::Rng::from_words(&[lane as u64, n as u64]).fill_normal(&mut samples);
                samples
            })
            .collect()
    }

    fn load(fft: &LaneFft, frames: &[Vec<f32>], scratch: &mut LaneScratch) {
        fft.prepare(scratch);
        for (lane, frame) in frames.iter().enumerate() {
            for (i, pair) in frame.chunks_exact(2).enumerate() {
                scratch.re.groups_mut()[i][lane] = pair[0];
                scratch.im.groups_mut()[i][lane] = pair[1];
            }
        }
    }

    #[test]
    fn bins_are_those_of_the_definition() {
        for n in [
            2, 4, 6, 8, 10, 12, 16, 18, 20, 24, 30, 32, 50, 64, 80, 90, 96, 128, 240, 400, 512,
        ] {
            let (fft, frames) = (LaneFft::new(n).unwrap(), frames(n));
            let (mut spectrum, mut powers) = (LaneScratch::default(), LaneScratch::default());
            load(&fft, &frames, &mut spectrum);
            load(&fft, &frames, &mut powers);
            fft.forward(&mut spectrum);
            fft.powers(&mut powers);
            let tolerance = 1e-6 * n as f64;
            for lane in [0, 7, 15] {
                for k in 0..=n / 2 {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (i, &x) in frames[lane].iter().enumerate() {
                        let (sin, cos) = (TAU * (k * i % n) as f64 / n as f64).sin_cos();
                        (re, im) = (re + f64::from(x) * cos, im - f64::from(x) * sin);
                    }
                    let got = (spectrum.re.groups()[k][lane], spectrum.im.groups()[k][lane]);
                    let error = (f64::from(got.0) - re).hypot(f64::from(got.1) - im);
                    assert!(
                        error < tolerance,
                        "{n}: bin {k} is {got:?}, wanted {re} {im}"
                    );
                    let power = f64::from(powers.re.groups()[k][lane]);
                    assert!(
                        (power.sqrt() - re.hypot(im)).abs() < tolerance,
                        "{n}: power of bin {k}"
                    );
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_the_identity() {
        for n in [2, 6, 16, 400, 2048] {
            let (fft, frames) = (LaneFft::new(n).unwrap(), frames(n));
            let mut scratch = LaneScratch::default();
            load(&fft, &frames, &mut scratch);
            fft.forward(&mut scratch);
            fft.inverse(&mut scratch);
            let scale = 2.0 / n as f32;
            for (lane, frame) in frames.iter().enumerate() {
                for (i, &x) in frame.iter().enumerate() {
                    let half = if i % 2 == 0 { &scratch.re } else { &scratch.im };
                    let error = half.groups()[i / 2][lane] * scale - x;
                    assert!(error.abs() < 1e-5, "{n}: sample {i} is {error} off");
                }
            }
        }
    }

    #[test]
    fn two_passes_at_once_give_the_same_bits() {
        for n in [512, 1024, 2048, 4096] {
            let (fft, frames) = (LaneFft::new(n).unwrap(), frames(n));
            let (mut both, mut single) = (LaneScratch::default(), LaneScratch::default());
            load(&fft, &frames, &mut both);
            load(&fft, &frames, &mut single);
            fft.complex(pulp::Scalar::new(), &mut both);
            for pass in &fft.passes {
                let LaneScratch {
                    re,
                    im,
                    other: [to_re, to_im],
                } = &mut single;
                let (from, to) = (
                    [re.values(), im.values()],
                    [to_re.values_mut(), to_im.values_mut()],
                );
                match pass.radix {
                    8 => pass.run::<_, Dft8, 8>(pulp::Scalar::new(), from, to),
                    _ => pass.run::<_, Dft4, 4>(pulp::Scalar::new(), from, to),
                }
                std::mem::swap(re, to_re);
                std::mem::swap(im, to_im);
            }
            let bits = |scratch: &LaneScratch| -> Vec<u32> {
                let values = scratch.re.values()[..n / 2 * LANES].iter();
                let values = values.chain(&scratch.im.values()[..n / 2 * LANES]);
                values.map(|x| x.to_bits()).collect()
            };
            assert!(bits(&both) == bits(&single), "{n}");
        }
    }

    #[test]
    fn narrow_registers_give_the_same_bits() {
        for n in [10, 400, 1024, 2048] {
            let (fft, frames) = (LaneFft::new(n).unwrap(), frames(n));
            for task in [Task::Forward, Task::Powers, Task::Inverse] {
                let (mut wide, mut narrow) = (LaneScratch::default(), LaneScratch::default());
                load(&fft, &frames, &mut wide);
                load(&fft, &frames, &mut narrow);
                Arch::new().dispatch(Run {
                    fft: &fft,
                    scratch: &mut wide,
                    task,
                });
                Run {
                    fft: &fft,
                    scratch: &mut narrow,
                    task,
                }
                .with_simd(pulp::Scalar::new());
                // What an inverse transform leaves behind the last sample is of no use.
                let n_used = if let Task::Inverse = task {
                    n / 2
                } else {
                    n / 2 + 1
                } * LANES;
                for (wide, narrow) in [(&wide.re, &narrow.re), (&wide.im, &narrow.im)] {
                    let mut pairs = wide.values()[..n_used].iter().zip(narrow.values());
                    assert!(pairs.all(|(a, b)| a.to_bits() == b.to_bits()), "{n}");
                }
            }
        }
    }

    #[test]
    fn sizes_of_large_primes_and_odd_ones_are_left_to_others() {
        assert!(
            [0, 1, 7, 14, 401, 2 * 7 * 64]
                .into_iter()
                .all(|n| LaneFft::new(n).is_none())
        );
    }
}
