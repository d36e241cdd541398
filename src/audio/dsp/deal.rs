//! Rows of samples dealt to lanes.

use super::{LANES, LaneScratch};

/// Writes rows, `stride` values apart, into lanes: even values in `re`, odd ones in `im`, zeros behind the first `length`.
/// Where that is odd, the value behind it is 0.
#[inline(always)]
pub(super) fn deal(rows: &[f32], stride: usize, length: usize, lanes: &mut LaneScratch) {
    let pairs = length.div_ceil(2);
    let (re, im) = (lanes.re.groups_mut(), lanes.im.groups_mut());
    re[pairs..].fill([0.0; LANES]);
    im[pairs..].fill([0.0; LANES]);
    let mut each = [&[][..]; LANES];
    for (row, values) in each.iter_mut().zip(rows.chunks(stride)) {
        *row = &values[..2 * pairs];
    }
    let (re, im) = (&mut re[..pairs], &mut im[..pairs]);
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            wide::sixteen(simd, &each, re, im);
            return;
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            wide::eight(simd, &each, re, im);
            return;
        }
    }
    one_by_one(&each, re, im);
}

type Rows<'a> = [&'a [f32]; LANES];
type Group = [f32; LANES];

#[inline(always)]
fn one_by_one(rows: &Rows<'_>, re: &mut [Group], im: &mut [Group]) {
    for (lane, row) in rows.iter().enumerate() {
        let (pairs, _) = row.as_chunks::<2>();
        for ((re, im), pair) in re.iter_mut().zip(&mut *im).zip(pairs) {
            (re[lane], im[lane]) = (pair[0], pair[1]);
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
    pub(super) fn sixteen(simd: V4, rows: &Rows<'_>, re: &mut [Group], im: &mut [Group]) {
        Simd::vectorize(
            simd,
            Deal {
                turned: Sixteen(simd),
                rows,
                re,
                im,
            },
        );
    }

    /// See [`deal`](super::deal).
    #[inline(always)]
    pub(super) fn eight(simd: V3, rows: &Rows<'_>, re: &mut [Group], im: &mut [Group]) {
        Simd::vectorize(
            simd,
            Deal {
                turned: Eight(simd),
                rows,
                re,
                im,
            },
        );
    }

    /// Four values of every row, and how they become the four groups that begin with the first of each.
    trait Turned: Copy {
        fn turned(self, values: [&[f32; 4]; LANES]) -> [Group; 4];
    }

    struct Deal<'a, T> {
        turned: T,
        rows: &'a Rows<'a>,
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
            for i in 0..n {
                let [a, b, c, d] = turned.turned(std::array::from_fn(|lane| &fours[lane][i]));
                (re[i], im[i]) = ([a, c], [b, d]);
            }
            let rest = std::array::from_fn(|lane| &rows[lane][4 * n..]);
            one_by_one(&rest, re_rest, im_rest);
        }
    }

    #[derive(Clone, Copy)]
    struct Sixteen(V4);

    impl Turned for Sixteen {
        #[inline(always)]
        fn turned(self, values: [&[f32; 4]; LANES]) -> [Group; 4] {
            let avx = self.0.avx512f;
            let four_apart = |row: usize| -> __m512 {
                let of = |row: usize| -> __m128 { cast(*values[row]) };
                let x = avx._mm512_castps128_ps512(of(row));
                let x = avx._mm512_insertf32x4::<1>(x, of(row + 4));
                let x = avx._mm512_insertf32x4::<2>(x, of(row + 8));
                avx._mm512_insertf32x4::<3>(x, of(row + 12))
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

    #[derive(Clone, Copy)]
    struct Eight(V3);

    impl Turned for Eight {
        #[inline(always)]
        fn turned(self, values: [&[f32; 4]; LANES]) -> [Group; 4] {
            let avx = self.0.avx;
            let four_apart = |row: usize| -> __m256 {
                let of = |row: usize| -> __m128 { cast(*values[row]) };
                let x = avx._mm256_castps128_ps256(of(row));
                avx._mm256_insertf128_ps::<1>(x, of(row + 4))
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
        for length in [1, 2, 3, 4, 5, 6, 7, 64, 70, 71, 1001] {
            let stride = length + length % 2 + LANES;
            let mut rows = vec![f32::NAN; LANES * stride];
            for lane in 0..LANES {
                let row = &mut rows[lane * stride..][..length + length % 2];
                row.iter_mut().enumerate().for_each(|(i, x)| {
                    *x = if i < length {
                        (1000 * lane + i) as f32
                    } else {
                        0.0
                    }
                });
            }
            let groups = length.div_ceil(2) + 3;
            let want = |group: usize, odd: usize| -> Group {
                let at = 2 * group + odd;
                let value = |lane: usize| {
                    if at < length {
                        (1000 * lane + at) as f32
                    } else {
                        0.0
                    }
                };
                std::array::from_fn(value)
            };
            let mut lanes = LaneScratch::default();
            lanes.prepare(groups);
            deal(&rows, stride, length, &mut lanes);
            let mut all = vec![(lanes.re.groups().to_vec(), lanes.im.groups().to_vec())];
            let each: Rows<'_> =
                std::array::from_fn(|lane| &rows[lane * stride..][..length + length % 2]);
            type Way = fn(&Rows<'_>, &mut [Group], &mut [Group]);
            let mut ways: Vec<Way> = vec![|rows, re, im| one_by_one(rows, re, im)];
            #[cfg(target_arch = "x86_64")]
            ways.push(|rows, re, im| match pulp::x86::V3::try_new() {
                Some(simd) => wide::eight(simd, rows, re, im),
                None => one_by_one(rows, re, im),
            });
            for way in ways {
                let mut re = vec![[0.0; LANES]; groups];
                let mut im = re.clone();
                let pairs = length.div_ceil(2);
                way(&each, &mut re[..pairs], &mut im[..pairs]);
                all.push((re, im));
            }
            for (re, im) in all {
                for group in 0..groups {
                    assert_eq!((re[group], im[group]), (want(group, 0), want(group, 1)));
                }
            }
        }
    }
}
