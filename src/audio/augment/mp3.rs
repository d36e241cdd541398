//! What MP3 leaves of a sound.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::resample_planar;
use crate::io::{MP3_RATES, mp3_file, read_mp3};
use crate::{Distribution, Error, Rng, Waveform};
use smallvec::smallvec;
use std::sync::Arc;

/// Encodes at a constant bit rate and decodes; the length, the rate and the channels stay as they are.
///
/// Layer III knows nine sample rates. A sound of another one is converted to the next higher of them, or to 48 kHz, and
/// back. More than two channels are encoded one by one. Delay and padding are removed.
pub(super) static MP3: Declaration = Declaration {
    name: "mp3",
    about: "Encodes the sound as MP3 and decodes it again.",
    citation: "ISO/IEC 11172-3:1993 and 13818-3:1998, Layer III",
    parameters: &[Parameter::positional(
        "kbps",
        Kind::Drawn {
            low: LOWEST_KBPS,
            high: HIGHEST_KBPS,
        },
        DefaultValue::Range(8.0, 64.0),
        "bit rate, kbit/s; the nearest one of Layer III is taken: 8 to 160 up to 24 kHz, 32 to 320 above",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["kbps"],
    },
    example: "let x = tone(440, 1); let y = x |> mp3(64); assert(y.n_samples == x.n_samples && snr_db(x, y) > 20)",
    build: |settings| {
        Ok(Arc::new(Mp3 {
            kbps: settings.drawn("kbps"),
        }))
    },
};

const LOWEST_KBPS: f64 = 8.0;
const HIGHEST_KBPS: f64 = 320.0;

struct Mp3 {
    kbps: Distribution,
}

impl Transform for Mp3 {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.kbps.draw_within(rng, LOWEST_KBPS, HIGHEST_KBPS)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (n, n_channels, rate) = (work.input().n, work.n_channels, work.sample_rate);
        if n == 0 {
            return Ok(());
        }
        let coded = MP3_RATES
            .into_iter()
            .find(|&known| known >= rate)
            .unwrap_or(48_000);
        resample_planar(&work.samples, n_channels, [rate, coded], &mut work.spare);
        let kbps = draws[0].clamp(LOWEST_KBPS, HIGHEST_KBPS).round() as u32;
        let length = work.spare.len() / n_channels;
        let together = if n_channels == 2 { 2 } else { 1 };
        work.samples.clear();
        for part in work.spare.chunks(together * length) {
            let wave = Waveform::new(part.to_vec(), together, coded)?;
            for mut channel in read_mp3(&mp3_file(&wave, kbps)?)? {
                channel.resize(length, 0.0);
                work.samples.append(&mut channel);
            }
        }
        if coded != rate {
            resample_planar(&work.samples, n_channels, [coded, rate], &mut work.spare);
            let longer = work.spare.len() / n_channels;
            work.samples.clear();
            work.spare
                .chunks(longer)
                .for_each(|channel| work.samples.extend_from_slice(&channel[..n]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use crate::augment::{Recipe, Stage};

    fn through(kbps: f64, wave: &Waveform) -> Waveform {
        let stage = Stage::new(
            &MP3,
            [("kbps".to_owned(), super::super::Value::Drawn(kbps.into()))],
        )
        .unwrap();
        Recipe::from(stage).wave(wave, Key::of_seed(0)).unwrap()
    }

    fn tones(n_channels: usize, sample_rate: u32, n: usize) -> Waveform {
        let sample = |channel: usize, i: usize| {
            let t = i as f64 / f64::from(sample_rate);
            0.3 * (std::f64::consts::TAU * 300.0 * (channel + 1) as f64 * t).sin() as f32
        };
        let samples = (0..n_channels)
            .flat_map(|c| (0..n).map(move |i| sample(c, i)))
            .collect();
        Waveform::new(samples, n_channels, sample_rate).unwrap()
    }

    #[test]
    fn every_rate_and_number_of_channels_keeps_its_shape_and_place() {
        for (n_channels, rate, n) in [
            (1, 16_000, 16_000),
            (2, 44_100, 20_000),
            (3, 8000, 9000),
            (1, 6000, 6000),
            (8, 22_050, 5000),
            (1, 192_000, 60_000),
            (1, 17_000, 17_001),
        ] {
            let wave = tones(n_channels, rate, n);
            let coded = through(128.0, &wave);
            assert_eq!(
                (coded.n_samples(), coded.n_channels(), coded.sample_rate()),
                (n, n_channels, rate)
            );
            // A shift by one sample would leave less than 20 dB at these rates.
            for channel in 0..n_channels {
                let (clean, noisy) = (wave.channel(channel), coded.channel(channel));
                let mono = |samples: &[f32]| Waveform::mono(samples.to_vec(), rate).unwrap();
                let ratio = mono(clean).snr_db(&mono(noisy)).unwrap();
                assert!(
                    ratio > 20.0,
                    "{n_channels} channels at {rate} Hz: {ratio} dB"
                );
            }
        }
    }

    #[test]
    fn more_bits_leave_more() {
        let mut samples = vec![0.0; 32_000];
        Rng::from_words(&[3]).fill_normal(&mut samples);
        samples.iter_mut().for_each(|x| *x *= 0.1);
        let wave = Waveform::mono(samples, 16_000).unwrap();
        let ratios =
            [8.0, 32.0, 64.0, 128.0].map(|kbps| wave.snr_db(&through(kbps, &wave)).unwrap());
        assert!(
            ratios.windows(2).all(|pair| pair[1] > pair[0] + 1.0),
            "{ratios:?}"
        );
    }

    #[test]
    fn clips_of_any_length_and_level_work() {
        for n in [0, 1, 2, 575, 577, 1153] {
            assert_eq!(through(32.0, &tones(2, 16_000, n)).n_samples(), n);
        }
        let silent = Waveform::mono(vec![0.0; 3000], 16_000).unwrap();
        assert!(through(8.0, &silent).peak() < 1e-4);
        let loud = Waveform::mono(vec![40.0; 3000], 16_000).unwrap();
        assert!(through(8.0, &loud).peak().is_finite());
    }
}
