//! Sums of a few samples under a short kernel, which give a sound between its samples.

use super::reader::bessel_i0;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// Samples of the middle rate that an output sample is a sum of.
pub(super) const TAPS: usize = 8;
/// The kernel's shape: what it lets through of the images of a sound that fills the pass band is
/// 116 dB down.
pub(super) const KERNEL_BETA: f64 = 16.5;
/// Positions between two samples for which weights are kept; linear in between is exact to -114 dB.
const PHASES: usize = 1 << PHASE_BITS;
/// A byte, which is read as one.
const PHASE_BITS: u32 = 8;
/// Bits behind the point of a position, and those of them that lie between two sets of weights.
pub(super) const FRACTION_BITS: u32 = 32;
const SHARE_BITS: u32 = FRACTION_BITS - PHASE_BITS;
/// How far behind a set a position is.
const SHARE: u64 = (1 << SHARE_BITS) - 1;
/// Where the table of [`level`] ends, in cycles a sample, and its intervals.
const HIGHEST: f64 = 0.36;
const LEVELS: usize = 1 << 12;

/// Reads samples at positions with [`FRACTION_BITS`] behind the point.
#[inline(always)]
pub(super) fn read_at(middle: &[f32], places: &[u64], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            wide::read_at(simd, weights(), middle, places, out);
            return;
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            wide::read_at(simd, weights(), middle, places, out);
            return;
        }
    }
    read_one_by_one(middle, places, out);
}

/// The same bits on any processor.
#[inline(always)]
fn read_one_by_one(middle: &[f32], places: &[u64], out: &mut [f32]) {
    // Looked up once a call, for the look-up asks each time whether the table is there.
    let weights = weights();
    for (y, &at) in out.iter_mut().zip(places) {
        let (first, set) = (at >> FRACTION_BITS, at >> SHARE_BITS);
        let (samples, Weight([low, rise])) = around(middle, weights, first as usize, set as usize);
        let sum = |weights: &[f32; TAPS]| {
            let p: [f32; TAPS] = std::array::from_fn(|j| samples[j] * weights[j]);
            ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))
        };
        *y = sum(low) + (at & SHARE) as i32 as f32 * sum(rise);
    }
}

/// The samples that a position is a sum of, from the first one on, and the weights of the set before it.
#[inline(always)]
fn around<'a>(
    middle: &'a [f32],
    weights: &'a Weights,
    first: usize,
    set: usize,
) -> (&'a [f32; TAPS], &'a Weight) {
    let samples = middle[first..first + TAPS].first_chunk();
    let samples = samples.expect("there are as many");
    (samples, &weights[set % PHASES])
}

/// The weights of the samples around a position, and how much they rise with each unit of its last [`SHARE_BITS`]: one line
/// of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Weight([[f32; TAPS]; 2]);

type Weights = [Weight; PHASES];

/// The weights at every position between two samples.
fn weights() -> &'static Weights {
    static WEIGHTS: OnceLock<Weights> = OnceLock::new();
    WEIGHTS.get_or_init(|| {
        let half = (TAPS / 2) as f64;
        let weight = |set: usize, tap: usize| {
            let t = set as f64 / PHASES as f64 + half - 1.0 - tap as f64;
            let within = (1.0 - (t / half) * (t / half)).max(0.0);
            bessel_i0(KERNEL_BETA * within.sqrt()) / bessel_i0(KERNEL_BETA)
        };
        std::array::from_fn(|set| {
            let low: [f64; TAPS] = std::array::from_fn(|tap| weight(set, tap));
            let rise = |tap| (weight(set + 1, tap) - low[tap]) / f64::from(1 << SHARE_BITS);
            Weight([
                low.map(|weight| weight as f32),
                std::array::from_fn(|tap| rise(tap) as f32),
            ])
        })
    })
}

/// What the kernel leaves of a frequency, in cycles a sample: `TAPS sinh(s) / (I0(b) s)` with `s =
/// sqrt(b^2 - (pi TAPS f)^2)`.
pub(super) fn level(frequency: f64) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let scale = TAPS as f64 / bessel_i0(KERNEL_BETA);
        let exact = |i: usize| {
            let x = PI * TAPS as f64 * i as f64 * HIGHEST / LEVELS as f64;
            let root = (KERNEL_BETA * KERNEL_BETA - x * x).sqrt();
            scale * libm::sinh(root) / root
        };
        (0..=LEVELS + 1).map(exact).collect()
    });
    let place = frequency * LEVELS as f64 / HIGHEST;
    let index = place as usize;
    table[index] + (place - index as f64) * (table[index + 1] - table[index])
}

/// Eight results at a time, in wide registers.
///
/// What a compiler makes of [`read_one_by_one`] spends more time on moving products into place than on the products: here
/// those of eight positions are folded together.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{SHARE, TAPS, Weight, Weights, around};
    use pulp::bytemuck::cast_ref;
    use pulp::x86::{V3, V4};
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::{__m256, __m256i, __m512};

    /// See [`read_at`](super::read_at).
    #[inline(always)]
    pub(super) fn read_at<S: Simd>(
        simd: S,
        weights: &Weights,
        middle: &[f32],
        places: &[u64],
        out: &mut [f32],
    ) where
        Wide<S>: Eight,
    {
        let eight = Wide(simd);
        Simd::vectorize(
            simd,
            Read {
                eight,
                weights,
                middle,
                places,
                out,
            },
        );
    }

    /// Registers of some width.
    #[derive(Clone, Copy)]
    pub(super) struct Wide<S>(S);

    /// See [`around`], of one of eight positions. Of a position's bytes, low ones first, its parts are read each by itself,
    /// which spares the shifts.
    #[inline(always)]
    fn around_one<'a>(
        middle: &'a [f32],
        weights: &'a Weights,
        places: &[u64; 8],
        k: usize,
    ) -> (&'a [f32; TAPS], &'a Weight) {
        let [_, _, _, set, first @ ..] = &cast_ref::<_, [[u8; 8]; 8]>(places)[k];
        let first = u32::from_le_bytes(*first) as usize;
        around(middle, weights, first, usize::from(*set))
    }

    /// How samples around eight positions and their weights become eight results.
    pub(super) trait Eight: Copy {
        fn eight(self, weights: &Weights, middle: &[f32], places: &[u64; 8]) -> [f32; 8];
    }

    struct Read<'a, E> {
        eight: E,
        weights: &'a Weights,
        middle: &'a [f32],
        places: &'a [u64],
        out: &'a mut [f32],
    }

    impl<E: Eight> WithSimd for Read<'_, E> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let Read {
                eight,
                weights,
                middle,
                places,
                out,
            } = self;
            let (whole, rest) = places.as_chunks::<8>();
            let (eights, ends) = out.as_chunks_mut::<8>();
            for (sounds, places) in eights.iter_mut().zip(whole) {
                *sounds = eight.eight(weights, middle, places);
            }
            if let Some(&first) = rest.first() {
                let mut places = [first; 8];
                places[..rest.len()].copy_from_slice(rest);
                let last = eight.eight(weights, middle, &places);
                let to = match eights.get_mut(whole.len()) {
                    Some(sounds) => sounds.as_mut_slice(),
                    None => ends,
                };
                to[..rest.len()].copy_from_slice(&last[..rest.len()]);
            }
        }
    }

    impl Wide<V3> {
        #[inline(always)]
        fn sums(self, [a, b, c, d, e, f, g, h]: [__m256; 8]) -> __m256 {
            let low = self.fold(self.fold(a, b), self.fold(c, d));
            let high = self.fold(self.fold(e, f), self.fold(g, h));
            let avx = self.0.avx;
            avx._mm256_add_ps(
                avx._mm256_permute2f128_ps::<0x20>(low, high),
                avx._mm256_permute2f128_ps::<0x31>(low, high),
            )
        }

        /// Sums of neighbours in both halves of both: `x0 + x1, x2 + x3, y0 + y1, y2 + y3` and the same of the rest.
        #[inline(always)]
        fn fold(self, x: __m256, y: __m256) -> __m256 {
            let avx = self.0.avx;
            avx._mm256_add_ps(
                avx._mm256_shuffle_ps::<0x88>(x, y),
                avx._mm256_shuffle_ps::<0xdd>(x, y),
            )
        }
    }

    impl Eight for Wide<V3> {
        #[inline(always)]
        fn eight(self, weights: &Weights, middle: &[f32], places: &[u64; 8]) -> [f32; 8] {
            let avx = self.0.avx;
            let mut low = [avx._mm256_setzero_ps(); 8];
            let mut rise = low;
            for k in 0..8 {
                let (x, weight) = around_one(middle, weights, places, k);
                low[k] = avx._mm256_mul_ps(cast(*x), cast(weight.0[0]));
                rise[k] = avx._mm256_mul_ps(cast(*x), cast(weight.0[1]));
            }
            let [first, last]: [__m256; 2] = cast(*places);
            let avx2 = self.0.avx2;
            let lower: __m256i = cast(avx._mm256_shuffle_ps::<0x88>(first, last));
            let lower = avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(lower);
            let shares = avx2._mm256_and_si256(lower, avx._mm256_set1_epi32(SHARE as i32));
            let shares = avx._mm256_cvtepi32_ps(shares);
            cast(avx._mm256_add_ps(self.sums(low), avx._mm256_mul_ps(shares, self.sums(rise))))
        }
    }

    impl Wide<V4> {
        #[inline(always)]
        fn fold(self, x: __m512, y: __m512) -> __m512 {
            let avx = self.0.avx512f;
            avx._mm512_add_ps(
                avx._mm512_shuffle_ps::<0x88>(x, y),
                avx._mm512_shuffle_ps::<0xdd>(x, y),
            )
        }

        #[inline(always)]
        fn products(
            self,
            weights: &Weights,
            middle: &[f32],
            places: &[u64; 8],
            k: usize,
        ) -> __m512 {
            let (x, weight) = around_one(middle, weights, places, k);
            let x = self.0.avx512dq._mm512_broadcast_f32x8(cast(*x));
            self.0.avx512f._mm512_mul_ps(x, cast(weight.0))
        }

        #[inline(always)]
        fn two(self, weights: &Weights, middle: &[f32], places: &[u64; 8], k: usize) -> __m512 {
            self.fold(
                self.products(weights, middle, places, k),
                self.products(weights, middle, places, k + 1),
            )
        }
    }

    impl Eight for Wide<V4> {
        #[inline(always)]
        fn eight(self, weights: &Weights, middle: &[f32], places: &[u64; 8]) -> [f32; 8] {
            let (avx, avx512) = (self.0.avx, self.0.avx512f);
            let low = self.fold(
                self.two(weights, middle, places, 0),
                self.two(weights, middle, places, 2),
            );
            let high = self.fold(
                self.two(weights, middle, places, 4),
                self.two(weights, middle, places, 6),
            );
            let both = avx512._mm512_add_ps(
                avx512._mm512_shuffle_f32x4::<0b10_00_10_00>(low, high),
                avx512._mm512_shuffle_f32x4::<0b11_01_11_01>(low, high),
            );
            // Now those of weights and of their rise in turn.
            let parted = avx512._mm512_shuffle_f32x4::<0b11_01_10_00>(both, both);
            let [low, rise]: [__m256; 2] = cast(parted);
            let shares = self.0.avx2._mm256_and_si256(
                avx512._mm512_cvtepi64_epi32(cast(*places)),
                avx._mm256_set1_epi32(SHARE as i32),
            );
            let shares = avx._mm256_cvtepi32_ps(shares);
            cast(avx._mm256_add_ps(low, avx._mm256_mul_ps(shares, rise)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_registers_give_the_same_bits() {
        let mut middle = vec![0.0; 300];
        crate::Rng::from_words(&[5]).fill_normal(&mut middle);
        for n in [0, 1, 7, 8, 13, 64] {
            let places: Vec<u64> = (0..n as u64).map(|i| i * ((13 << 30) + 12_345)).collect();
            let mut narrow = vec![0.0; n];
            read_one_by_one(&middle, &places, &mut narrow);
            let is_same = |read: &dyn Fn(&mut [f32])| {
                let mut wide = vec![0.0; n];
                read(&mut wide);
                let mut pairs = wide.iter().zip(&narrow);
                pairs.all(|(a, b)| a.to_bits() == b.to_bits())
            };
            assert!(is_same(&|out| read_at(&middle, &places, out)), "{n}");
            // Where there are wider ones, too.
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                assert!(is_same(&|out| wide::read_at(
                    simd,
                    weights(),
                    &middle,
                    &places,
                    out
                )));
            }
        }
    }
}
