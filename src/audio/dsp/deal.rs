//! Frames of samples dealt to lanes, under their window.

use super::{LANES, LaneScratch};

/// A row of samples for each lane, all as long as the window.
pub(super) type Rows<'a> = [&'a [f32]; LANES];

/// Writes rows, each sample times its share of the window, into lanes: even samples in `re`, odd ones in `im`, zeros behind
/// them. The window is of an even number of samples.
#[inline(always)]
pub(super) fn deal(rows: &Rows<'_>, window: &[f32], lanes: &mut LaneScratch) {
    let pairs = window.len() / 2;
    let (re, im) = (lanes.re.groups_mut(), lanes.im.groups_mut());
    re[pairs..].fill([0.0; LANES]);
    im[pairs..].fill([0.0; LANES]);
    let (re, im) = (&mut re[..pairs], &mut im[..pairs]);
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            wide::deal(simd, rows, window, [re, im]);
            return;
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            wide::deal(simd, rows, window, [re, im]);
            return;
        }
    }
    one_by_one(rows, window, re, im);
}

type Group = [f32; LANES];

#[inline(always)]
fn one_by_one(rows: &Rows<'_>, window: &[f32], re: &mut [Group], im: &mut [Group]) {
    let (shares, _) = window.as_chunks::<2>();
    for (lane, row) in rows.iter().enumerate() {
        let pairs = row.as_chunks::<2>().0.iter().zip(shares);
        for ((re, im), (x, w)) in re.iter_mut().zip(&mut *im).zip(pairs) {
            (re[lane], im[lane]) = (x[0] * w[0], x[1] * w[1]);
        }
    }
}

/// Four values of all rows at a time.
///
/// Every register takes four values of rows four apart; four such registers, of neighbouring rows, are then turned within
/// quarters, and nothing has to cross from one quarter to another. A compiler makes single loads and stores of the loop
/// above.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Group, LANES, Rows, one_by_one};
    use pulp::x86::{V3, V4};
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::{__m128, __m256, __m512};

    /// See [`deal`](super::deal).
    #[inline(always)]
    pub(super) fn deal<S: Simd>(
        simd: S,
        rows: &Rows<'_>,
        window: &[f32],
        [re, im]: [&mut [Group]; 2],
    ) where
        Wide<S>: Turned,
    {
        Simd::vectorize(
            simd,
            Deal {
                turned: Wide(simd),
                rows,
                window,
                re,
                im,
            },
        );
    }

    /// Registers of some width.
    #[derive(Clone, Copy)]
    pub(super) struct Wide<S>(S);

    /// How four values of every row, under four of the window, become four groups.
    pub(super) trait Turned: Copy {
        fn turned(self, values: [&[f32; 4]; LANES], window: &[f32; 4]) -> [Group; 4];
    }

    struct Deal<'a, T> {
        turned: T,
        rows: &'a Rows<'a>,
        window: &'a [f32],
        re: &'a mut [Group],
        im: &'a mut [Group],
    }

    impl<T: Turned> WithSimd for Deal<'_, T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let Deal {
                turned,
                rows,
                window,
                re,
                im,
            } = self;
            let (re, re_rest) = re.as_chunks_mut::<2>();
            let (im, im_rest) = im.as_chunks_mut::<2>();
            let n = re.len().min(im.len());
            let (re, im) = (&mut re[..n], &mut im[..n]);
            // All of one length, so that places within one are within all.
            let fours: [&[[f32; 4]]; LANES] =
                std::array::from_fn(|lane| &rows[lane].as_chunks::<4>().0[..n]);
            let shares = &window.as_chunks::<4>().0[..n];
            for i in 0..n {
                let values = std::array::from_fn(|lane| &fours[lane][i]);
                let [a, b, c, d] = turned.turned(values, &shares[i]);
                (re[i], im[i]) = ([a, c], [b, d]);
            }
            let rest = std::array::from_fn(|lane| &rows[lane][4 * n..]);
            one_by_one(&rest, &window[4 * n..], re_rest, im_rest);
        }
    }

    impl Turned for Wide<V4> {
        #[inline(always)]
        fn turned(self, values: [&[f32; 4]; LANES], window: &[f32; 4]) -> [Group; 4] {
            let avx = self.0.avx512f;
            let shares = avx._mm512_broadcast_f32x4(cast(*window));
            let four_apart = |row: usize| -> __m512 {
                let of = |row: usize| -> __m128 { cast(*values[row]) };
                let x = avx._mm512_castps128_ps512(of(row));
                let x = avx._mm512_insertf32x4::<1>(x, of(row + 4));
                let x = avx._mm512_insertf32x4::<2>(x, of(row + 8));
                avx._mm512_mul_ps(avx._mm512_insertf32x4::<3>(x, of(row + 12)), shares)
            };
            let [a, b, c, d] = [four_apart(0), four_apart(1), four_apart(2), four_apart(3)];
            let (low, high) = (
                [avx._mm512_unpacklo_ps(a, b), avx._mm512_unpacklo_ps(c, d)],
                [avx._mm512_unpackhi_ps(a, b), avx._mm512_unpackhi_ps(c, d)],
            );
            [
                cast(avx._mm512_shuffle_ps::<0x44>(low[0], low[1])),
                cast(avx._mm512_shuffle_ps::<0xee>(low[0], low[1])),
                cast(avx._mm512_shuffle_ps::<0x44>(high[0], high[1])),
                cast(avx._mm512_shuffle_ps::<0xee>(high[0], high[1])),
            ]
        }
    }

    impl Turned for Wide<V3> {
        #[inline(always)]
        fn turned(self, values: [&[f32; 4]; LANES], window: &[f32; 4]) -> [Group; 4] {
            let avx = self.0.avx;
            let shares = avx._mm256_broadcast_ps(&cast(*window));
            let four_apart = |row: usize| -> __m256 {
                let of = |row: usize| -> __m128 { cast(*values[row]) };
                let x = avx._mm256_castps128_ps256(of(row));
                avx._mm256_mul_ps(avx._mm256_insertf128_ps::<1>(x, of(row + 4)), shares)
            };
            let half = |row: usize| -> [__m256; 4] {
                let [a, b] = [four_apart(row), four_apart(row + 1)];
                let [c, d] = [four_apart(row + 2), four_apart(row + 3)];
                let (low, high) = (
                    [avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d)],
                    [avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d)],
                );
                [
                    avx._mm256_shuffle_ps::<0x44>(low[0], low[1]),
                    avx._mm256_shuffle_ps::<0xee>(low[0], low[1]),
                    avx._mm256_shuffle_ps::<0x44>(high[0], high[1]),
                    avx._mm256_shuffle_ps::<0xee>(high[0], high[1]),
                ]
            };
            let (first, second) = (half(0), half(8));
            std::array::from_fn(|i| cast([first[i], second[i]]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_to_its_lane_however_wide_the_registers() {
        for length in [2, 4, 6, 8, 64, 70, 1002] {
            let value = |lane: usize, at: usize| (1000 * lane + at) as f32;
            let rows: [Vec<f32>; LANES] =
                std::array::from_fn(|lane| (0..length).map(|at| value(lane, at)).collect());
            let rows: Rows<'_> = rows.each_ref().map(Vec::as_slice);
            let window: Vec<f32> = (0..length).map(|at| 0.3 + at as f32).collect();
            let (pairs, groups) = (length / 2, length / 2 + 3);
            let mut lanes = LaneScratch::default();
            lanes.prepare(groups);
            deal(&rows, &window, &mut lanes);
            let mut all = vec![(lanes.re.groups().to_vec(), lanes.im.groups().to_vec())];
            type Way = fn(&Rows<'_>, &[f32], &mut [Group], &mut [Group]);
            let mut ways: Vec<Way> = vec![|rows, window, re, im| one_by_one(rows, window, re, im)];
            #[cfg(target_arch = "x86_64")]
            ways.push(|rows, window, re, im| match pulp::x86::V3::try_new() {
                Some(simd) => wide::deal(simd, rows, window, [re, im]),
                None => one_by_one(rows, window, re, im),
            });
            for way in ways {
                let mut re = vec![[0.0; LANES]; groups];
                let mut im = re.clone();
                way(&rows, &window, &mut re[..pairs], &mut im[..pairs]);
                all.push((re, im));
            }
            let want = |at: usize| -> Group {
                let share = window.get(at).copied().unwrap_or(0.0);
                std::array::from_fn(|lane| share * if at < length { value(lane, at) } else { 0.0 })
            };
            for (re, im) in all {
                for group in 0..groups {
                    assert_eq!(
                        (re[group], im[group]),
                        (want(2 * group), want(2 * group + 1))
                    );
                }
            }
        }
    }
}
