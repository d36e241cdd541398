//! Real FFTs of frames that lie one after the other.

use super::{FftPair, LANES, LaneBuffer, LaneFft, LaneScratch, PairScratch};

/// Rows of equal length, at most [`LANES`] of them.
#[derive(Default)]
pub(super) struct Rows {
    values: Vec<f32>,
    stride: usize,
}

/// A forward and an inverse real FFT of up to [`LANES`] frames, in single precision.
#[derive(Clone, Debug)]
pub(super) struct RowFft {
    n: usize,
    /// Takes all rows at once.
    lanes: Option<LaneFft>,
    /// For the sizes that cannot be transformed side by side.
    single: Option<FftPair>,
}

/// Buffers of a [`RowFft`], kept by the caller so that no transform allocates.
#[derive(Default)]
pub(super) struct RowScratch {
    lanes: LaneScratch,
    single: PairScratch,
}

impl Rows {
    /// Makes room for rows of `n` values, and as many more as their readers may want to see beyond
    /// the end.
    pub(super) fn resize(&mut self, n: usize) {
        // Rows a power of two apart would all fall into the same few lines of the cache.
        self.stride = n.next_multiple_of(TILE) + LANES;
        self.values.resize(LANES * self.stride, 0.0);
    }

    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.stride..(index + 1) * self.stride]
    }

    #[inline(always)]
    pub(super) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[index * self.stride..(index + 1) * self.stride]
    }
}

/// Values of a row that change places at a time: what they fill stays in the nearest cache until
/// all rows had their turn.
const TILE: usize = 32;

impl RowFft {
    /// The transforms of `n` real samples, `n >= 1`.
    pub(super) fn new(n: usize) -> RowFft {
        let lanes = LaneFft::new(n);
        let single = if lanes.is_none() {
            Some(FftPair::new(n))
        } else {
            None
        };
        RowFft { n, lanes, single }
    }

    /// Makes the buffers fit.
    pub(super) fn prepare(&self, scratch: &mut RowScratch) {
        if let Some(fft) = &self.lanes {
            fft.prepare(&mut scratch.lanes);
        }
        if let Some(fft) = &self.single {
            fft.prepare(&mut scratch.single);
        }
    }

    /// Transforms the first `count` rows of `n` samples into `n / 2 + 1` bins side by side.
    #[inline(always)]
    pub(super) fn forward(
        &self,
        time: &Rows,
        count: usize,
        [re, im]: [&mut LaneBuffer; 2],
        scratch: &mut RowScratch,
    ) {
        if let Some(fft) = &self.lanes {
            let LaneScratch {
                re: even, im: odd, ..
            } = &mut scratch.lanes;
            deal(time, self.n, even, odd);
            fft.forward(&mut scratch.lanes);
            std::mem::swap(&mut scratch.lanes.re, re);
            std::mem::swap(&mut scratch.lanes.im, im);
        } else if let Some(fft) = &self.single {
            let scratch = &mut scratch.single;
            for index in 0..count {
                for (slot, &x) in scratch.time.iter_mut().zip(time.row(index)) {
                    *slot = f64::from(x);
                }
                fft.forward(scratch);
                let bins = re.groups_mut().iter_mut().zip(im.groups_mut());
                for ((re, im), bin) in bins.zip(&scratch.spectrum) {
                    (re[index], im[index]) = (bin.re as f32, bin.im as f32);
                }
            }
        }
    }

    /// Transforms the first `count` spectra side by side, which it may overwrite, into rows of
    /// samples.
    #[inline(always)]
    pub(super) fn inverse(
        &self,
        [re, im]: [&mut LaneBuffer; 2],
        count: usize,
        time: &mut Rows,
        scratch: &mut RowScratch,
    ) {
        if let Some(fft) = &self.lanes {
            std::mem::swap(&mut scratch.lanes.re, re);
            std::mem::swap(&mut scratch.lanes.im, im);
            fft.inverse(&mut scratch.lanes);
            join(&scratch.lanes, self.n, time);
        } else if let Some(fft) = &self.single {
            let scratch = &mut scratch.single;
            for index in 0..count {
                let bins = re.groups().iter().zip(im.groups());
                for (slot, (re, im)) in scratch.spectrum.iter_mut().zip(bins) {
                    (slot.re, slot.im) = (f64::from(re[index]), f64::from(im[index]));
                }
                fft.inverse(scratch);
                for (slot, &x) in time.row_mut(index).iter_mut().zip(&scratch.time) {
                    *slot = x as f32;
                }
            }
        }
    }
}

/// Rows of `n` samples into lanes, the even and the odd samples apart.
#[inline(always)]
fn deal(rows: &Rows, n: usize, even: &mut LaneBuffer, odd: &mut LaneBuffer) {
    let (even, odd) = (
        &mut even.groups_mut()[..n / 2],
        &mut odd.groups_mut()[..n / 2],
    );
    for (tile, (even, odd)) in even
        .chunks_mut(TILE / 2)
        .zip(odd.chunks_mut(TILE / 2))
        .enumerate()
    {
        for lane in 0..LANES {
            let (pairs, _) = rows.row(lane)[TILE * tile..].as_chunks::<2>();
            for ((even, odd), pair) in even.iter_mut().zip(&mut *odd).zip(pairs) {
                (even[lane], odd[lane]) = (pair[0], pair[1]);
            }
        }
    }
}

/// Even and odd samples in lanes, `n / 2` times too large, into rows of `n` samples.
#[inline(always)]
fn join(lanes: &LaneScratch, n: usize, rows: &mut Rows) {
    let scale = 2.0 / n as f32;
    let (even, odd) = (&lanes.re.groups()[..n / 2], &lanes.im.groups()[..n / 2]);
    for (tile, (even, odd)) in even.chunks(TILE / 2).zip(odd.chunks(TILE / 2)).enumerate() {
        for lane in 0..LANES {
            let (pairs, _) = rows.row_mut(lane)[TILE * tile..].as_chunks_mut::<2>();
            for ((even, odd), pair) in even.iter().zip(odd).zip(pairs) {
                *pair = [scale * even[lane], scale * odd[lane]];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn rows_are_transformed_there_and_back() {
        for n in [4, 7, 14, 90, 512] {
            let (fft, mut scratch) = (RowFft::new(n), RowScratch::default());
            let mut time = Rows::default();
            let [mut re, mut im] = [(); 2].map(|()| LaneBuffer::default());
            time.resize(n);
            re.resize(n / 2 + 1);
            im.resize(n / 2 + 1);
            fft.prepare(&mut scratch);
            let sample = |row: usize, i: usize| ((i * (row + 1)) as f32 * 0.37).sin() + 0.1;
            for row in 0..LANES {
                time.row_mut(row)[..n]
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, x)| *x = sample(row, i));
            }
            fft.forward(&time, LANES, [&mut re, &mut im], &mut scratch);
            for (row, k) in [(0, 0), (3, n / 2), (15, 1), (15, n / 2 - 1)] {
                let (mut want_re, mut want_im) = (0.0, 0.0);
                for i in 0..n {
                    let (sin, cos) = (TAU * (k * i) as f64 / n as f64).sin_cos();
                    want_re += f64::from(sample(row, i)) * cos;
                    want_im -= f64::from(sample(row, i)) * sin;
                }
                let got = (
                    f64::from(re.groups()[k][row]),
                    f64::from(im.groups()[k][row]),
                );
                assert!(
                    (got.0 - want_re).hypot(got.1 - want_im) < 1e-4,
                    "{n}: {got:?}, wanted {want_re} {want_im}"
                );
            }
            time.values.fill(0.0);
            fft.inverse([&mut re, &mut im], LANES, &mut time, &mut scratch);
            for row in 0..LANES {
                let rows = time.row(row)[..n].iter().enumerate();
                assert!(
                    rows.map(|(i, x)| x - sample(row, i))
                        .all(|error| error.abs() < 1e-5),
                    "{n}: row {row}"
                );
            }
        }
    }
}
