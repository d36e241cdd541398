//! Inverse short-time Fourier transform by overlapping and adding.

use super::{FftPair, PairScratch, Stft, StftOptions};
use crate::Error;
use auricle_fft::num_complex::Complex64;

/// Share of the largest window-square sum below which a sample counts as not covered by any frame. It lies far under
/// the square of a window's smallest true sample and far above that of one which is only zero up to rounding.
const UNCOVERED: f64 = 1e-20;

/// An inverse short-time Fourier transform.
///
/// `y[n] = sum_t w[n - tH] x_t[n - tH] / sum_t w[n - tH]^2`, with `x_t` the inverse transform of frame `t`: of all signals
/// the one whose transform is nearest to the frames in the least-squares sense (Griffin and Lim, "Signal estimation from
/// modified short-time Fourier transform", 1984, eq. 6). What a centred transform put before the first sample is cut off.
#[derive(Clone, Debug)]
pub struct Istft {
    hop_length: usize,
    pad: usize,
    window: Vec<f64>,
    fft: FftPair,
}

/// Buffers of an [`Istft`], kept by the caller so that no clip allocates.
#[derive(Default)]
pub struct IstftScratch {
    fft: PairScratch,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

impl Istft {
    /// Checks the options and makes the window.
    ///
    /// # Errors
    /// As [`Stft::new`].
    pub fn new(options: StftOptions) -> Result<Istft, Error> {
        Stft::new(options)?;
        Ok(Istft {
            hop_length: options.hop_length,
            pad: if options.center { options.n_fft / 2 } else { 0 },
            window: centered_window(&options),
            fft: FftPair::new(options.n_fft),
        })
    }

    /// Size of the transform, samples.
    pub fn n_fft(&self) -> usize {
        self.window.len()
    }

    /// The window, as long as the transform.
    pub fn window(&self) -> &[f64] {
        &self.window
    }

    /// The transform below.
    pub fn fft(&self) -> &FftPair {
        &self.fft
    }

    /// Number of samples that `n_frames` frames cover.
    pub fn n_samples(&self, n_frames: usize) -> usize {
        match n_frames {
            0 => 0,
            n => ((n - 1) * self.hop_length + self.n_fft()).saturating_sub(2 * self.pad),
        }
    }

    /// Number of frames that reach into a signal of `length` samples.
    pub fn n_frames(&self, length: usize) -> usize {
        if length == 0 {
            0
        } else {
            (length + self.pad).div_ceil(self.hop_length)
        }
    }

    /// Begins a signal of `length` samples.
    pub fn begin(&self, length: usize, scratch: &mut IstftScratch) {
        self.fft.prepare(&mut scratch.fft);
        for buffer in [&mut scratch.sum, &mut scratch.squares] {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
    }

    /// Adds the frame of an index, after [`Istft::begin`].
    pub fn add(
        &self,
        frame: usize,
        spectrum: impl IntoIterator<Item = Complex64>,
        scratch: &mut IstftScratch,
    ) {
        let IstftScratch { fft, sum, squares } = scratch;
        for (slot, bin) in fft.spectrum.iter_mut().zip(spectrum) {
            *slot = bin;
        }
        self.fft.inverse(fft);
        // Where the frame's first sample stands in the signal; the part outside is dropped.
        let start = (frame * self.hop_length) as isize - self.pad as isize;
        let skipped = start.min(0).unsigned_abs().min(self.window.len());
        let first = start.max(0).unsigned_abs().min(sum.len());
        let frame = fft.time[skipped..].iter().zip(&self.window[skipped..]);
        for ((sum, square), (x, w)) in sum[first..]
            .iter_mut()
            .zip(&mut squares[first..])
            .zip(frame)
        {
            *sum += x * w;
            *square += w * w;
        }
    }

    /// Adds the frame of an index from magnitudes and phases in radians, after [`Istft::begin`].
    pub fn add_polar(
        &self,
        frame: usize,
        bins: impl IntoIterator<Item = (f64, f64)>,
        scratch: &mut IstftScratch,
    ) {
        let complex = |(magnitude, phase)| {
            let (sin, cos) = libm::sincos(phase);
            Complex64::new(magnitude * cos, magnitude * sin)
        };
        self.add(frame, bins.into_iter().map(complex), scratch);
    }

    /// Gives the signal, after all frames were added. Samples that no frame covers are 0.
    pub fn finish(&self, scratch: &IstftScratch, mut put: impl FnMut(usize, f32)) {
        let floor = UNCOVERED * scratch.squares.iter().fold(0.0f64, |m, &v| m.max(v));
        for (i, (sum, square)) in scratch.sum.iter().zip(&scratch.squares).enumerate() {
            put(
                i,
                if *square > floor {
                    (sum / square) as f32
                } else {
                    0.0
                },
            );
        }
    }
}

/// The window in the middle of the frame, in double precision.
fn centered_window(options: &StftOptions) -> Vec<f64> {
    let offset = (options.n_fft - options.win_length) / 2;
    let mut window = vec![0.0; options.n_fft];
    window[offset..offset + options.win_length]
        .copy_from_slice(&options.window.samples(options.win_length));
    window
}

#[cfg(test)]
mod tests {
    use super::super::{FftScratch, PadMode, Window};
    use super::*;

    #[test]
    fn the_inverse_of_a_transform_is_the_signal() {
        let samples: Vec<f32> = (0..500)
            .map(|i| (i as f32 * 0.37).sin() + 0.3 * (i as f32 * 1.9).cos())
            .collect();
        for (n_fft, win_length, hop_length, window, pad_mode) in [
            (64, 64, 16, Window::Hann, PadMode::Zeros),
            (64, 48, 12, Window::Hamming, PadMode::Reflect),
            (63, 63, 20, Window::Blackman, PadMode::Zeros),
            (32, 32, 20, Window::Rectangular, PadMode::Reflect),
        ] {
            let options = StftOptions {
                n_fft,
                win_length,
                hop_length,
                window,
                center: true,
                pad_mode,
            };
            let (stft, istft) = (Stft::new(options).unwrap(), Istft::new(options).unwrap());
            let mut scratch = IstftScratch::default();
            istft.begin(samples.len(), &mut scratch);
            stft.each_frame(&samples, &mut FftScratch::default(), |frame, spectrum| {
                let wide = spectrum
                    .iter()
                    .map(|bin| Complex64::new(bin.re.into(), bin.im.into()));
                istft.add(frame, wide, &mut scratch);
            })
            .unwrap();
            let mut error = 0.0f32;
            istft.finish(&scratch, |i, y| error = error.max((y - samples[i]).abs()));
            assert!(error < 2e-6, "{n_fft} {hop_length}: {error}");
        }
    }

    #[test]
    fn samples_that_no_frame_covers_are_silent() {
        let options = StftOptions {
            n_fft: 8,
            win_length: 8,
            hop_length: 4,
            window: Window::Blackman,
            center: false,
            pad_mode: PadMode::Zeros,
        };
        let (istft, mut scratch) = (Istft::new(options).unwrap(), IstftScratch::default());
        istft.begin(20, &mut scratch);
        istft.add(0, [Complex64::new(1.0, 0.0); 5], &mut scratch);
        let mut out = vec![1.0; 20];
        istft.finish(&scratch, |i, y| out[i] = y);
        assert!(
            out[0] == 0.0
                && out[8..].iter().all(|&y| y == 0.0)
                && out.iter().all(|y| y.is_finite()),
            "{out:?}"
        );
    }
}
