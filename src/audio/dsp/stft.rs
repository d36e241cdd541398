//! Short-time Fourier transform, frame by frame.

use super::{Fft, FftScratch, Window};
use crate::Error;
use realfft::num_complex::Complex32;

/// What stands before the first and behind the last sample of a centred transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// The signal mirrored, its edge sample not repeated.
    Reflect,
    /// Zeros.
    Zeros,
}

impl PadMode {
    /// The names by which a script asks for a mode, in the order of [`PadMode::ALL`].
    pub const NAMES: [&'static str; 2] = ["reflect", "constant"];
    /// Every mode.
    pub const ALL: [PadMode; 2] = [PadMode::Reflect, PadMode::Zeros];
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

/// A short-time Fourier transform.
#[derive(Clone, Debug)]
pub struct Stft {
    options: StftOptions,
    frame: FrameOptions,
    /// As long as a frame.
    window: Vec<f32>,
    fft: Fft,
}

/// Number of frames of a signal of `n_samples`; 0 if it is shorter than a frame that is not centred.
pub fn n_frames(options: &StftOptions, n_samples: usize) -> usize {
    frames_of(options, options.n_fft, n_samples)
}

fn frames_of(options: &StftOptions, length: usize, n_samples: usize) -> usize {
    let padded = if options.center { n_samples + 2 * (length / 2) } else { n_samples };
    if padded < length { 0 } else { 1 + (padded - length) / options.hop_length }
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
        Ok(Stft { options, frame, window, fft: Fft::new(options.n_fft) })
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
        let StftOptions { hop_length, center, pad_mode, .. } = self.options;
        let n = samples.len();
        let length = self.window.len();
        let pad = if center { length / 2 } else { 0 };
        let n_frames = self.n_frames(n);
        if n_frames == 0 || n == 0 {
            return Err(Error::Unusable(format!("{n} samples are too few for a frame of {length}")));
        }
        if center && pad_mode == PadMode::Reflect && n <= pad {
            let advice = format!("{n} samples are too few to be mirrored by {pad}: use `pad_mode: \"constant\"`");
            return Err(Error::Unusable(advice));
        }
        self.fft.prepare(scratch);
        let prepared = self.frame.remove_dc || self.frame.preemphasis != 0.0;
        for frame in 0..n_frames {
            let start = (frame * hop_length) as isize - pad as isize;
            let inside = start >= 0 && start as usize + length <= n;
            // The transform leaves its input in disorder, so the zeros behind the frame are made anew.
            let (slots, rest) = scratch.input.split_at_mut(length);
            rest.fill(0.0);
            if inside && !prepared {
                let part = &samples[start as usize..start as usize + length];
                for ((slot, x), w) in slots.iter_mut().zip(part).zip(&self.window) {
                    *slot = x * w;
                }
            } else {
                if inside {
                    slots.copy_from_slice(&samples[start as usize..start as usize + length]);
                } else {
                    for (i, slot) in slots.iter_mut().enumerate() {
                        *slot = beyond(samples, start + i as isize, pad_mode);
                    }
                }
                self.frame.prepare(slots);
                slots.iter_mut().zip(&self.window).for_each(|(slot, w)| *slot *= w);
            }
            self.fft.run(scratch);
            visit(frame, &scratch.output);
        }
        Ok(())
    }
}

impl FrameOptions {
    fn prepare(&self, frame: &mut [f32]) {
        if self.remove_dc {
            let mean = (sum(frame) / frame.len() as f64) as f32;
            frame.iter_mut().for_each(|x| *x -= mean);
        }
        if self.preemphasis != 0.0 {
            let c = self.preemphasis as f32;
            for i in (1..frame.len()).rev() {
                frame[i] -= c * frame[i - 1];
            }
            frame[0] -= c * frame[0];
        }
    }
}

/// A sum in double precision over four independent accumulators, which the compiler keeps in vector registers.
fn sum(values: &[f32]) -> f64 {
    let mut sums = [0.0f64; 4];
    let fours = values.chunks_exact(4);
    let tail: f64 = fours.remainder().iter().map(|&x| f64::from(x)).sum();
    for four in fours {
        sums.iter_mut().zip(four).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    sums.iter().sum::<f64>() + tail
}

/// The sample at a position that may lie outside the signal.
fn beyond(samples: &[f32], position: isize, mode: PadMode) -> f32 {
    let n = samples.len() as isize;
    let position = match mode {
        PadMode::Reflect if position < 0 => -position,
        PadMode::Reflect if position >= n => 2 * (n - 1) - position,
        _ => position,
    };
    if (0..n).contains(&position) { samples[position as usize] } else { 0.0 }
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
        let samples: Vec<f32> = (0..50).map(|i| (i as f32 * 0.7).sin() + 0.1 * i as f32).collect();
        for (center, pad_mode, win_length) in
            [(true, PadMode::Reflect, 16), (true, PadMode::Zeros, 12), (false, PadMode::Zeros, 16)]
        {
            let options = StftOptions { center, pad_mode, win_length, ..options() };
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
                    assert!((f64::from(value.re) - re).abs() < 1e-4 && (f64::from(value.im) - im).abs() < 1e-4);
                }
            })
            .unwrap();
            assert_eq!(seen, n_frames(&options, samples.len()));
        }
    }

    #[test]
    fn frames_of_the_window_are_prepared_and_followed_by_zeros() {
        let samples: Vec<f32> = (0..31).map(|i| (i as f32 * 0.9).cos() + 2.0).collect();
        let options = StftOptions { win_length: 10, center: false, pad_mode: PadMode::Zeros, ..options() };
        let frame =
            FrameOptions { extent: FrameExtent::Window, symmetric_window: true, remove_dc: true, preemphasis: 0.97 };
        let stft = Stft::with_frames(options, frame).unwrap();
        assert_eq!((stft.n_frames(9), stft.n_frames(10), stft.n_frames(31)), (0, 1, 6));
        let window = Window::Hann.symmetric_samples(10);
        stft.each_frame(&samples, &mut FftScratch::default(), |frame, spectrum| {
            let part: Vec<f64> = samples[frame * 4..frame * 4 + 10].iter().map(|&x| f64::from(x)).collect();
            let mean = part.iter().sum::<f64>() / 10.0;
            let sharp = |i: usize| (part[i] - mean) - 0.97 * (part[i.saturating_sub(1)] - mean);
            for (k, value) in spectrum.iter().enumerate() {
                let angle = |i: usize| -std::f64::consts::TAU * (k * i) as f64 / 16.0;
                let re: f64 = (0..10).map(|i| sharp(i) * window[i] * angle(i).cos()).sum();
                let im: f64 = (0..10).map(|i| sharp(i) * window[i] * angle(i).sin()).sum();
                assert!((f64::from(value.re) - re).abs() < 1e-5 && (f64::from(value.im) - im).abs() < 1e-5);
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
        assert!(refused(|o| o.hop_length = 0) && refused(|o| o.n_fft = 0) && refused(|o| o.win_length = 17));
        let stft = Stft::new(options()).unwrap();
        assert!(stft.each_frame(&[0.0; 8], &mut FftScratch::default(), |_, _| ()).is_err());
        assert!(stft.each_frame(&[0.0; 9], &mut FftScratch::default(), |_, _| ()).is_ok());
        assert!(stft.each_frame(&[], &mut FftScratch::default(), |_, _| ()).is_err());
    }
}
