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
const PHASE_BITS: u32 = 8;
/// Bits behind the point of a position, and those of them that lie between two sets of weights.
pub(super) const FRACTION_BITS: u32 = 32;
const SHARE_BITS: u32 = FRACTION_BITS - PHASE_BITS;
/// Where the table of [`level`] ends, in cycles a sample, and its intervals.
const HIGHEST: f64 = 0.36;
const LEVELS: usize = 1 << 12;

/// Reads samples at positions with [`FRACTION_BITS`] behind the point.
#[inline(always)]
pub(super) fn read_at(middle: &[f32], places: &[u64], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        wide::read_at(simd, weights(), middle, places, out);
        return;
    }
    read_one_by_one(middle, places, out);
}

/// The same bits on any processor.
#[inline(always)]
fn read_one_by_one(middle: &[f32], places: &[u64], out: &mut [f32]) {
    // Looked up once a call, for the look-up asks each time whether the table is there.
    let weights = weights();
    for (y, &at) in out.iter_mut().zip(places) {
        let (samples, [low, rise], share) = around(middle, weights, at);
        let p: [f32; TAPS] = std::array::from_fn(|j| samples[j] * (low[j] + share * rise[j]));
        *y = ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
    }
}

/// The samples that a position is a sum of, the weights of the set before it and how they rise, and how far behind that
/// set it is.
#[inline(always)]
fn around<'a>(
    middle: &'a [f32],
    weights: &'a Weights,
    at: u64,
) -> (&'a [f32; TAPS], &'a [[f32; TAPS]; 2], f32) {
    let samples = middle[(at >> FRACTION_BITS) as usize..].first_chunk();
    let share = (at % (1 << SHARE_BITS)) as i32 as f32;
    let samples = samples.expect("a place has its samples");
    (
        samples,
        &weights[(at >> SHARE_BITS) as usize % PHASES],
        share,
    )
}

/// See [`weights`].
type Weights = [[[f32; TAPS]; 2]; PHASES];

/// For every position between two samples the weights of the samples around it, and how much they
/// rise with each unit of a position's last [`SHARE_BITS`].
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
            let rise = std::array::from_fn(|tap| rise(tap) as f32);
            [low.map(|weight| weight as f32), rise]
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

/// Eight results at a time, in the registers of a processor with AVX2.
///
/// What a compiler makes of [`read_one_by_one`] spends more time on moving products into place than on the products: here
/// eight rows of eight are folded together by seven additions.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Weights, around};
    use pulp::x86::V3;
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::__m256;

    /// See [`read_at`](super::read_at).
    #[inline(always)]
    pub(super) fn read_at(
        simd: V3,
        weights: &Weights,
        middle: &[f32],
        places: &[u64],
        out: &mut [f32],
    ) {
        let sums = Sums {
            simd,
            weights,
            middle,
        };
        Simd::vectorize(simd, Read { sums, places, out });
    }

    #[derive(Clone, Copy)]
    struct Sums<'a> {
        simd: V3,
        weights: &'a Weights,
        middle: &'a [f32],
    }

    struct Read<'a> {
        sums: Sums<'a>,
        places: &'a [u64],
        out: &'a mut [f32],
    }

    impl WithSimd for Read<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let Read { sums, places, out } = self;
            let (whole, rest) = places.as_chunks::<8>();
            let (eights, ends) = out.as_chunks_mut::<8>();
            for (sounds, places) in eights.iter_mut().zip(whole) {
                *sounds = sums.eight(places);
            }
            if let Some(&first) = rest.first() {
                let mut places = [first; 8];
                places[..rest.len()].copy_from_slice(rest);
                let last = sums.eight(&places);
                match eights.get_mut(whole.len()) {
                    Some(sounds) => sounds[..rest.len()].copy_from_slice(&last[..rest.len()]),
                    None => ends[..rest.len()].copy_from_slice(&last[..rest.len()]),
                }
            }
        }
    }

    impl Sums<'_> {
        #[inline(always)]
        fn eight(self, places: &[u64; 8]) -> [f32; 8] {
            let [a, b, c, d, e, f, g, h] = *places;
            let first = self.fold(self.pair(a, b), self.pair(c, d));
            let second = self.fold(self.pair(e, f), self.pair(g, h));
            let avx = self.simd.avx;
            cast(avx._mm256_add_ps(
                avx._mm256_permute2f128_ps::<0x20>(first, second),
                avx._mm256_permute2f128_ps::<0x31>(first, second),
            ))
        }

        #[inline(always)]
        fn pair(self, a: u64, b: u64) -> __m256 {
            self.fold(self.products(a), self.products(b))
        }

        #[inline(always)]
        fn products(self, at: u64) -> __m256 {
            let (samples, [low, rise], share) = around(self.middle, self.weights, at);
            let avx = self.simd.avx;
            let rise = avx._mm256_mul_ps(avx._mm256_set1_ps(share), cast(*rise));
            avx._mm256_mul_ps(cast(*samples), avx._mm256_add_ps(cast(*low), rise))
        }

        /// Sums of neighbours in both halves of both: `x0 + x1, x2 + x3, y0 + y1, y2 + y3` and the same of the rest.
        #[inline(always)]
        fn fold(self, x: __m256, y: __m256) -> __m256 {
            let avx = self.simd.avx;
            avx._mm256_add_ps(
                avx._mm256_shuffle_ps::<0x88>(x, y),
                avx._mm256_shuffle_ps::<0xdd>(x, y),
            )
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
            let (mut wide, mut narrow) = (vec![0.0; n], vec![0.0; n]);
            read_at(&middle, &places, &mut wide);
            read_one_by_one(&middle, &places, &mut narrow);
            let bits = |sound: &[f32]| sound.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&wide), bits(&narrow));
        }
    }
}
