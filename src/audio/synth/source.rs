//! Test signals: tones, sweeps, noise, clicks and silence.

use crate::{Error, Rng, Waveform};
use std::f64::consts::TAU;

/// A sine of amplitude 1 that starts at phase 0.
///
/// # Errors
/// [`Error::Range`] if the frequency is outside 0..`sample_rate / 2` or the duration is not sensible.
pub fn tone(freq_hz: f64, duration_s: f64, sample_rate: u32) -> Result<Waveform, Error> {
    audible("freq_hz", freq_hz, sample_rate)?;
    let step = freq_hz / f64::from(sample_rate);
    render(duration_s, sample_rate, |n| turn(step * n as f64))
}

/// A sine of amplitude 1 whose frequency moves from start to end, each octave taking equally long.
///
/// # Errors
/// As [`tone`]; both frequencies must also be above 0.
pub fn chirp(
    from_hz: f64,
    to_hz: f64,
    duration_s: f64,
    sample_rate: u32,
) -> Result<Waveform, Error> {
    for (param, freq_hz) in [("from_hz", from_hz), ("to_hz", to_hz)] {
        audible(param, freq_hz, sample_rate)?;
        if freq_hz == 0.0 {
            return Err(Error::range(param, "above 0 Hz", freq_hz));
        }
    }
    let rate = (to_hz / from_hz).ln() / duration_s;
    render(duration_s, sample_rate, |n| {
        let t = n as f64 / f64::from(sample_rate);
        // The integral of from_hz * exp(rate t); `exp_m1` keeps it exact when the rate is nearly 0.
        let turns = if rate == 0.0 {
            from_hz * t
        } else {
            from_hz * (rate * t).exp_m1() / rate
        };
        turn(turns)
    })
}

/// Gaussian noise of mean 0 and standard deviation 1, limited by nothing.
///
/// # Errors
/// [`Error::Range`] if the duration is not sensible.
pub fn white_noise(duration_s: f64, sample_rate: u32, rng: &mut Rng) -> Result<Waveform, Error> {
    let mut samples = vec![0.0; samples_in(duration_s, sample_rate)?];
    rng.fill_normal(&mut samples);
    Waveform::mono(samples, sample_rate)
}

/// Silence with a single sample of 1 at a time.
///
/// # Errors
/// [`Error::Range`] if the duration is not sensible or the click lies outside.
pub fn click(at_s: f64, duration_s: f64, sample_rate: u32) -> Result<Waveform, Error> {
    let mut samples = vec![0.0; samples_in(duration_s, sample_rate)?];
    let index = (at_s * f64::from(sample_rate)).round();
    if !(index >= 0.0 && index < samples.len() as f64) {
        return Err(Error::range(
            "at_s",
            format!("within 0..{duration_s} s"),
            at_s,
        ));
    }
    samples[index as usize] = 1.0;
    Waveform::mono(samples, sample_rate)
}

/// Silence.
///
/// # Errors
/// [`Error::Range`] if the duration is not sensible.
pub fn silence(duration_s: f64, sample_rate: u32) -> Result<Waveform, Error> {
    Waveform::mono(vec![0.0; samples_in(duration_s, sample_rate)?], sample_rate)
}

/// The sine of a number of turns; the whole turns are taken off first, so that long sounds keep their precision.
fn turn(turns: f64) -> f32 {
    libm::sin(TAU * (turns - turns.floor())) as f32
}

fn render(
    duration_s: f64,
    sample_rate: u32,
    sample: impl Fn(usize) -> f32,
) -> Result<Waveform, Error> {
    let n = samples_in(duration_s, sample_rate)?;
    Waveform::mono((0..n).map(sample).collect(), sample_rate)
}

fn samples_in(duration_s: f64, sample_rate: u32) -> Result<usize, Error> {
    // An hour at 384 kHz: longer sounds come from files.
    let samples = duration_s * f64::from(sample_rate);
    if !(duration_s >= 0.0 && samples <= 3600.0 * 384_000.0) {
        return Err(Error::range(
            "seconds",
            "at least 0 and at most an hour",
            duration_s,
        ));
    }
    Ok(samples.round() as usize)
}

fn audible(param: &str, freq_hz: f64, sample_rate: u32) -> Result<(), Error> {
    let nyquist = f64::from(sample_rate) / 2.0;
    if (0.0..=nyquist).contains(&freq_hz) {
        Ok(())
    } else {
        Err(Error::range(
            param,
            format!("within 0..{nyquist} Hz, half the sample rate"),
            freq_hz,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_frequency_and_level() {
        let wave = tone(440.0, 1.0, 16_000).unwrap();
        let crossings = wave
            .samples()
            .windows(2)
            .filter(|w| w[0] <= 0.0 && w[1] > 0.0)
            .count();
        assert_eq!((wave.n_samples(), crossings), (16_000, 440));
        assert!((wave.rms_db() + 3.0103).abs() < 1e-3);
    }

    #[test]
    fn a_chirp_passes_the_geometric_mean_half_way() {
        let wave = chirp(100.0, 1600.0, 2.0, 16_000).unwrap();
        let around = &wave.samples()[15_000..17_000];
        let crossings = around
            .windows(2)
            .filter(|w| w[0] <= 0.0 && w[1] > 0.0)
            .count();
        assert!(
            (crossings as f64 / 0.125 - 400.0).abs() <= 10.0,
            "{crossings}"
        );
        assert_eq!(
            chirp(440.0, 440.0, 0.1, 8000).unwrap(),
            tone(440.0, 0.1, 8000).unwrap()
        );
    }

    #[test]
    fn clicks_and_silence_are_where_they_should_be() {
        let wave = click(0.5, 1.0, 100).unwrap();
        assert_eq!(wave.samples().iter().position(|&x| x == 1.0), Some(50));
        assert_eq!(silence(0.25, 100).unwrap().samples(), [0.0; 25]);
        assert!(
            click(1.0, 1.0, 100).is_err()
                && silence(-1.0, 100).is_err()
                && silence(f64::NAN, 100).is_err()
        );
        assert!(tone(4001.0, 1.0, 8000).is_err());
    }
}
