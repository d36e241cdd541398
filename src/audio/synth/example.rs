//! Sounds by which an ear and an eye can tell what a stage does: a voice, plucked notes, knocks and a crowd.

use crate::{Error, Rng, Waveform};
use std::f64::consts::TAU;

/// A vowel or a consonant of the made voice.
struct Phone {
    /// Where it begins, s.
    start_s: f64,
    /// Frequencies of the first three formants, Hz.
    formants_hz: [f64; 3],
    /// Level of the voiced part and of the breath, linear.
    voiced: f64,
    breath: f64,
}

const fn phone(start_s: f64, formants_hz: [f64; 3], voiced: f64, breath: f64) -> Phone {
    Phone {
        start_s,
        formants_hz,
        voiced,
        breath,
    }
}

const A: [f64; 3] = [730.0, 1090.0, 2440.0];
const I: [f64; 3] = [270.0, 2290.0, 3010.0];
const U: [f64; 3] = [300.0, 870.0, 2240.0];

/// Something like "a-si, u-sha-i"; formants as of men's vowels in Peterson & Barney, 1952, table II.
const PHRASE: [Phone; 11] = [
    phone(0.0, A, 0.0, 0.0),
    phone(0.08, A, 1.0, 0.0),
    phone(0.30, A, 0.0, 0.5),
    phone(0.40, I, 0.8, 0.0),
    phone(0.62, I, 0.0, 0.0),
    phone(0.76, U, 0.9, 0.0),
    phone(0.94, A, 0.0, 0.6),
    phone(1.04, A, 1.0, 0.0),
    phone(1.22, I, 0.8, 0.0),
    phone(1.38, I, 0.0, 0.0),
    phone(9.0, I, 0.0, 0.0),
];

/// Duration of the voice, the notes and the knocks, s.
pub const EXAMPLE_S: f64 = 1.5;
/// Samples over which the shape of the voice stays.
const BLOCK: usize = 32;
/// Time constant by which the mouth follows from phone to phone, s.
const GLIDE_S: f64 = 0.02;

/// A made voice of a second and a half with a melody of speech, vowels, hisses and pauses; its peak is 0.7.
///
/// # Errors
/// [`Error::Range`] for a rate that no sound has.
pub fn voice(sample_rate: u32) -> Result<Waveform, Error> {
    let rate = f64::from(sample_rate);
    let n = (EXAMPLE_S * rate) as usize;
    let mut rng = Rng::from_words(&[41]);
    let mut samples = vec![0.0f32; n];
    let (mut formants_hz, mut voiced, mut breath) = (A, 0.0, 0.0);
    let (mut turns, mut last) = (0.0f64, 0.0);
    let follow = 1.0 - libm::exp(-(BLOCK as f64) / (GLIDE_S * rate));
    for (index, block) in samples.chunks_mut(BLOCK).enumerate() {
        let time_s = (index * BLOCK) as f64 / rate;
        let next = PHRASE.partition_point(|phone| phone.start_s <= time_s);
        let goal = &PHRASE[next - 1];
        for (formant, goal_hz) in formants_hz.iter_mut().zip(goal.formants_hz) {
            *formant += follow * (goal_hz - *formant);
        }
        voiced += follow * (goal.voiced - voiced);
        breath += follow * (goal.breath - breath);
        // The pitch rises to the middle of the phrase and falls to its end.
        let freq_hz = 115.0 + 55.0 * libm::sin(TAU * (time_s / 1.6 - 0.08));
        let n_harmonics = (0.45 * rate / freq_hz) as usize;
        let amplitudes: Vec<f64> = (1..=n_harmonics)
            .map(|k| voiced * resonance(k as f64 * freq_hz, &formants_hz) / libm::sqrt(k as f64))
            .collect();
        for sample in block {
            turns += freq_hz / rate;
            let tones = amplitudes.iter().enumerate();
            let tone: f64 = tones
                .map(|(k, amplitude)| amplitude * libm::sin(TAU * turns * (k + 1) as f64))
                .sum();
            let white = rng.normal();
            // The difference of white noise is stronger the higher the frequency, as a hiss is.
            let hiss = 0.12 * breath * (white - last);
            last = white;
            *sample = (tone + hiss) as f32;
        }
    }
    to_peak(samples, sample_rate, 0.7)
}

/// How strongly a mouth with some formants passes a frequency.
fn resonance(freq_hz: f64, formants_hz: &[f64; 3]) -> f64 {
    let (gains, widths_hz) = ([1.0, 0.5, 0.25], [90.0, 110.0, 170.0]);
    let peaks = formants_hz.iter().zip(gains).zip(widths_hz);
    peaks
        .map(|((formant_hz, gain), width_hz)| {
            let away = (freq_hz - formant_hz) / width_hz;
            gain / (1.0 + away * away)
        })
        .sum()
}

/// Four plucked notes of a rising chord, each dying away; the peak is 0.7. Where there are two channels, the notes wander
/// from the first to the second one.
///
/// # Errors
/// [`Error::Range`] for a rate that no sound has.
pub fn plucked(sample_rate: u32, n_channels: usize) -> Result<Waveform, Error> {
    const NOTES_HZ: [f64; 4] = [261.63, 329.63, 392.0, 523.25];
    let rate = f64::from(sample_rate);
    let n = (EXAMPLE_S * rate) as usize;
    let mut samples = vec![0.0f32; n * n_channels];
    for (note, freq_hz) in NOTES_HZ.iter().enumerate() {
        let start = ((0.05 + 0.34 * note as f64) * rate) as usize;
        for at in start..n {
            let time_s = (at - start) as f64 / rate;
            let attack = (time_s / 0.004).min(1.0);
            let tone: f64 = (1..=8)
                .map(|k| {
                    let k = f64::from(k);
                    libm::exp(-time_s * (2.5 + 2.0 * k)) * libm::sin(TAU * freq_hz * k * time_s) / k
                })
                .sum();
            for channel in 0..n_channels {
                let right = note as f64 / 3.0;
                let share = [1.0 - right, right][channel.min(1)];
                let share = if n_channels == 1 { 1.0 } else { share };
                samples[channel * n + at] += (attack * share * tone) as f32;
            }
        }
    }
    let peak = samples.iter().fold(1e-9f32, |peak, x| peak.max(x.abs()));
    samples.iter_mut().for_each(|x| *x *= 0.7 / peak);
    Waveform::new(samples, n_channels, sample_rate)
}

/// Four knocks on wood, the third one soft, with silence between them; the peak is 0.7.
///
/// # Errors
/// [`Error::Range`] for a rate that no sound has.
pub fn knocks(sample_rate: u32) -> Result<Waveform, Error> {
    const KNOCKS: [(f64, f64, f64); 4] = [
        (0.10, 1.0, 420.0),
        (0.45, 0.7, 510.0),
        (0.75, 0.2, 420.0),
        (1.05, 0.9, 350.0),
    ];
    let rate = f64::from(sample_rate);
    let n = (EXAMPLE_S * rate) as usize;
    let mut rng = Rng::from_words(&[42]);
    let mut samples = vec![0.0f32; n];
    for (start_s, level, freq_hz) in KNOCKS {
        let start = (start_s * rate) as usize;
        for (at, sample) in samples.iter_mut().enumerate().skip(start) {
            let time_s = (at - start) as f64 / rate;
            let wood = libm::exp(-time_s / 0.018) * libm::sin(TAU * freq_hz * time_s);
            let click = 0.5 * libm::exp(-time_s / 0.004) * rng.normal();
            *sample += (level * (wood + click)) as f32;
        }
    }
    to_peak(samples, sample_rate, 0.7)
}

/// A humming room full of birds: a recording for stages that mix one in. The peak is 0.7.
///
/// # Errors
/// [`Error::Range`] for a rate that no sound has.
pub fn surroundings(duration_s: f64, sample_rate: u32) -> Result<Waveform, Error> {
    let rate = f64::from(sample_rate);
    let mut rng = Rng::from_words(&[43]);
    let mut low = 0.0;
    let samples = (0..(duration_s * rate) as usize).map(|at| {
        let time_s = at as f64 / rate;
        low += 0.02 * (rng.normal() - low);
        let hum = 0.3 * libm::sin(TAU * 100.0 * time_s) + 0.15 * libm::sin(TAU * 200.0 * time_s);
        // A chirp every third of a second, whose pitch swings.
        let part = (3.0 * time_s).fract();
        let swing = libm::sin(TAU * 9.0 * part) / (TAU * 9.0);
        let bird = libm::exp(-libm::pow((part - 0.4) / 0.12, 2.0))
            * libm::sin(TAU * (3400.0 * time_s + 500.0 * swing));
        (2.0 * low + 0.3 * hum + 0.35 * bird) as f32
    });
    to_peak(samples.collect(), sample_rate, 0.7)
}

fn to_peak(samples: Vec<f32>, sample_rate: u32, peak: f64) -> Result<Waveform, Error> {
    let wave = Waveform::mono(samples, sample_rate)?;
    let scale = peak / wave.peak().max(1e-9);
    wave.scaled(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_have_their_peak_and_begin_and_end_quietly() {
        for wave in [
            voice(16_000).unwrap(),
            plucked(16_000, 1).unwrap(),
            plucked(16_000, 2).unwrap(),
            knocks(16_000).unwrap(),
        ] {
            assert!((wave.peak() - 0.7).abs() < 1e-4, "{}", wave.peak());
            assert!((wave.duration_s() - EXAMPLE_S).abs() < 1e-9);
            assert!(wave.slice(0.0, 0.03).unwrap().peak() < 0.01);
        }
        assert!(surroundings(2.0, 8000).unwrap().rms() > 0.05);
    }

    #[test]
    fn the_voice_speaks_hisses_and_pauses() {
        let wave = voice(16_000).unwrap();
        let level = |from, to| wave.slice(from, to).unwrap().rms_db();
        assert!(level(0.15, 0.28) > -25.0 && level(0.68, 0.74) < level(0.15, 0.28) - 20.0);
        let crossings = |from, to| {
            let part = wave.slice(from, to).unwrap();
            let pairs = part.samples().windows(2);
            pairs.filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count() as f64 / (to - from)
        };
        assert!(crossings(0.35, 0.39) > 2.0 * crossings(0.15, 0.28));
    }
}
