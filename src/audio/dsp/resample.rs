//! Band-limited change of the sample rate.

use super::Reader;
use super::any_rate::AnyRate;
use super::rate_change::RateChange;
use crate::{Error, Waveform};
use std::cell::{Cell, RefCell};

/// Converts a sound to another sample rate. The length becomes `ceil(n * to / from)` samples.
///
/// The pass band is flat to 0.92 of the lower Nyquist frequency, what lies above that frequency is
/// 120 dB down, and nothing is delayed; outside the sound is silence. The method is overlap-save;
/// rates with little in common are read between the samples of a third, so that no rate has a
/// filter of its own to be designed. Only rates of which one is more than some thousand times the
/// other are read by a [`Reader`] instead, 90 dB down and with a wider transition.
///
/// # Errors
/// [`Error::Range`] if the rate is 0 or above 16 MHz.
pub fn resample(wave: &Waveform, sample_rate: u32) -> Result<Waveform, Error> {
    if sample_rate == 0 || sample_rate > 16_000_000 {
        return Err(Error::range(
            "sample_rate",
            "within 1..=16000000 Hz",
            sample_rate,
        ));
    }
    let mut samples = Vec::new();
    resample_planar(
        wave.samples(),
        wave.n_channels(),
        [wave.sample_rate(), sample_rate],
        &mut samples,
    );
    Waveform::new(samples, wave.n_channels(), sample_rate)
}

/// Converts planar samples from one sample rate to another into `out`, as [`resample`] does. Both
/// rates are at least 1 Hz.
pub fn resample_planar(
    samples: &[f32],
    n_channels: usize,
    [from, to]: [u32; 2],
    out: &mut Vec<f32>,
) {
    let n = samples.len() / n_channels.max(1);
    if from == to || n == 0 {
        out.clear();
        out.extend_from_slice(samples);
        return;
    }
    let length = (n as u64 * u64::from(to)).div_ceil(from.into()) as usize;
    out.resize(length * n_channels, 0.0);
    let channels = samples.chunks_exact(n).zip(out.chunks_exact_mut(length));
    with_conversion(from, to, |conversion| match conversion {
        Conversion::Periods(change) => {
            channels.for_each(|(channel, out)| change.convert(channel, out));
        }
        Conversion::AnyRate(change) => {
            channels.for_each(|(channel, out)| change.convert(channel, out));
        }
        Conversion::Reader => {
            let speed = f64::from(from) / f64::from(to);
            channels.for_each(|(channel, out)| read_all(channel, speed, out));
        }
    });
}

/// Reads a sound at positions `i * speed`, in samples, into `out`, band-limited as [`resample`]
/// does. `speed` is positive and finite; around the sound is silence.
pub fn read_at_speed(samples: &[f32], speed: f64, out: &mut [f32]) {
    thread_local! {
        // The next channel has the same speed, and the next clip the same buffers.
        static LAST: Cell<Option<AnyRate>> = const { Cell::new(None) };
    }
    match AnyRate::of_speed(speed, LAST.take()) {
        Some(mut change) => {
            change.convert(samples, out);
            LAST.set(Some(change));
        }
        None => read_all(samples, speed, out),
    }
}

/// What no block holds the filter of.
fn read_all(samples: &[f32], speed: f64, out: &mut [f32]) {
    let mut reader = Reader::default();
    reader.load(samples, speed);
    let length = out.len();
    reader.varying((0..length).map(|i| (i as f64 * speed, speed)), out);
}

/// How two rates are converted, by them alone.
enum Conversion {
    Periods(Box<RateChange>),
    AnyRate(Box<AnyRate>),
    Reader,
}

impl Conversion {
    fn new(from: u32, to: u32) -> Conversion {
        if let Some(change) = RateChange::new(from, to) {
            return Conversion::Periods(Box::new(change));
        }
        match AnyRate::new(from, to) {
            Some(change) => Conversion::AnyRate(Box::new(change)),
            None => Conversion::Reader,
        }
    }
}

/// Each thread keeps the conversions that it made: designing one of the first kind costs more than
/// using it on a short clip.
fn with_conversion(from: u32, to: u32, run: impl FnOnce(&mut Conversion)) {
    thread_local! {
        static MADE: RefCell<Vec<([u32; 2], Conversion)>> = const { RefCell::new(Vec::new()) };
    }
    MADE.with_borrow_mut(|made| {
        match made.iter().position(|(rates, _)| *rates == [from, to]) {
            Some(index) => made[index..].rotate_left(1),
            None => {
                // A corpus of many rates must not keep them all; the one that was not used for
                // longest goes.
                if made.len() == 8 {
                    made.remove(0);
                }
                made.push(([from, to], Conversion::new(from, to)));
            }
        }
        if let Some((_, conversion)) = made.last_mut() {
            run(conversion);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(freq_hz: f64, sample_rate: u32, n: usize) -> Waveform {
        let samples = (0..n)
            .map(|i| (TAU * freq_hz * i as f64 / f64::from(sample_rate)).sin() as f32)
            .collect();
        Waveform::mono(samples, sample_rate).unwrap()
    }

    fn middle_db(wave: &Waveform) -> f64 {
        let n = wave.n_samples();
        let middle = &wave.samples()[n / 4..3 * n / 4];
        20.0 * (crate::waveform::rms(middle) * 2f64.sqrt()).log10()
    }

    /// Usual rates, rates with hardly a common divisor, and the limit of the rate's ratio.
    const RATES: [(u32, u32); 18] = [
        (44_100, 16_000),
        (16_000, 44_100),
        (16_000, 8000),
        (8000, 16_000),
        (48_000, 44_100),
        (44_100, 48_000),
        (22_050, 8000),
        (96_000, 16_000),
        (192_000, 8000),
        (8000, 192_000),
        (44_100, 15_999),
        (16_000, 16_001),
        (44_100, 33_100),
        (16_000, 7919),
        (11_113, 44_100),
        (48_000, 100_003),
        (192_000, 3001),
        (22_050, 16_537),
    ];

    /// The level of what is not as wanted over the wanted, dB, leaving out the ends, where the
    /// sound sets in.
    fn error_db(got: &Waveform, want: impl Fn(f64) -> f64) -> f64 {
        let (n, rate) = (got.n_samples(), f64::from(got.sample_rate()));
        let power = |f: &dyn Fn(usize) -> f64| (n / 4..3 * n / 4).map(|i| f(i) * f(i)).sum::<f64>();
        let wanted = |i: usize| want(i as f64 / rate);
        let error = power(&|i| f64::from(got.samples()[i]) - wanted(i))
            / power(&|i| wanted(i)).max(n as f64 / 4.0);
        10.0 * error.log10()
    }

    #[test]
    fn tones_below_the_lower_nyquist_frequency_keep_level_and_phase_without_images() {
        for (from, to) in RATES {
            let nyquist = f64::from(from.min(to)) / 2.0;
            for share in [0.0, 0.01, 0.3, 0.5, 0.7, 0.875, 0.91] {
                for phase in [0.0, 1.0, 4.0] {
                    let radians = TAU * share * nyquist;
                    let sound = |t: f64| (radians * t + phase).cos();
                    let n = from as usize / 4;
                    let samples = (0..n)
                        .map(|i| sound(i as f64 / f64::from(from)) as f32)
                        .collect();
                    let got = resample(&Waveform::mono(samples, from).unwrap(), to).unwrap();
                    let error = error_db(&got, sound);
                    assert!(
                        error < -100.0,
                        "{from} to {to} at {share} and {phase}: {error} dB"
                    );
                }
            }
        }
    }

    #[test]
    fn tones_above_the_lower_nyquist_frequency_are_silent() {
        for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
            for share in [1.0, 1.125, 1.3, 2.0] {
                let freq_hz = share * f64::from(to) / 2.0;
                if freq_hz < f64::from(from) / 2.0 {
                    let error = error_db(
                        &resample(&tone(freq_hz, from, from as usize / 4), to).unwrap(),
                        |_| 0.0,
                    );
                    assert!(error < -100.0, "{from} to {to} at {share}: {error} dB");
                }
            }
        }
    }

    #[test]
    fn between_pass_and_stop_the_gain_only_falls() {
        for to in [16_000, 15_973] {
            let level = |share: f64| {
                let sound = tone(share * f64::from(to) / 2.0, 44_100, 22_050);
                middle_db(&resample(&sound, to).unwrap())
            };
            let levels: Vec<f64> = (0..=10).map(|i| level(0.9 + 0.01 * f64::from(i))).collect();
            assert!(levels[0].abs() < 0.001 && levels[10] < -100.0, "{levels:?}");
            assert!(
                levels.windows(2).all(|pair| pair[1] < pair[0] + 1e-3),
                "{levels:?}"
            );
            // A window's transform is even, so half-way the amplitude is a half.
            assert!(
                (levels[6] - 20.0 * 0.5f64.log10()).abs() < 0.05,
                "{levels:?}"
            );
        }
    }

    #[test]
    fn a_clip_is_the_beginning_of_the_same_clip_followed_by_silence() {
        let samples: Vec<f32> = (0..60_000)
            .map(|i| (f64::from(i).powf(1.3) * 0.01).sin() as f32)
            .collect();
        for (from, to) in RATES {
            for n in [1, 2, 5, 100, 1000, 6000] {
                let short =
                    resample(&Waveform::mono(samples[..n].to_vec(), from).unwrap(), to).unwrap();
                let mut longer = samples[..n].to_vec();
                longer.resize(60_000, 0.0);
                let long = resample(&Waveform::mono(longer, from).unwrap(), to).unwrap();
                assert_eq!(
                    short.samples(),
                    &long.samples()[..short.n_samples()],
                    "{n} samples, {from} to {to}"
                );
            }
        }
    }

    #[test]
    fn an_impulse_is_the_same_wherever_it_stands() {
        // Period 441 to 160: one period later in, one period later out, in whatever block.
        let peak_at = |place: usize| {
            let mut samples = vec![0.0; 44_100];
            samples[place * 441] = 1.0;
            let got = resample(&Waveform::mono(samples, 44_100).unwrap(), 16_000).unwrap();
            got.samples()[place * 160 - 150..place * 160 + 150].to_vec()
        };
        let first = peak_at(3);
        assert!(
            (f64::from(first[150]) - 0.96 * 160.0 / 441.0).abs() < 1e-3,
            "{}",
            first[150]
        );
        for place in 4..97 {
            let worst = peak_at(place)
                .iter()
                .zip(&first)
                .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-6, "{place}: {worst}");
        }
    }

    #[test]
    fn channels_do_not_meet() {
        let (left, right) = (tone(440.0, 44_100, 30_000), tone(3000.0, 44_100, 30_000));
        let both = Waveform::new([left.samples(), right.samples()].concat(), 2, 44_100).unwrap();
        let got = resample(&both, 16_000).unwrap();
        for (index, mono) in [left, right].iter().enumerate() {
            assert_eq!(
                got.channel(index),
                resample(mono, 16_000).unwrap().samples()
            );
        }
    }

    #[test]
    fn rates_without_a_common_divisor_or_far_apart_are_converted_too() {
        for (from, to, freq_hz, want_db) in [
            (4_000_037, 3_000_017, 200_000.0, -100.0),
            (1_000_003, 701, 100.0, -80.0),
        ] {
            let radians = TAU * freq_hz;
            let sound = |t: f64| (radians * t).sin();
            let samples = (0..400_000)
                .map(|i| sound(f64::from(i) / f64::from(from)) as f32)
                .collect();
            let got = resample(&Waveform::mono(samples, from).unwrap(), to).unwrap();
            let error = error_db(&got, sound);
            assert!(error < want_db, "{from} to {to}: {error} dB");
        }
    }

    #[test]
    fn a_sound_is_read_at_a_speed_as_at_the_rate_of_that_ratio() {
        let sound = tone(440.0, 16_000, 9000);
        let want = resample(&sound, 11_003).unwrap();
        let mut got = vec![1.0; want.n_samples()];
        read_at_speed(sound.samples(), 16_000.0 / 11_003.0, &mut got);
        assert_eq!(got, want.samples());
        for speed in [1e-7, 0.3, 1000.0] {
            let mut out = vec![1.0; 9];
            read_at_speed(&[], speed, &mut out);
            assert_eq!(out, [0.0; 9]);
        }
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes_whatever_came_before() {
        let sound = tone(440.0, 16_000, 5000);
        let first = resample(&sound, 11_003).unwrap();
        for rate in 7001..7020 {
            resample(&sound, rate).unwrap();
        }
        assert_eq!(resample(&sound, 11_003).unwrap(), first);
        let fresh = std::thread::spawn(move || resample(&sound, 11_003).unwrap());
        assert_eq!(fresh.join().unwrap(), first);
    }

    #[test]
    fn lengths_are_exact_and_short_sounds_work() {
        for (n, from, to, want) in [
            (88_200, 44_100, 16_000, 32_000),
            (1, 8000, 16_000, 2),
            (3, 44_100, 8000, 1),
            (0, 8000, 16_000, 0),
        ] {
            let wave = resample(&tone(440.0, from, n), to).unwrap();
            assert_eq!((wave.n_samples(), wave.sample_rate()), (want, to));
        }
    }
}
