//! Short-time Fourier transform, frame by frame.

use super::deal::{Rows, deal};
use super::{Fft, FftScratch, LANES, LaneFft, Window};
use crate::Error;
use auricle_fft::num_complex::Complex32;
use std::ops::Range;

/// What stands before the first and behind the last sample of a centred transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// The signal mirrored, its edge sample not repeated.
    Reflect,
    /// Zeros.
    Zeros,
}

impl PadMode {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, PadMode); 2] =
        [("reflect", PadMode::Reflect), ("constant", PadMode::Zeros)];
}

/// Options of an [`Stft`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StftOptions {
    /// Size of the transform, samples.
    pub n_fft: usize,
    /// Length of the window, samples; it is centred in the frame.
    pub win_length: usize,
    /// Samples from frame to frame.
    pub hop_length: usize,
    /// Shape of the window.
    pub window: Window,
    /// Whether frame `t` is centred on sample `t * hop_length` instead of starting there.
    pub center: bool,
    /// What a centred transform sees beyond the ends.
    pub pad_mode: PadMode,
}

/// How frames are cut and prepared before they are transformed. The default is a frame as long as the transform, as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameOptions {
    /// How long a frame is.
    pub extent: FrameExtent,
    /// Whether the window is symmetric instead of periodic.
    pub symmetric_window: bool,
    /// Whether each frame's mean is subtracted from it.
    pub remove_dc: bool,
    /// `c` of `y[n] = x[n] - c x[n - 1]` in each frame, after its mean; the first sample stands for the one before it.
    pub preemphasis: f64,
}

/// How long a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameExtent {
    /// As long as the transform; a shorter window is centred in it.
    #[default]
    Transform,
    /// As long as the window; zeros follow up to the size of the transform.
    Window,
}

/// Samples after which addresses fall into the same line of the nearest cache again.
const PAGE: usize = 1024;

/// A short-time Fourier transform.
#[derive(Clone, Debug)]
pub struct Stft {
    options: StftOptions,
    frame: FrameOptions,
    /// As long as a frame.
    window: Vec<f32>,
    /// The same with a zero behind it where its length is odd.
    even_window: Vec<f32>,
    fft: Fft,
    /// The transform of frames side by side, for the sizes that have one.
    lanes: Option<LaneFft>,
}

/// What [`Stft::block`] leaves in its buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spectra {
    /// Bins in `re` and `im`.
    Complex,
    /// Squared magnitudes in `re`.
    Powers,
}

/// Number of frames of a signal of `n_samples`; 0 if it is shorter than a frame that is not centred.
pub fn n_frames(options: &StftOptions, n_samples: usize) -> usize {
    frames_of(options, options.n_fft, n_samples)
}

fn frames_of(options: &StftOptions, length: usize, n_samples: usize) -> usize {
    let padded = if options.center {
        n_samples + 2 * (length / 2)
    } else {
        n_samples
    };
    if padded < length {
        0
    } else {
        1 + (padded - length) / options.hop_length
    }
}

impl Stft {
    /// Checks the options and makes the window.
    ///
    /// # Errors
    /// [`Error::Range`] if a size is 0 or the window is longer than the transform.
    pub fn new(options: StftOptions) -> Result<Stft, Error> {
        Stft::with_frames(options, FrameOptions::default())
    }

    /// As [`Stft::new`], with frames of another kind.
    ///
    /// # Errors
    /// As [`Stft::new`].
    pub fn with_frames(options: StftOptions, frame: FrameOptions) -> Result<Stft, Error> {
        if options.n_fft == 0 {
            return Err(Error::range("n_fft", "at least 1", 0));
        }
        if options.hop_length == 0 {
            return Err(Error::range("hop_length", "at least 1", 0));
        }
        if options.win_length == 0 || options.win_length > options.n_fft {
            let want = format!("within 1..={} (`n_fft`)", options.n_fft);
            return Err(Error::range("win_length", want, options.win_length));
        }
        let (length, offset) = match frame.extent {
            FrameExtent::Transform => (options.n_fft, (options.n_fft - options.win_length) / 2),
            FrameExtent::Window => (options.win_length, 0),
        };
        let shape = match frame.symmetric_window {
            true => options.window.symmetric_samples(options.win_length),
            false => options.window.samples(options.win_length),
        };
        let mut window = vec![0.0; length];
        for (slot, sample) in window[offset..].iter_mut().zip(shape) {
            *slot = sample as f32;
        }
        let mut even_window = window.clone();
        even_window.resize(length.next_multiple_of(2), 0.0);
        Ok(Stft {
            options,
            frame,
            window,
            even_window,
            fft: Fft::new(options.n_fft),
            lanes: LaneFft::new(options.n_fft),
        })
    }

    /// The options it was made with.
    pub fn options(&self) -> &StftOptions {
        &self.options
    }

    /// Number of frequency bins, `n_fft / 2 + 1`.
    pub fn n_bins(&self) -> usize {
        self.options.n_fft / 2 + 1
    }

    /// Number of frames of a signal of `n_samples`; 0 if it is shorter than a frame that is not centred.
    pub fn n_frames(&self, n_samples: usize) -> usize {
        frames_of(&self.options, self.window.len(), n_samples)
    }

    /// Calls `visit` with the index and the spectrum of every frame in order.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the signal is too short for a frame, or to be mirrored.
    #[inline(always)]
    pub fn each_frame(
        &self,
        samples: &[f32],
        scratch: &mut FftScratch,
        mut visit: impl FnMut(usize, &[Complex32]),
    ) -> Result<(), Error> {
        let n_frames = self.checked_frames(samples.len())?;
        self.fft.prepare(scratch);
        for frame in 0..n_frames {
            // The transform leaves its input in disorder, so the zeros behind the frame are made anew.
            let (slots, rest) = scratch.input.split_at_mut(self.window.len());
            rest.fill(0.0);
            self.cut(samples, frame, slots);
            self.window(slots);
            self.fft.run(scratch);
            visit(frame, &scratch.output);
        }
        Ok(())
    }

    /// Transforms up to [`LANES`] frames side by side, from the frame `first` on, and returns their number. Lanes beyond that
    /// number hold nothing of use. `samples` are long enough: see [`Stft::checked_frames`].
    ///
    /// There is no closure in here, for one is compiled without the wide instructions that the caller may have asked for.
    #[inline(always)]
    pub fn block(
        &self,
        samples: &[f32],
        first: usize,
        spectra: Spectra,
        scratch: &mut FftScratch,
    ) -> usize {
        let count = LANES.min(self.n_frames(samples.len()) - first);
        let Some(fft) = &self.lanes else {
            self.one_by_one(samples, first..first + count, spectra, scratch);
            return count;
        };
        fft.prepare(&mut scratch.lanes);
        let (length, even) = (self.window.len(), self.even_window.len());
        // Rows a power of two apart would all fall into the same few lines of the cache.
        let stride = even + LANES;
        scratch.rows.resize(LANES * stride, 0.0);
        // So would frames that begin a page apart.
        let is_direct = even == length && !self.options.hop_length.is_multiple_of(PAGE);
        // A frame that is taken as it is need not be written anywhere before it is dealt.
        let mut direct = [false; LANES];
        for (lane, direct) in direct.iter_mut().enumerate().take(count) {
            *direct = is_direct && self.is_plain(samples, first + lane);
            if !*direct {
                let row = &mut scratch.rows[lane * stride..][..even];
                row[length..].fill(0.0);
                self.cut(samples, first + lane, &mut row[..length]);
            }
        }
        let mut rows: Rows<'_> = [&[]; LANES];
        for (lane, (row, direct)) in rows.iter_mut().zip(direct).enumerate() {
            *row = if direct {
                &samples[self.start(first + lane) as usize..][..even]
            } else {
                &scratch.rows[lane * stride..][..even]
            };
        }
        deal(&rows, &self.even_window, &mut scratch.lanes);
        match spectra {
            Spectra::Complex => fft.forward(&mut scratch.lanes),
            Spectra::Powers => fft.powers(&mut scratch.lanes),
        }
        count
    }

    /// Transforms frames of a size that cannot be transformed side by side.
    fn one_by_one(
        &self,
        samples: &[f32],
        frames: Range<usize>,
        spectra: Spectra,
        scratch: &mut FftScratch,
    ) {
        self.fft.prepare(scratch);
        scratch.lanes.prepare(self.n_bins());
        for (lane, frame) in frames.enumerate() {
            let (slots, rest) = scratch.input.split_at_mut(self.window.len());
            rest.fill(0.0);
            self.cut(samples, frame, slots);
            self.window(slots);
            self.fft.run(scratch);
            let (re, im) = (scratch.lanes.re.groups_mut(), scratch.lanes.im.groups_mut());
            for ((re, im), bin) in re.iter_mut().zip(im).zip(&scratch.output) {
                (re[lane], im[lane]) = match spectra {
                    Spectra::Complex => (bin.re, bin.im),
                    Spectra::Powers => (bin.norm_sqr(), 0.0),
                };
            }
        }
    }

    /// Number of frames of a signal of `n` samples, if it is long enough.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the signal is too short for a frame, or to be mirrored.
    pub fn checked_frames(&self, n: usize) -> Result<usize, Error> {
        let StftOptions {
            center, pad_mode, ..
        } = self.options;
        let length = self.window.len();
        let n_frames = self.n_frames(n);
        if n_frames == 0 || n == 0 {
            return Err(Error::Unusable(format!(
                "{n} samples are too few for a frame of {length}"
            )));
        }
        let pad = if center { length / 2 } else { 0 };
        if center && pad_mode == PadMode::Reflect && n <= pad {
            let advice = format!(
                "{n} samples are too few to be mirrored by {pad}: use `pad_mode: \"constant\"`"
            );
            return Err(Error::Unusable(advice));
        }
        Ok(n_frames)
    }

    /// Length of a frame, samples.
    pub fn frame_length(&self) -> usize {
        self.window.len()
    }

    /// Where the samples of all frames of a signal stand in it, frame after frame; nothing where a zero does.
    pub fn places(&self, n_samples: usize) -> Vec<Option<usize>> {
        let StftOptions {
            hop_length,
            center,
            pad_mode,
            ..
        } = self.options;
        let length = self.window.len();
        let before = if center { length / 2 } else { 0 } as isize;
        let starts =
            (0..self.n_frames(n_samples)).map(|frame| (frame * hop_length) as isize - before);
        let of_frame =
            |start: isize| (0..length as isize).map(move |i| place(n_samples, start + i, pad_mode));
        starts.flat_map(of_frame).collect()
    }

    /// What is done to a frame, as a matrix `[length, 2 bins]`: the real parts of the bins, then the imaginary ones, of a
    /// frame whose only sample is 1. All that happens to a frame before its magnitudes are taken is linear.
    pub fn matrix(&self) -> Vec<f32> {
        let alone = Stft {
            options: StftOptions {
                center: false,
                ..self.options
            },
            ..self.clone()
        };
        let (length, mut scratch) = (self.window.len(), FftScratch::default());
        let (mut impulse, mut matrix) = (vec![0.0; length], Vec::new());
        for at in 0..length {
            impulse[at] = 1.0;
            let done = alone.each_frame(&impulse, &mut scratch, |_, bins| {
                matrix.extend(bins.iter().map(|bin| bin.re));
                matrix.extend(bins.iter().map(|bin| bin.im));
            });
            done.expect("a frame is long enough for itself");
            impulse[at] = 0.0;
        }
        matrix
    }

    /// Where a frame begins.
    #[inline(always)]
    fn start(&self, frame: usize) -> isize {
        let before = match self.options.center {
            true => self.window.len() / 2,
            false => 0,
        };
        (frame * self.options.hop_length) as isize - before as isize
    }

    /// Whether a frame lies within the signal and is taken as it is.
    #[inline(always)]
    fn is_plain(&self, samples: &[f32], frame: usize) -> bool {
        let start = self.start(frame);
        let inside = start >= 0 && start as usize + self.window.len() <= samples.len();
        inside && !self.frame.remove_dc && self.frame.preemphasis == 0.0
    }

    /// Writes a frame, prepared.
    #[inline(always)]
    fn cut(&self, samples: &[f32], frame: usize, slots: &mut [f32]) {
        let (start, length) = (self.start(frame), self.window.len());
        if start >= 0 && start as usize + length <= samples.len() {
            slots.copy_from_slice(&samples[start as usize..start as usize + length]);
        } else {
            for (i, slot) in slots.iter_mut().enumerate() {
                *slot = beyond(samples, start + i as isize, self.options.pad_mode);
            }
        }
        self.frame.prepare(slots);
    }

    /// Puts a frame under its window.
    #[inline(always)]
    fn window(&self, slots: &mut [f32]) {
        for (slot, w) in slots.iter_mut().zip(&self.window) {
            *slot *= w;
        }
    }
}

impl FrameOptions {
    #[inline(always)]
    fn prepare(&self, frame: &mut [f32]) {
        if self.remove_dc {
            let mean = (sum(frame) / frame.len() as f64) as f32;
            for x in frame.iter_mut() {
                *x -= mean;
            }
        }
        if self.preemphasis != 0.0 {
            let c = self.preemphasis as f32;
            let mut last = frame[0];
            for x in frame {
                (*x, last) = (*x - c * last, *x);
            }
        }
    }
}

/// A sum in double precision over eight independent accumulators, which the compiler keeps in vector registers.
#[inline(always)]
fn sum(values: &[f32]) -> f64 {
    let mut sums = [0.0f64; 8];
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        for i in 0..8 {
            sums[i] += f64::from(eight[i]);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum += f64::from(x);
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
}

/// The sample at a position that may lie outside the signal.
fn beyond(samples: &[f32], position: isize, mode: PadMode) -> f32 {
    place(samples.len(), position, mode).map_or(0.0, |at| samples[at])
}

/// Where what stands at a position of an extended signal of `n` samples is taken from; nothing if it is a zero.
#[inline(always)]
fn place(n: usize, position: isize, mode: PadMode) -> Option<usize> {
    let n = n as isize;
    let position = match mode {
        PadMode::Reflect if position < 0 => -position,
        PadMode::Reflect if position >= n => 2 * (n - 1) - position,
        _ => position,
    };
    (0..n).contains(&position).then_some(position as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> StftOptions {
        StftOptions {
            n_fft: 16,
            win_length: 16,
            hop_length: 4,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Reflect,
        }
    }

    #[test]
    fn frames_agree_with_the_definition() {
        let samples: Vec<f32> = (0..50)
            .map(|i| (i as f32 * 0.7).sin() + 0.1 * i as f32)
            .collect();
        for (center, pad_mode, win_length) in [
            (true, PadMode::Reflect, 16),
            (true, PadMode::Zeros, 12),
            (false, PadMode::Zeros, 16),
        ] {
            let options = StftOptions {
                center,
                pad_mode,
                win_length,
                ..options()
            };
            let stft = Stft::new(options).unwrap();
            let window = options.window.samples(win_length);
            let mut seen = 0;
            stft.each_frame(&samples, &mut FftScratch::default(), |frame, spectrum| {
                seen += 1;
                for (k, value) in spectrum.iter().enumerate() {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (i, weight) in window.iter().enumerate() {
                        let at = i + (16 - win_length) / 2;
                        let start = (frame * 4) as isize - if center { 8 } else { 0 };
                        let x = f64::from(beyond(&samples, start + at as isize, pad_mode)) * weight;
                        let angle = -std::f64::consts::TAU * (k * at) as f64 / 16.0;
                        re += x * angle.cos();
                        im += x * angle.sin();
                    }
                    assert!(
                        (f64::from(value.re) - re).abs() < 1e-4
                            && (f64::from(value.im) - im).abs() < 1e-4
                    );
                }
            })
            .unwrap();
            assert_eq!(seen, n_frames(&options, samples.len()));
        }
    }

    #[test]
    fn blocks_hold_what_frames_do() {
        let samples: Vec<f32> = (0..150)
            .map(|i| (i as f32 * 0.7).sin() + 0.01 * i as f32)
            .collect();
        let frame = FrameOptions {
            remove_dc: true,
            preemphasis: 0.9,
            ..FrameOptions::default()
        };
        for (n_fft, frame) in [
            (16, FrameOptions::default()),
            (20, frame),
            (22, frame),
            (17, FrameOptions::default()),
        ] {
            let stft = Stft::with_frames(StftOptions { n_fft, ..options() }, frame).unwrap();
            let (mut one, mut complex, mut powers) =
                (vec![], FftScratch::default(), FftScratch::default());
            stft.each_frame(&samples, &mut FftScratch::default(), |_, spectrum| {
                one.push(spectrum.to_vec())
            })
            .unwrap();
            let n_frames = stft.checked_frames(samples.len()).unwrap();
            assert_eq!(n_frames, one.len());
            for first in (0..n_frames).step_by(LANES) {
                let count = stft.block(&samples, first, Spectra::Complex, &mut complex);
                assert_eq!(
                    stft.block(&samples, first, Spectra::Powers, &mut powers),
                    count
                );
                assert_eq!(count, LANES.min(n_frames - first));
                for (lane, spectrum) in one[first..first + count].iter().enumerate() {
                    for (k, bin) in spectrum.iter().enumerate() {
                        let (re, im) = (
                            complex.lanes.re.groups()[k][lane],
                            complex.lanes.im.groups()[k][lane],
                        );
                        assert!(
                            (re - bin.re).hypot(im - bin.im) < 1e-5,
                            "{n_fft}: bin {k} of frame {first} + {lane}"
                        );
                        let power = powers.lanes.re.groups()[k][lane];
                        assert!(
                            (power - bin.norm_sqr()).abs() < 1e-4,
                            "{n_fft}: power of bin {k}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn frames_of_the_window_are_prepared_and_followed_by_zeros() {
        let samples: Vec<f32> = (0..31).map(|i| (i as f32 * 0.9).cos() + 2.0).collect();
        let options = StftOptions {
            win_length: 10,
            center: false,
            pad_mode: PadMode::Zeros,
            ..options()
        };
        let frame = FrameOptions {
            extent: FrameExtent::Window,
            symmetric_window: true,
            remove_dc: true,
            preemphasis: 0.97,
        };
        let stft = Stft::with_frames(options, frame).unwrap();
        assert_eq!(
            (stft.n_frames(9), stft.n_frames(10), stft.n_frames(31)),
            (0, 1, 6)
        );
        let window = Window::Hann.symmetric_samples(10);
        stft.each_frame(&samples, &mut FftScratch::default(), |frame, spectrum| {
            let part: Vec<f64> = samples[frame * 4..frame * 4 + 10]
                .iter()
                .map(|&x| f64::from(x))
                .collect();
            let mean = part.iter().sum::<f64>() / 10.0;
            let sharp = |i: usize| (part[i] - mean) - 0.97 * (part[i.saturating_sub(1)] - mean);
            for (k, value) in spectrum.iter().enumerate() {
                let angle = |i: usize| -std::f64::consts::TAU * (k * i) as f64 / 16.0;
                let re: f64 = (0..10).map(|i| sharp(i) * window[i] * angle(i).cos()).sum();
                let im: f64 = (0..10).map(|i| sharp(i) * window[i] * angle(i).sin()).sum();
                assert!(
                    (f64::from(value.re) - re).abs() < 1e-5
                        && (f64::from(value.im) - im).abs() < 1e-5
                );
            }
        })
        .unwrap();
    }

    #[test]
    fn sizes_that_cannot_work_are_errors() {
        let refused = |change: fn(&mut StftOptions)| {
            let mut options = options();
            change(&mut options);
            Stft::new(options).is_err()
        };
        assert!(
            refused(|o| o.hop_length = 0)
                && refused(|o| o.n_fft = 0)
                && refused(|o| o.win_length = 17)
        );
        let stft = Stft::new(options()).unwrap();
        assert!(
            stft.each_frame(&[0.0; 8], &mut FftScratch::default(), |_, _| ())
                .is_err()
        );
        assert!(
            stft.each_frame(&[0.0; 9], &mut FftScratch::default(), |_, _| ())
                .is_ok()
        );
        assert!(
            stft.each_frame(&[], &mut FftScratch::default(), |_, _| ())
                .is_err()
        );
    }
}
