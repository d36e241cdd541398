//! Band-limited change of the sample rate, by rubato's synchronous FFT resampler.

use crate::{Error, Waveform};
use audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};
use std::cell::RefCell;

/// Samples that a transform takes in at least. The anti-aliasing filter is as long as the transform: at this length the
/// pass band is flat to 0.9 of the lower Nyquist frequency.
const CHUNK: usize = 2048;

/// Converts a sound to another sample rate. The length becomes `ceil(n * to / from)` samples.
///
/// # Errors
/// [`Error::Range`] if the rate is 0 or above 16 MHz.
pub fn resample(wave: &Waveform, sample_rate: u32) -> Result<Waveform, Error> {
    if sample_rate == 0 || sample_rate > 16_000_000 {
        return Err(Error::range("sample_rate", "within 1..=16000000 Hz", sample_rate));
    }
    let mut samples = Vec::new();
    resample_planar(wave.samples(), wave.n_channels(), [wave.sample_rate(), sample_rate], &mut samples)?;
    Waveform::new(samples, wave.n_channels(), sample_rate)
}

/// Converts planar samples from one sample rate to another into `out`, as [`resample`] does. Both rates are at least 1 Hz.
///
/// # Errors
/// [`Error::Unusable`] if the resampler refuses the two rates.
pub fn resample_planar(
    samples: &[f32],
    n_channels: usize,
    [from, to]: [u32; 2],
    out: &mut Vec<f32>,
) -> Result<(), Error> {
    out.clear();
    let n = samples.len() / n_channels.max(1);
    if from == to || n == 0 {
        out.extend_from_slice(samples);
        return Ok(());
    }
    let length = (n as u64 * u64::from(to)).div_ceil(from.into()) as usize;
    for channel in samples.chunks_exact(n) {
        with_resampler(from as usize, to as usize, |resampler| one_channel(resampler, channel, length, out))?;
    }
    Ok(())
}

/// Appends one channel of `n` samples.
fn one_channel(resampler: &mut Fft<f32>, channel: &[f32], n: usize, out: &mut Vec<f32>) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Unusable(format!("the sound cannot be resampled: {error}"));
    let start = out.len();
    resampler.reset();
    let room = resampler.process_all_needed_output_len(channel.len());
    out.resize(start + room, 0.0);
    let input = SequentialSlice::new(channel, 1, channel.len()).map_err(|error| failed(&error))?;
    let mut output = SequentialSlice::new_mut(&mut out[start..], 1, room).map_err(|error| failed(&error))?;
    let (_, written) =
        resampler.process_all_into_buffer(&input, &mut output, channel.len(), None).map_err(|error| failed(&error))?;
    // The length is counted in floating point over there, so it can be one off.
    out.truncate(start + written.min(n));
    out.resize(start + n, 0.0);
    Ok(())
}

/// Samples that a transform takes in: a multiple of what one period of the two rates takes, and an even one. The filter is
/// as long and its middle stands half-way: with an odd length that would be between two samples, and the sound would come
/// out half a sample late.
fn chunk(from: usize, to: usize) -> usize {
    let (mut a, mut b) = (from, to);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let period = from / a;
    period * CHUNK.div_ceil(period).next_multiple_of(2)
}

/// Making a resampler costs more than using it on a short clip, so each thread keeps those it made.
fn with_resampler<T>(from: usize, to: usize, run: impl FnOnce(&mut Fft<f32>) -> Result<T, Error>) -> Result<T, Error> {
    thread_local! {
        static MADE: RefCell<Vec<(usize, usize, Fft<f32>)>> = const { RefCell::new(Vec::new()) };
    }
    MADE.with_borrow_mut(|made| {
        let index = match made.iter().position(|(f, t, _)| (*f, *t) == (from, to)) {
            Some(index) => index,
            None => {
                let window = WindowFunction::BlackmanHarris2;
                let resampler = Fft::new_custom(from, to, chunk(from, to), 1, 1, window, FixedSync::Input)
                    .map_err(|error| Error::Unusable(format!("cannot convert {from} Hz to {to} Hz: {error}")))?;
                // A corpus of many rates must not keep them all.
                if made.len() == 8 {
                    made.remove(0);
                }
                made.push((from, to, resampler));
                made.len() - 1
            }
        };
        run(&mut made[index].2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(freq_hz: f64, sample_rate: u32, n: usize) -> Waveform {
        let samples = (0..n).map(|i| (TAU * freq_hz * i as f64 / f64::from(sample_rate)).sin() as f32).collect();
        Waveform::mono(samples, sample_rate).unwrap()
    }

    fn middle_db(wave: &Waveform) -> f64 {
        let n = wave.n_samples();
        let middle = &wave.samples()[n / 4..3 * n / 4];
        20.0 * (crate::waveform::rms(middle) * 2f64.sqrt()).log10()
    }

    #[test]
    fn the_pass_band_is_flat_and_the_stop_band_silent() {
        for freq_hz in [100.0, 1000.0, 5000.0, 7000.0] {
            let level = middle_db(&resample(&tone(freq_hz, 44_100, 88_200), 16_000).unwrap());
            assert!(level.abs() < 0.01, "{freq_hz} Hz: {level} dB");
        }
        for freq_hz in [9000.0, 12_000.0, 20_000.0] {
            let level = middle_db(&resample(&tone(freq_hz, 44_100, 88_200), 16_000).unwrap());
            assert!(level < -100.0, "{freq_hz} Hz: {level} dB");
        }
    }

    #[test]
    fn lengths_are_exact_and_short_sounds_work() {
        for (n, from, to, want) in
            [(88_200, 44_100, 16_000, 32_000), (1, 8000, 16_000, 2), (3, 44_100, 8000, 1), (0, 8000, 16_000, 0)]
        {
            let wave = resample(&tone(440.0, from, n), to).unwrap();
            assert_eq!((wave.n_samples(), wave.sample_rate()), (want, to));
        }
    }

    #[test]
    fn the_sound_stays_in_place() {
        for (from, to) in [(8000, 16_000), (44_100, 16_000), (16_000, 44_100), (48_000, 44_100), (22_050, 8000)] {
            let wave = resample(&tone(1000.0, from, from as usize), to).unwrap();
            let want = tone(1000.0, to, to as usize);
            let middle = |wave: &Waveform| wave.samples()[to as usize / 4..to as usize / 2].to_vec();
            let error = middle(&wave).iter().zip(middle(&want)).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(error < 1e-4, "{from} to {to}: {error}");
        }
    }
}
