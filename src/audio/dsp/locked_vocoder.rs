//! The phase vocoder whose bins turn together around spectral peaks.

use super::row_fft::{RowFft, RowScratch, Rows};
use super::{LANES, Window};
use pulp::{Arch, Simd, WithSimd};

/// A phase vocoder with identity locking: see [`Vocoder`](super::Vocoder).
///
/// Its transforms are in single precision and taken sixteen frames at a time; what goes from frame to frame are rotations by
/// numbers of magnitude 1, which add up to no more than the rounding of each.
#[derive(Clone, Debug)]
pub(super) struct LockedVocoder {
    hop_length: usize,
    window: Vec<f32>,
    fft: RowFft,
}

/// Buffers of a [`LockedVocoder`].
#[derive(Default)]
pub(super) struct LockedScratch {
    fft: RowScratch,
    time: Rows,
    /// One for each channel.
    voices: Vec<Voice>,
    /// Sum of the squares of the windows over each sample of the result, up to where it repeats itself.
    squares: Vec<f32>,
    /// Power of a frame over all channels, between two values on either side that are below any power.
    power: Vec<f32>,
    is_peak: Vec<u8>,
    /// Where the bins that belong to each peak end.
    ends: Vec<usize>,
    /// What was written last times the conjugate of the frame that was read a hop earlier.
    product: [Vec<f32>; 2],
    /// Its sums from the first bin on.
    sums: Vec<[f64; 2]>,
    /// How far each bin is turned, and a group more.
    ahead: [Vec<f32>; 2],
}

#[derive(Default)]
struct Voice {
    /// The frames that are read, then turned, real and imaginary parts.
    now: [Rows; 2],
    /// Those a hop earlier.
    before: [Rows; 2],
    /// The frame that was written last.
    last: [Vec<f32>; 2],
}

/// Share of the largest sum of squares below which a sample counts as not covered by any frame.
const UNCOVERED: f32 = 1e-20;

struct Run<'a> {
    vocoder: &'a LockedVocoder,
    samples: &'a [f32],
    n_channels: usize,
    rate: f64,
    scratch: &'a mut LockedScratch,
    out: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.vocoder.run(
            self.samples,
            self.n_channels,
            self.rate,
            self.scratch,
            self.out,
        );
    }
}

impl LockedVocoder {
    pub(super) fn new(n_fft: usize, hop_length: usize) -> LockedVocoder {
        let window = Window::Hann
            .samples(n_fft)
            .into_iter()
            .map(|w| w as f32)
            .collect();
        LockedVocoder {
            hop_length,
            window,
            fft: RowFft::new(n_fft),
        }
    }

    /// Stretches planar samples of `n_channels`, at least one each, into as many channels of `out`, which holds zeros.
    pub(super) fn stretch(
        &self,
        samples: &[f32],
        n_channels: usize,
        rate: f64,
        scratch: &mut LockedScratch,
        out: &mut [f32],
    ) {
        Arch::new().dispatch(Run {
            vocoder: self,
            samples,
            n_channels,
            rate,
            scratch,
            out,
        });
    }

    #[inline(always)]
    fn run(
        &self,
        samples: &[f32],
        n_channels: usize,
        rate: f64,
        scratch: &mut LockedScratch,
        out: &mut [f32],
    ) {
        let (n, length) = (samples.len() / n_channels, out.len() / n_channels);
        self.begin(n_channels, length, scratch);
        let hop = self.hop_length;
        let n_frames = (length + self.window.len() / 2).div_ceil(hop);
        for first in (0..n_frames).step_by(LANES) {
            let count = LANES.min(n_frames - first);
            for channel in 0..n_channels {
                let part = &samples[channel * n..(channel + 1) * n];
                for earlier in [0, hop] {
                    for lane in 0..count {
                        let center = ((first + lane) as f64 * rate * hop as f64).round() as isize;
                        self.read(part, center - earlier as isize, scratch.time.row_mut(lane));
                    }
                    let Voice { now, before, .. } = &mut scratch.voices[channel];
                    let [re, im] = if earlier == 0 { now } else { before };
                    self.fft
                        .forward(&scratch.time, count, [re, im], &mut scratch.fft);
                }
            }
            for lane in 0..count {
                scratch.lock(lane, first + lane == 0, n_channels);
            }
            for channel in 0..n_channels {
                let Voice {
                    now: [re, im],
                    last,
                    ..
                } = &mut scratch.voices[channel];
                for (last, now) in last.iter_mut().zip([&*re, &*im]) {
                    let n_bins = last.len();
                    last.copy_from_slice(&now.row(count - 1)[..n_bins]);
                }
                self.fft
                    .inverse([re, im], count, &mut scratch.time, &mut scratch.fft);
                let sum = &mut out[channel * length..(channel + 1) * length];
                for lane in 0..count {
                    let squares = if channel == 0 {
                        Some(&mut scratch.squares[..])
                    } else {
                        None
                    };
                    self.add(first + lane, scratch.time.row(lane), sum, squares);
                }
            }
        }
        let largest = scratch.squares.iter().fold(0.0f32, |m, &s| m.max(s));
        let divide = |sums: &mut [f32], squares: &[f32]| {
            for (sum, &squares) in sums.iter_mut().zip(squares) {
                *sum = if squares > UNCOVERED * largest {
                    *sum / squares
                } else {
                    0.0
                };
            }
        };
        let edge = self.edge().min(length);
        for channel in out.chunks_exact_mut(length) {
            let (first, rest) = channel.split_at_mut(edge);
            divide(first, &scratch.squares);
            for part in rest.chunks_mut(hop) {
                divide(part, &scratch.squares[edge..]);
            }
        }
    }

    /// Samples of the result after which frames begin at all places a hop apart: from there on the sum of the squares of their
    /// windows comes again after every hop, sample by sample.
    fn edge(&self) -> usize {
        self.window.len() - self.window.len() / 2
    }

    fn begin(&self, n_channels: usize, length: usize, scratch: &mut LockedScratch) {
        let (n_fft, n_bins) = (self.window.len(), self.window.len() / 2 + 1);
        self.fft.prepare(&mut scratch.fft);
        scratch.time.resize(n_fft);
        scratch
            .voices
            .resize_with(n_channels.max(scratch.voices.len()), Voice::default);
        for voice in &mut scratch.voices[..n_channels] {
            voice
                .now
                .iter_mut()
                .chain(&mut voice.before)
                .for_each(|rows| rows.resize(n_bins));
            voice
                .last
                .iter_mut()
                .for_each(|row| row.resize(n_bins, 0.0));
        }
        scratch.squares.clear();
        scratch
            .squares
            .resize(length.min(self.edge() + self.hop_length), 0.0);
        scratch.power.clear();
        scratch.power.resize(n_bins + 4, -1.0);
        scratch.is_peak.resize(n_bins, 0);
        scratch
            .product
            .iter_mut()
            .for_each(|row| row.resize(n_bins, 0.0));
        scratch.sums.resize(n_bins + 1, [0.0; 2]);
        scratch
            .ahead
            .iter_mut()
            .for_each(|row| row.resize(n_bins + LANES, 0.0));
    }

    /// The frame that is centred on a sample, under the window; zeros stand outside the sound.
    #[inline(always)]
    fn read(&self, samples: &[f32], center: isize, row: &mut [f32]) {
        let length = self.window.len();
        let start = center - (length / 2) as isize;
        let skipped = start.min(0).unsigned_abs().min(length);
        let first = start.max(0).unsigned_abs().min(samples.len());
        let n = (length - skipped).min(samples.len() - first);
        row[..skipped].fill(0.0);
        row[skipped + n..length].fill(0.0);
        let inside = samples[first..first + n]
            .iter()
            .zip(&self.window[skipped..]);
        for (slot, (x, w)) in row[skipped..].iter_mut().zip(inside) {
            *slot = x * w;
        }
    }

    /// Adds a frame under the window, and the square of the window.
    #[inline(always)]
    fn add(&self, frame: usize, row: &[f32], sum: &mut [f32], squares: Option<&mut [f32]>) {
        let start = (frame * self.hop_length) as isize - (self.window.len() / 2) as isize;
        let skipped = start.min(0).unsigned_abs().min(self.window.len());
        let first = start.max(0).unsigned_abs().min(sum.len());
        let window = &self.window[skipped..];
        for ((sum, x), w) in sum[first..].iter_mut().zip(&row[skipped..]).zip(window) {
            *sum += x * w;
        }
        if let Some(squares) = squares {
            let first = first.min(squares.len());
            for (square, w) in squares[first..].iter_mut().zip(window) {
                *square += w * w;
            }
        }
    }
}

impl LockedScratch {
    /// Turns one frame of all channels so that it goes on from the last.
    #[inline(always)]
    fn lock(&mut self, lane: usize, is_first: bool, n_channels: usize) {
        if is_first {
            return;
        }
        self.find_power(lane, n_channels);
        find_parts(&self.power, &mut self.is_peak, &mut self.ends);
        let [product_re, product_im] = &mut self.product;
        product_re.fill(0.0);
        product_im.fill(0.0);
        for voice in &self.voices[..n_channels] {
            let [last_re, last_im] = match lane {
                0 => [&voice.last[0][..], &voice.last[1]],
                lane => [voice.now[0].row(lane - 1), voice.now[1].row(lane - 1)],
            };
            let last = last_re.iter().zip(last_im);
            let before = voice.before[0]
                .row(lane)
                .iter()
                .zip(voice.before[1].row(lane));
            let products = product_re.iter_mut().zip(&mut *product_im);
            for (((re, im), (a_re, a_im)), (b_re, b_im)) in products.zip(last).zip(before) {
                *re += a_re * b_re + a_im * b_im;
                *im += a_im * b_re - a_re * b_im;
            }
        }
        // Parts are short and of any length, so loops over each would end in surprises for the processor. A part's sum is the
        // difference of two sums from the first bin on; double precision leaves 7 digits to one 90 dB under the strongest.
        let mut sum = [0.0; 2];
        for ((slot, &re), &im) in self.sums[1..]
            .iter_mut()
            .zip(&*product_re)
            .zip(&*product_im)
        {
            sum = [sum[0] + f64::from(re), sum[1] + f64::from(im)];
            *slot = sum;
        }
        let [ahead_re, ahead_im] = &mut self.ahead;
        let mut start = 0;
        for &end in &self.ends {
            let (from, to) = (self.sums[start], self.sums[end]);
            let (re, im) = (to[0] - from[0], to[1] - from[1]);
            let size = (re * re + im * im).sqrt();
            // Where nothing can be compared nothing is turned.
            let (re, im) = if size > 0.0 {
                ((re / size) as f32, (im / size) as f32)
            } else {
                (1.0, 0.0)
            };
            // Whole groups: what is written beyond the end is overwritten by the next part.
            for at in (start..end).step_by(LANES) {
                ahead_re[at..at + LANES].fill(re);
                ahead_im[at..at + LANES].fill(im);
            }
            start = end;
        }
        let n_bins = self.is_peak.len();
        for voice in &mut self.voices[..n_channels] {
            let [re, im] = &mut voice.now;
            let ahead = ahead_re.iter().zip(&*ahead_im);
            for ((re, im), (c, s)) in re
                .row_mut(lane)
                .iter_mut()
                .zip(im.row_mut(lane))
                .zip(ahead)
                .take(n_bins)
            {
                (*re, *im) = (*re * c - *im * s, *re * s + *im * c);
            }
        }
    }

    /// Sums the power of a frame over all channels.
    #[inline(always)]
    fn find_power(&mut self, lane: usize, n_channels: usize) {
        let n = self.is_peak.len();
        let power = &mut self.power[2..n + 2];
        power.fill(0.0);
        for voice in &self.voices[..n_channels] {
            for ((power, re), im) in power
                .iter_mut()
                .zip(voice.now[0].row(lane))
                .zip(voice.now[1].row(lane))
            {
                *power += re * re + im * im;
            }
        }
    }
}

/// Finds the bins that exceed the two on either side, and divides all bins among them at the weakest between two: `ends` are
/// those of the parts. Bins without any peak are one part. `padded` has two values more at either end.
#[inline(always)]
fn find_parts(padded: &[f32], is_peak: &mut [u8], ends: &mut Vec<usize>) {
    let n = is_peak.len();
    let (a, b, p) = (&padded[..n], &padded[1..n + 1], &padded[2..n + 2]);
    let (c, d) = (&padded[3..n + 3], &padded[4..n + 4]);
    for (k, is_peak) in is_peak.iter_mut().enumerate() {
        // A plateau belongs to its first bin.
        *is_peak = u8::from((p[k] > a[k]) & (p[k] > b[k]) & (p[k] >= c[k]) & (p[k] >= d[k]));
    }
    // Without a branch, for peaks come as they please: every step writes what would be the next end, and only a peak that has
    // one before it makes that final.
    ends.resize(n + 1, 0);
    let (mut n_ends, mut seen, mut least, mut weakest) = (0, 0, f32::INFINITY, 0);
    for (k, (&is_peak, &power)) in is_peak.iter().zip(p).enumerate() {
        let is_peak = is_peak != 0;
        ends[n_ends] = weakest;
        n_ends += usize::from(is_peak) & seen;
        seen |= usize::from(is_peak);
        weakest = if power < least { k } else { weakest };
        least = if power < least { power } else { least };
        least = if is_peak { f32::INFINITY } else { least };
    }
    ends[n_ends] = n;
    ends.truncate(n_ends + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_divided_among_peaks() {
        for (power, want) in [
            (
                &[0.0, 1.0, 5.0, 1.0, 0.5, 0.7, 2.0, 9.0, 2.0][..],
                &[4, 9][..],
            ),
            (&[0.0; 4], &[4]),
            (&[3.0, 1.0], &[2]),
            (&[9.0, 1.0, 1.0, 7.0, 7.0, 2.0, 1.0, 3.0], &[1, 6, 8]),
        ] {
            let padded = [&[-1.0; 2][..], power, &[-1.0; 2]].concat();
            let (mut is_peak, mut ends) = (vec![0; power.len()], vec![77]);
            find_parts(&padded, &mut is_peak, &mut ends);
            assert_eq!(ends, want, "{power:?}");
        }
    }
}
