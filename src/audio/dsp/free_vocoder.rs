//! The phase vocoder whose bins turn each for itself.

use super::{Istft, IstftScratch, PairScratch};
use auricle_fft::num_complex::Complex64;

/// A phase vocoder without locking, as librosa has it: see [`Vocoder`](super::Vocoder).
///
/// In double precision, because a bin's phase is handed on for itself: a weak one's is only as good as the rounding noise of
/// the frame's strongest.
#[derive(Clone, Debug)]
pub(super) struct FreeVocoder {
    hop_length: usize,
    istft: Istft,
}

/// Buffers of a [`FreeVocoder`].
#[derive(Default)]
pub(super) struct FreeScratch {
    fft: PairScratch,
    istft: IstftScratch,
    /// The frame that is read, and the one behind it.
    frames: [Spectrum; 2],
    /// The phases that were written last.
    written: Vec<Complex64>,
}

/// A frame's bins, split into magnitudes and phases of magnitude 1.
#[derive(Default)]
struct Spectrum {
    bins: Vec<Complex64>,
    magnitudes: Vec<f64>,
}

impl FreeVocoder {
    pub(super) fn new(hop_length: usize, istft: Istft) -> FreeVocoder {
        FreeVocoder { hop_length, istft }
    }

    /// Stretches one channel.
    pub(super) fn stretch(
        &self,
        samples: &[f32],
        rate: f64,
        scratch: &mut FreeScratch,
        out: &mut [f32],
    ) {
        let FreeScratch {
            fft,
            istft,
            frames: [before, now],
            written,
        } = scratch;
        self.istft.fft().prepare(fft);
        self.istft.begin(out.len(), istft);
        let n_frames = 1 + samples.len() / self.hop_length;
        let read = |index: usize, fft: &mut PairScratch, into: &mut Spectrum| {
            if index < n_frames {
                self.read(
                    samples,
                    (index * self.hop_length) as isize,
                    fft,
                    &mut into.bins,
                );
            } else {
                into.bins.clear();
                into.bins
                    .resize(self.istft.n_fft() / 2 + 1, Complex64::default());
            }
            into.split();
        };
        // `before` holds frame `at`, `now` the one behind it.
        let mut at = 0;
        read(0, fft, before);
        read(1, fft, now);
        written.clone_from(&before.bins);
        for frame in 0..self.istft.n_frames(out.len()) {
            let position = frame as f64 * rate;
            if position >= n_frames as f64 {
                break;
            }
            let index = position as usize;
            if index == at + 1 {
                std::mem::swap(before, now);
                read(index + 1, fft, now);
            } else if index > at {
                read(index, fft, before);
                read(index + 1, fft, now);
            }
            at = index;
            let share = position - index as f64;
            let magnitudes = before
                .magnitudes
                .iter()
                .zip(&now.magnitudes)
                .map(|(a, b)| (1.0 - share) * a + share * b);
            self.istft.add(
                frame,
                written
                    .iter()
                    .zip(magnitudes)
                    .map(|(phase, magnitude)| phase * magnitude),
                istft,
            );
            for ((phase, from), to) in written.iter_mut().zip(&before.bins).zip(&now.bins) {
                *phase *= to * from.conj();
            }
        }
        self.istft.finish(istft, |i, y| out[i] = y);
    }

    /// The transform of the frame that is centred on a sample; zeros stand outside the sound.
    fn read(
        &self,
        samples: &[f32],
        center: isize,
        fft: &mut PairScratch,
        bins: &mut Vec<Complex64>,
    ) {
        let window = self.istft.window();
        let start = center - (window.len() / 2) as isize;
        let skipped = start.min(0).unsigned_abs().min(window.len());
        let first = start.max(0).unsigned_abs().min(samples.len());
        let n = (window.len() - skipped).min(samples.len() - first);
        fft.time[..skipped].fill(0.0);
        fft.time[skipped + n..].fill(0.0);
        let inside = samples[first..first + n].iter().zip(&window[skipped..]);
        for (slot, (x, w)) in fft.time[skipped..].iter_mut().zip(inside) {
            *slot = f64::from(*x) * w;
        }
        self.istft.fft().forward(fft);
        bins.clone_from(&fft.spectrum);
    }
}

impl Spectrum {
    /// Takes the magnitudes out of the bins.
    fn split(&mut self) {
        self.magnitudes.resize(self.bins.len(), 0.0);
        for (bin, magnitude) in self.bins.iter_mut().zip(&mut self.magnitudes) {
            (*magnitude, *bin) = unit(*bin);
        }
    }
}

/// Magnitude, and the number of magnitude 1 with the same phase; that of 0 is 0.
fn unit(z: Complex64) -> (f64, Complex64) {
    let magnitude = z.norm_sqr().sqrt();
    // The square of a number this small is 0, so its phase is lost as well.
    if magnitude > 0.0 {
        (magnitude, z / magnitude)
    } else {
        (0.0, Complex64::new(1.0, 0.0))
    }
}
