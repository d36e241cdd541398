//! The phase vocoder whose bins turn together around spectral peaks.

use super::Window;
use super::lined::Lined;
use super::phase_lock::{Bins, PhaseLock};
use auricle_fft::num_complex::Complex32;
use auricle_fft::{Fft, Planner};
use pulp::{Arch, Simd, WithSimd};
use std::cell::RefCell;
use std::sync::Arc;

/// A phase vocoder with identity locking: see [`Vocoder`](super::Vocoder).
///
/// Its transforms are in single precision; what goes from frame to frame are rotations by numbers
/// of magnitude 1, which add up to no more than the rounding of each. A frame and the one a hop
/// before it share a transform as its real and its imaginary part, and so do two frames on their
/// way back.
#[derive(Clone)]
pub(super) struct LockedVocoder {
    hop_length: usize,
    window: Vec<f32>,
    /// The window over the scale of a transform there and back.
    window_back: Vec<f32>,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

/// Buffers of a [`LockedVocoder`].
#[derive(Default)]
pub(super) struct LockedScratch {
    both: Lined<Complex32>,
    work: Lined<Complex32>,
    lock: PhaseLock,
    /// For each channel an even and an odd frame, read and then turned.
    voices: Vec<[Bins; 2]>,
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
        thread_local! {
            static PLANNER: RefCell<Planner> = RefCell::new(Planner::new());
        }
        let (forward, inverse) =
            PLANNER.with_borrow_mut(|planner| (planner.forward(n_fft), planner.inverse(n_fft)));
        let window = Window::Hann.samples(n_fft);
        let narrow = |scale: f64| window.iter().map(|w| (w * scale) as f32).collect();
        LockedVocoder {
            hop_length,
            window: narrow(1.0),
            window_back: narrow(1.0 / n_fft as f64),
            forward,
            inverse,
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
        let LockedScratch {
            both,
            work,
            lock,
            voices,
            squares,
        } = scratch;
        let voices = &mut voices[..n_channels];
        let n_frames = (length + self.window.len() / 2).div_ceil(self.hop_length);
        for frame in 0..n_frames {
            let center = (frame as f64 * rate * self.hop_length as f64).round() as isize;
            let is_odd = frame % 2 == 1;
            for (index, [even, odd]) in voices.iter_mut().enumerate() {
                let channel = &samples[index * n..][..n];
                let (last, now) = if is_odd { (even, odd) } else { (odd, even) };
                self.read(channel, center, both);
                self.forward.process_with_scratch(both, work);
                match index {
                    0 => lock.take::<true>(both, last, now),
                    _ => lock.take::<false>(both, last, now),
                }
            }
            lock.follow();
            for [even, odd] in &mut *voices {
                lock.turn(if is_odd { odd } else { even });
            }
            if is_odd || frame + 1 == n_frames {
                let first = frame - usize::from(is_odd);
                for ([even, odd], sum) in voices.iter_mut().zip(out.chunks_exact_mut(length)) {
                    if !is_odd {
                        odd.begin(even.re.len());
                    }
                    join(even, odd, both);
                    self.inverse.process_with_scratch(both, work);
                    self.add(first, both, |z| z.re, sum);
                    if is_odd {
                        self.add(frame, both, |z| z.im, sum);
                    }
                }
            }
        }
        for frame in 0..n_frames {
            let start = self.start(frame, squares);
            if start.1 == squares.len() {
                break;
            }
            for (square, w) in squares[start.1..].iter_mut().zip(&self.window[start.0..]) {
                *square += w * w;
            }
        }
        let largest = squares.iter().fold(0.0f32, |m, &s| m.max(s));
        for square in &mut *squares {
            *square = if *square > UNCOVERED * largest {
                1.0 / *square
            } else {
                0.0
            };
        }
        let edge = self.edge().min(length);
        for channel in out.chunks_exact_mut(length) {
            let (first, rest) = channel.split_at_mut(edge);
            scale(first, squares);
            for part in rest.chunks_mut(self.hop_length) {
                scale(part, &squares[edge..]);
            }
        }
    }

    /// Samples of the result after which frames begin at all places a hop apart: from there on the
    /// sum of the squares of their windows comes again after every hop, sample by sample.
    fn edge(&self) -> usize {
        self.window.len() - self.window.len() / 2
    }

    fn begin(&self, n_channels: usize, length: usize, scratch: &mut LockedScratch) {
        let (n_fft, n_bins) = (self.window.len(), self.window.len() / 2 + 1);
        let n_work = self
            .forward
            .get_inplace_scratch_len()
            .max(self.inverse.get_inplace_scratch_len());
        scratch.both.resize(n_fft);
        scratch.work.resize(n_work);
        scratch.lock.begin(n_bins);
        let most = n_channels.max(scratch.voices.len());
        scratch.voices.resize_with(most, Default::default);
        for voice in scratch.voices[..n_channels].iter_mut().flatten() {
            voice.begin(n_bins);
        }
        scratch.squares.clear();
        scratch
            .squares
            .resize(length.min(self.edge() + self.hop_length), 0.0);
    }

    /// The frame that is centred on a sample and, as imaginary parts, the one a hop before it,
    /// under the window; zeros stand outside the sound.
    #[inline(always)]
    fn read(&self, samples: &[f32], center: isize, both: &mut [Complex32]) {
        let (length, hop) = (self.window.len(), self.hop_length);
        let start = center - (length / 2) as isize - hop as isize;
        let inside = usize::try_from(start)
            .ok()
            .and_then(|start| samples.get(start..start + hop + length));
        if let Some(part) = inside {
            let pairs = part[hop..].iter().zip(part).zip(&self.window);
            for (z, ((now, earlier), w)) in both.iter_mut().zip(pairs) {
                *z = Complex32::new(now * w, earlier * w);
            }
        } else {
            let at = |i: isize| {
                let index = usize::try_from(i).ok();
                index.and_then(|i| samples.get(i)).copied().unwrap_or(0.0)
            };
            for (i, (z, w)) in (start..).zip(both.iter_mut().zip(&self.window)) {
                *z = Complex32::new(w * at(i + hop as isize), w * at(i));
            }
        }
    }

    /// Where a frame begins, and which sample of `sum` that is.
    #[inline(always)]
    fn start(&self, frame: usize, sum: &[f32]) -> (usize, usize) {
        let start = (frame * self.hop_length) as isize - (self.window.len() / 2) as isize;
        (
            start.min(0).unsigned_abs().min(self.window.len()),
            start.max(0).unsigned_abs().min(sum.len()),
        )
    }

    /// Adds a frame, a part of what was transformed, under the window.
    #[inline(always)]
    fn add(
        &self,
        frame: usize,
        both: &[Complex32],
        part: impl Fn(&Complex32) -> f32,
        sum: &mut [f32],
    ) {
        let (skipped, first) = self.start(frame, sum);
        let frame = both[skipped..].iter().zip(&self.window_back[skipped..]);
        for (sum, (z, w)) in sum[first..].iter_mut().zip(frame) {
            *sum += part(z) * w;
        }
    }
}

/// The spectrum of `even + i odd` from those of the two real frames.
#[inline(always)]
fn join(even: &Bins, odd: &Bins, both: &mut [Complex32]) {
    let n = both.len();
    let inner = (n - 1) / 2;
    let (low, high) = both.split_at_mut(n - inner);
    let (low, high) = (&mut low[1..=inner], &mut high[..inner]);
    let (even_re, even_im) = (&even.re[1..=inner], &even.im[1..=inner]);
    let (odd_re, odd_im) = (&odd.re[1..=inner], &odd.im[1..=inner]);
    for k in 0..inner {
        low[k] = Complex32::new(even_re[k] - odd_im[k], even_im[k] + odd_re[k]);
    }
    for k in 0..inner {
        high[inner - 1 - k] = Complex32::new(even_re[k] + odd_im[k], odd_re[k] - even_im[k]);
    }
    // These are their own mirror images; real frames have no imaginary parts there.
    for k in [0, n / 2].into_iter().filter(|k| 2 * k % n == 0) {
        both[k] = Complex32::new(even.re[k], odd.re[k]);
    }
}

#[inline(always)]
fn scale(samples: &mut [f32], by: &[f32]) {
    for (x, by) in samples.iter_mut().zip(by) {
        *x *= by;
    }
}

impl std::fmt::Debug for LockedVocoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LockedVocoder({})", self.window.len())
    }
}
