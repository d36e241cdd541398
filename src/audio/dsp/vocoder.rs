//! Changing the duration of a sound without its pitch: the phase vocoder.

use super::{Istft, IstftScratch, PadMode, PairScratch, StftOptions, Window};
use crate::Error;
use realfft::num_complex::Complex64;

/// How the phases of neighbouring bins hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseLocking {
    /// All bins around a spectral peak turn with it, so a partial keeps its shape and its level.
    Identity,
    /// Every bin turns for itself, as librosa has it; wide stretches lose level.
    None,
}

/// A phase vocoder.
///
/// Frames are written every `H = hop_length` samples and read every `rate * H`. A phase is never computed: it is kept as
/// a complex number of magnitude 1, and turning it is a multiplication.
///
/// Without locking it is librosa's: with `X` the transform at every `H` samples (two frames of zeros behind it), frame `t`
/// of the result reads position `p = t rate`, `i = floor(p)`, `a = p - i`; its magnitude is `(1 - a) |X_i| + a |X_i+1|`, its
/// phase that of the frame before turned by `arg X_i+1 - arg X_i`. The expected advance of a bin, which is subtracted
/// before that difference is wrapped and added again behind, is a whole number of turns in sum and drops out.
///
/// With identity locking (Laroche and Dolson, "Improved phase vocoder time-scale modification of audio", 1999, section III)
/// the frame at `q = round(t rate H)` samples is taken itself, and a second one `H` samples before it. A peak of the magnitude
/// is a bin that exceeds its four neighbours; the bins from the weakest before it to the weakest behind belong to it. The
/// angle of `sum_k Y_t-1[k] conj(X_q-H[k])` over these bins says how far the result runs ahead of the sound; the frame's bins
/// are turned by it. As both frames are `H` apart, no frequency is estimated. The paper takes the angle at the peak alone; the
/// sum follows partials that glide better, and is the turn at which the two frames cancel least. Channels turn together, so
/// that their phase differences stay.
#[derive(Clone, Debug)]
pub struct Vocoder {
    hop_length: usize,
    locking: PhaseLocking,
    istft: Istft,
}

/// Buffers of a [`Vocoder`], kept by the caller so that no clip allocates.
#[derive(Default)]
pub struct VocoderScratch {
    fft: PairScratch,
    /// One for each channel.
    voices: Vec<Voice>,
    /// Power of the frame, summed over channels.
    power: Vec<f64>,
    /// Peaks of the power, and the end of the bins that belong to each.
    peaks: Vec<(usize, usize)>,
}

#[derive(Default)]
struct Voice {
    istft: IstftScratch,
    /// The frame that is read, and the one `hop_length` samples earlier.
    now: Spectrum,
    before: Spectrum,
    /// The frame that was written last; without locking the unit phases alone.
    written: Vec<Complex64>,
}

/// A frame's bins; without locking split into magnitudes and phases of magnitude 1.
#[derive(Default)]
struct Spectrum {
    bins: Vec<Complex64>,
    magnitudes: Vec<f64>,
}

impl Vocoder {
    /// A vocoder with periodic Hann windows of `n_fft` samples.
    ///
    /// # Errors
    /// [`Error::Range`] if `n_fft` is below 4, or `hop_length` is 0 or more than half of it: then frames leave gaps.
    pub fn new(n_fft: usize, hop_length: usize, locking: PhaseLocking) -> Result<Vocoder, Error> {
        if n_fft < 4 {
            return Err(Error::range("n_fft", "at least 4", n_fft));
        }
        if hop_length == 0 || hop_length > n_fft / 2 {
            return Err(Error::range("hop_length", format!("within 1..={} (half of `n_fft`)", n_fft / 2), hop_length));
        }
        let options = StftOptions {
            n_fft,
            win_length: n_fft,
            hop_length,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Zeros,
        };
        Ok(Vocoder { hop_length, locking, istft: Istft::new(options)? })
    }

    /// Size of the transform, samples.
    pub fn n_fft(&self) -> usize {
        self.istft.n_fft()
    }

    fn n_bins(&self) -> usize {
        self.istft.n_fft() / 2 + 1
    }

    /// Number of samples that `n` become: `round(n / rate)`.
    pub fn length(n: usize, rate: f64) -> usize {
        (n as f64 / rate).round_ties_even() as usize
    }

    /// Stretches planar samples of `n_channels` by `1 / rate` into `out`, each channel [`Vocoder::length`] samples long.
    /// `rate` is positive and finite.
    pub fn stretch(
        &self,
        samples: &[f32],
        n_channels: usize,
        rate: f64,
        scratch: &mut VocoderScratch,
        out: &mut Vec<f32>,
    ) {
        let n = samples.len() / n_channels.max(1);
        let length = Vocoder::length(n, rate);
        out.clear();
        out.resize(length * n_channels, 0.0);
        if length == 0 || n == 0 {
            return;
        }
        let channels = || samples.chunks_exact(n);
        scratch.voices.resize_with(n_channels.max(scratch.voices.len()), Voice::default);
        self.istft.fft().prepare(&mut scratch.fft);
        for voice in &mut scratch.voices[..n_channels] {
            self.istft.begin(length, &mut voice.istft);
            voice.written.clear();
            voice.written.resize(self.n_bins(), Complex64::new(1.0, 0.0));
        }
        match self.locking {
            PhaseLocking::Identity => {
                for frame in 0..self.istft.n_frames(length) {
                    self.locked_frame(channels, frame, rate, scratch);
                }
            }
            PhaseLocking::None => {
                for (channel, voice) in channels().zip(&mut scratch.voices) {
                    self.free_channel(channel, rate, length, &mut scratch.fft, voice);
                }
            }
        }
        for (channel, voice) in out.chunks_exact_mut(length).zip(&scratch.voices) {
            self.istft.finish(&voice.istft, |i, y| channel[i] = y);
        }
    }

    /// Reads, turns and adds one frame of every channel.
    fn locked_frame<'a, C: Iterator<Item = &'a [f32]>>(
        &self,
        channels: impl Fn() -> C,
        frame: usize,
        rate: f64,
        scratch: &mut VocoderScratch,
    ) {
        let VocoderScratch { fft, voices, power, peaks } = scratch;
        let center = (frame as f64 * rate * self.hop_length as f64).round() as isize;
        power.clear();
        power.resize(self.n_bins(), 0.0);
        for (channel, voice) in channels().zip(voices.iter_mut()) {
            self.read(channel, center, fft, &mut voice.now.bins);
            if frame > 0 {
                self.read(channel, center - self.hop_length as isize, fft, &mut voice.before.bins);
            }
            power.iter_mut().zip(&voice.now.bins).for_each(|(power, bin)| *power += bin.norm_sqr());
        }
        find_peaks(power, peaks);
        let n = channels().count();
        let mut start = 0;
        for &(_, end) in peaks.iter() {
            let ahead = if frame == 0 {
                Complex64::new(1.0, 0.0)
            } else {
                let overlap = |voice: &Voice| -> Complex64 {
                    let bins = voice.written[start..end].iter().zip(&voice.before.bins[start..end]);
                    bins.map(|(written, before)| written * before.conj()).sum()
                };
                unit(voices[..n].iter().map(overlap).sum()).1
            };
            for voice in &mut voices[..n] {
                for (written, bin) in voice.written[start..end].iter_mut().zip(&voice.now.bins[start..end]) {
                    *written = bin * ahead;
                }
            }
            start = end;
        }
        for Voice { istft, written, .. } in &mut voices[..n] {
            self.istft.add(frame, written.iter().copied(), istft);
        }
    }

    /// Reads, turns and adds all frames of one channel, as librosa does.
    fn free_channel(&self, samples: &[f32], rate: f64, length: usize, fft: &mut PairScratch, voice: &mut Voice) {
        let Voice { istft, now, before, written } = voice;
        let n_frames = 1 + samples.len() / self.hop_length;
        let read = |index: usize, fft: &mut PairScratch, into: &mut Spectrum| {
            if index < n_frames {
                self.read(samples, (index * self.hop_length) as isize, fft, &mut into.bins);
            } else {
                into.bins.clear();
                into.bins.resize(self.n_bins(), Complex64::default());
            }
            into.split();
        };
        // `before` holds frame `at`, `now` the one behind it.
        let mut at = 0;
        read(0, fft, before);
        read(1, fft, now);
        written.copy_from_slice(&before.bins);
        for frame in 0..self.istft.n_frames(length) {
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
            let magnitudes = before.magnitudes.iter().zip(&now.magnitudes).map(|(a, b)| (1.0 - share) * a + share * b);
            self.istft.add(frame, written.iter().zip(magnitudes).map(|(phase, magnitude)| phase * magnitude), istft);
            for ((phase, from), to) in written.iter_mut().zip(&before.bins).zip(&now.bins) {
                *phase *= to * from.conj();
            }
        }
    }

    /// The transform of the frame that is centred on a sample; zeros stand outside the sound.
    fn read(&self, samples: &[f32], center: isize, fft: &mut PairScratch, bins: &mut Vec<Complex64>) {
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
    if magnitude > 0.0 { (magnitude, z / magnitude) } else { (0.0, Complex64::new(1.0, 0.0)) }
}

/// Finds the bins that exceed the two on either side, and divides all bins among them at the weakest between two.
fn find_peaks(power: &[f64], peaks: &mut Vec<(usize, usize)>) {
    peaks.clear();
    let n = power.len();
    let at = |k: usize| if k < n { power[k] } else { -1.0 };
    // A plateau belongs to its first bin.
    let is_peak = |k: usize| {
        let p = power[k];
        p > at(k.wrapping_sub(1)) && p > at(k.wrapping_sub(2)) && p >= at(k + 1) && p >= at(k + 2)
    };
    for k in (0..n).filter(|&k| is_peak(k)) {
        if let Some((last, end)) = peaks.last_mut() {
            *end = (*last + 1..k).fold(*last + 1, |weakest, j| if power[j] < power[weakest] { j } else { weakest });
        }
        peaks.push((k, n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATE: f64 = 16_000.0;

    fn tone(freq_hz: f64, n: usize) -> Vec<f32> {
        (0..n).map(|i| (TAU * freq_hz * i as f64 / RATE).sin() as f32).collect()
    }

    fn stretch(samples: &[f32], n_channels: usize, rate: f64, locking: PhaseLocking) -> Vec<f32> {
        let mut out = Vec::new();
        let vocoder = Vocoder::new(2048, 512, locking).unwrap();
        vocoder.stretch(samples, n_channels, rate, &mut VocoderScratch::default(), &mut out);
        out
    }

    fn rms(samples: &[f32]) -> f64 {
        crate::waveform::rms(samples)
    }

    #[test]
    fn rate_one_gives_the_sound_back() {
        let mut samples = vec![0.0; 9001];
        crate::Rng::from_words(&[3]).fill_normal(&mut samples);
        for locking in [PhaseLocking::Identity, PhaseLocking::None] {
            let out = stretch(&samples, 1, 1.0, locking);
            let error: Vec<f32> = out.iter().zip(&samples).map(|(a, b)| a - b).collect();
            let got_db = 20.0 * (rms(&samples) / rms(&error)).log10();
            assert!(got_db > 120.0, "{locking:?}: {got_db} dB");
        }
    }

    #[test]
    fn a_tone_keeps_frequency_and_level() {
        for (freq_hz, rate) in [(110.0, 0.42), (440.3, 0.5), (440.3, 1.3), (3000.0, 2.378), (1234.5, 0.8)] {
            let out = stretch(&tone(freq_hz, 24_000), 1, rate, PhaseLocking::Identity);
            assert_eq!(out.len(), (24_000.0_f64 / rate).round() as usize);
            let middle = &out[out.len() / 4..3 * out.len() / 4];
            let level_db = 20.0 * (rms(middle) * 2f64.sqrt()).log10();
            assert!(level_db.abs() < 0.05, "{freq_hz} Hz at {rate}: {level_db} dB");
            // A sine obeys y[n+1] + y[n-1] = 2 cos(w) y[n].
            let sum: f64 = middle.windows(3).map(|y| f64::from(y[1]) * f64::from(y[0] + y[2])).sum();
            let square: f64 = middle.windows(3).map(|y| f64::from(y[1]).powi(2)).sum();
            let got = (sum / square / 2.0).acos() * RATE / TAU;
            assert!((got / freq_hz - 1.0).abs() < 3e-4, "{freq_hz} Hz at {rate}: {got} Hz");
        }
    }

    #[test]
    fn channels_keep_their_phase_difference() {
        let (left, right) = (tone(700.0, 20_000), tone(700.0, 20_005)[5..].to_vec());
        let out = stretch(&[left, right].concat(), 2, 0.7, PhaseLocking::Identity);
        let (left, right) = out.split_at(out.len() / 2);
        let (a, b) = (&left[10_005..15_005], &right[10_000..15_000]);
        let error: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        assert!(rms(&error) < 0.01, "{}", rms(&error));
    }

    #[test]
    fn odd_sounds_give_finite_samples() {
        for n in [0, 1, 2, 700, 3000] {
            for rate in [0.1, 0.9, 1.0, 7.0] {
                for locking in [PhaseLocking::Identity, PhaseLocking::None] {
                    for value in [0.0, 1.0] {
                        let out = stretch(&vec![value; 3 * n], 3, rate, locking);
                        assert_eq!(out.len(), 3 * Vocoder::length(n, rate));
                        assert!(out.iter().all(|y| y.is_finite()));
                    }
                }
            }
        }
    }

    #[test]
    fn bins_are_divided_at_the_weakest() {
        let mut peaks = Vec::new();
        find_peaks(&[0.0, 1.0, 5.0, 1.0, 0.5, 0.7, 2.0, 9.0, 2.0], &mut peaks);
        assert_eq!(peaks, [(2, 4), (7, 9)]);
        find_peaks(&[0.0; 4], &mut peaks);
        assert_eq!(peaks, [(0, 4)]);
        find_peaks(&[3.0, 1.0], &mut peaks);
        assert_eq!(peaks, [(0, 2)]);
    }
}
