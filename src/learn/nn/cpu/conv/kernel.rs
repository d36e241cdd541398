//! Sums of lines of numbers, each moved and scaled: the arithmetic of a convolution.

use pulp::{Arch, Simd, WithSimd};
use std::array;

/// Places that are computed at once are a divisor of twice this; lines are whole multiples of it.
pub(super) const LANES: usize = 16;

/// Channels that are computed at once, as many as there are registers for.
const MOST: usize = 12;

/// How many of `n` channels the next tile takes.
fn tile_len(n: usize) -> usize {
    match n {
        MOST.. => MOST,
        8.. => 8,
        4.. => 4,
        2.. => 2,
        n => n,
    }
}

/// Puts weights into the order of [`Sums`]: `[channels, rows]`, read through `weight(channel, row)`.
pub(super) fn tiled(
    channels: usize,
    rows: usize,
    weight: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let mut tiles = Vec::with_capacity(channels * rows);
    let mut channel = 0;
    while channel < channels {
        let n = tile_len(channels - channel);
        for row in 0..rows {
            tiles.extend((channel..channel + n).map(|channel| weight(channel, row)));
        }
        channel += n;
    }
    tiles
}

/// What one weight of the kernel adds to a place: its number, and where what it meets begins in the first plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) tap: usize,
    pub(super) first: usize,
}

/// A line of places and what is summed there.
pub(super) struct Place {
    pub(super) terms: Vec<Term>,
    /// Where the line begins in a channel of the output.
    pub(super) out: usize,
}

/// `out[c][p] = sum over terms and planes i of weights[c][tap][i] * planes[i][first + p]`, for every place of every line.
pub(super) struct Sums<'a> {
    /// `[channels, taps, planes]`, in the order of [`tiled`].
    pub(super) weights: &'a [f32],
    pub(super) n_taps: usize,
    pub(super) channels: usize,
    pub(super) n_planes: usize,
    pub(super) planes: &'a [f32],
    /// From a plane to the next.
    pub(super) plane: usize,
    pub(super) places: &'a [Place],
    /// Places of a line, a multiple of [`LANES`].
    pub(super) positions: usize,
    pub(super) out: &'a mut [f32],
    /// From a channel of the output to the next.
    pub(super) out_plane: usize,
}

impl Sums<'_> {
    pub(super) fn run(self) {
        debug_assert!(self.positions.is_multiple_of(LANES));
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 && self.positions.is_multiple_of(2 * S::F32_LANES) {
            self.lines::<S, 2>(simd);
        } else {
            self.lines::<S, 1>(simd);
        }
    }
}

impl Sums<'_> {
    #[inline(always)]
    fn lines<S: Simd, const N: usize>(mut self, simd: S) {
        let rows = self.n_taps * self.n_planes;
        for place in self.places {
            for p in (0..self.positions).step_by(N * S::F32_LANES) {
                let mut channel = 0;
                while channel < self.channels {
                    let n = tile_len(self.channels - channel);
                    let weights = &self.weights[channel * rows..][..n * rows];
                    match n {
                        MOST => self.tile::<S, MOST, N>(simd, weights, place, p, channel),
                        8 => self.tile::<S, 8, N>(simd, weights, place, p, channel),
                        4 => self.tile::<S, 4, N>(simd, weights, place, p, channel),
                        2 => self.tile::<S, 2, N>(simd, weights, place, p, channel),
                        _ => self.tile::<S, 1, N>(simd, weights, place, p, channel),
                    }
                    channel += n;
                }
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const N: usize>(
        &mut self,
        simd: S,
        weights: &[f32],
        place: &Place,
        p: usize,
        channel: usize,
    ) {
        let len = N * S::F32_LANES;
        let weights = weights.as_chunks::<M>().0;
        let mut sums = [[simd.splat_f32s(0.0); N]; M];
        for term in &place.terms {
            let mut first = term.first + p;
            for weights in &weights[term.tap * self.n_planes..][..self.n_planes] {
                let (values, _) = S::as_simd_f32s(&self.planes[first..][..len]);
                let values: [S::f32s; N] = array::from_fn(|i| values[i]);
                for (sums, weight) in sums.iter_mut().zip(weights) {
                    let weight = simd.splat_f32s(*weight);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = simd.mul_add_e_f32s(weight, value, *sum);
                    }
                }
                first += self.plane;
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let at = (channel + i) * self.out_plane + place.out + p;
            let (line, _) = S::as_mut_simd_f32s(&mut self.out[at..][..len]);
            for (to, sum) in line.iter_mut().zip(sums) {
                *to = *sum;
            }
        }
    }
}

/// Stretches of a line of both factors that are multiplied place by place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) len: usize,
}

/// `out[a][b] += sum over stretches and p of left[lefts[a] + p] * right[rights[b] + p]`.
pub(super) struct Products<'a> {
    pub(super) left: &'a [f32],
    pub(super) lefts: &'a [usize],
    pub(super) right: &'a [f32],
    pub(super) rights: &'a [usize],
    /// Whole multiples of [`LANES`].
    pub(super) stretches: &'a [Stretch],
    pub(super) out: &'a mut [f32],
    /// From a row of the output to the next, and from a column to the next.
    pub(super) out_step: [usize; 2],
}

impl Products<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.lefts.len() == 1 {
            self.tiles::<S, 1, 6>(simd);
        } else if S::REGISTER_COUNT >= 32 {
            self.tiles::<S, 4, 6>(simd);
        } else {
            self.tiles::<S, 2, 4>(simd);
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const A: usize, const B: usize>(self, simd: S) {
        for (a, lefts) in self.lefts.chunks(A).enumerate() {
            for (b, rights) in self.rights.chunks(B).enumerate() {
                let sums = self.tile::<S, A, B>(simd, lefts, rights);
                for (i, sums) in sums.iter().enumerate().take(lefts.len()) {
                    for (j, sum) in sums.iter().enumerate().take(rights.len()) {
                        let [row, column] = self.out_step;
                        let at = (a * A + i) * row + (b * B + j) * column;
                        self.out[at] += simd.reduce_sum_f32s(*sum);
                    }
                }
            }
        }
    }

    /// Where fewer lines are left than are computed at once, the last is computed several times.
    #[inline(always)]
    fn tile<S: Simd, const A: usize, const B: usize>(
        &self,
        simd: S,
        lefts: &[usize],
        rights: &[usize],
    ) -> [[S::f32s; B]; A] {
        let mut sums = [[simd.splat_f32s(0.0); B]; A];
        for stretch in self.stretches {
            let left: [&[S::f32s]; A] = array::from_fn(|a| {
                let first = lefts[a.min(lefts.len() - 1)] + stretch.left;
                S::as_simd_f32s(&self.left[first..][..stretch.len]).0
            });
            let right: [&[S::f32s]; B] = array::from_fn(|b| {
                let first = rights[b.min(rights.len() - 1)] + stretch.right;
                S::as_simd_f32s(&self.right[first..][..stretch.len]).0
            });
            for i in 0..stretch.len / S::F32_LANES {
                let right: [S::f32s; B] = array::from_fn(|b| right[b][i]);
                for (sums, left) in sums.iter_mut().zip(&left) {
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = simd.mul_add_e_f32s(left[i], right, *sum);
                    }
                }
            }
        }
        sums
    }
}
