//! The phase vocoder whose bins turn together around spectral peaks.

use super::phase_lock::{PhaseLock, Voice};
use super::row_fft::{RowFft, RowScratch, Rows};
use super::{LANES, Window};
use pulp::{Arch, Simd, WithSimd};

/// A phase vocoder with identity locking: see [`Vocoder`](super::Vocoder).
///
/// Its transforms are in single precision and taken sixteen frames at a time; what goes from frame
/// to frame are rotations by numbers of magnitude 1, which add up to no more than the rounding of
/// each.
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
    lock: PhaseLock,
    /// One for each channel.
    voices: Vec<Voice>,
    /// Sum of the squares of the windows over each sample of the result, up to where it repeats
    /// itself.
    squares: Vec<f32>,
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

    /// Stretches planar samples of `n_channels`, at least one each, into as many channels of `out`,
    /// which holds zeros.
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
            scratch.lock.turn(&mut scratch.voices[..n_channels], count);
            for channel in 0..n_channels {
                let [re, im] = &mut scratch.voices[channel].now;
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
        scratch.lock.begin(n_bins);
        let most = n_channels.max(scratch.voices.len());
        scratch.voices.resize_with(most, Voice::default);
        for voice in &mut scratch.voices[..n_channels] {
            voice.prepare(n_bins);
        }
        scratch.squares.clear();
        scratch
            .squares
            .resize(length.min(self.edge() + self.hop_length), 0.0);
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
