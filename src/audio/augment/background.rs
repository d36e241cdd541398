//! Recorded noise behind the sound.

use super::recordings::{Purpose, Recordings};
use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::waveform::mix_at_snr;
use crate::{Distribution, Error, Rng, Waveform};
use smallvec::smallvec;
use std::sync::Arc;

/// `y = x + n * rms(x) / rms(n) * 10^(-snr_db / 20)`, with `n` a random stretch of a random recording.
///
/// The level is that of the stretch as realised, so the ratio is exact. A recording shorter than the clip starts anywhere
/// and is repeated. A silent clip stays silent, and a silent stretch adds nothing.
pub(super) static BACKGROUND: Declaration = Declaration {
    name: "background",
    about: "Mixes in a random stretch of a recorded noise at a given signal-to-noise ratio.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "paths",
            Kind::Paths { words: &[] },
            DefaultValue::Required,
            "the recordings, one of which is drawn for every clip: a file, a folder or an array of them",
        ),
        Parameter::positional(
            "snr_db",
            Kind::Drawn { low: LOW_DB, high: HIGH_DB },
            DefaultValue::Range(3.0, 30.0),
            "power of the sound over power of the noise, dB",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &["file", "start", "snr_db"],
    example: "let dir = temporary_folder(); white_noise(0.3).save(dir + \"/noise.wav\"); let x = tone(440, 1); \
              assert_near(snr_db(x, x |> background(dir, 10)), 10, 0.01)",
    build: |settings| {
        Ok(Arc::new(Background {
            recordings: Recordings::find(settings.paths("paths").unwrap_or_default(), Purpose::Sound)?,
            snr_db: settings.drawn("snr_db").unwrap_or(15.0.into()),
        }))
    },
};

const LOW_DB: f64 = -100.0;
const HIGH_DB: f64 = 200.0;

struct Background {
    recordings: Recordings,
    snr_db: Distribution,
}

impl Transform for Background {
    /// The start is drawn as a share of the places where a stretch can start, because a draw opens no file.
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let file = rng.below(self.recordings.len()) as f64;
        smallvec![file, rng.uniform(), self.snr_db.draw_within(rng, LOW_DB, HIGH_DB)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let recording = self.recordings.get(draws[0], work.sample_rate)?;
        let mut noise = std::mem::take(&mut work.spare);
        stretch(&recording, draws[1], n, work.n_channels, &mut noise);
        mix_at_snr(&mut work.samples, &noise, draws[2]);
        work.spare = noise;
        Ok(())
    }
}

/// Copies a stretch of a recording into as many channels as the clip has. One channel gets the mean of the recording's;
/// several get them in turn.
fn stretch(recording: &Waveform, share: f64, n: usize, n_channels: usize, noise: &mut Vec<f32>) {
    let length = recording.n_samples();
    // A long recording is not read past its end; in a short one, which is repeated, every sample can be the first.
    let places = if length >= n { length - n + 1 } else { length };
    let start = ((share.clamp(0.0, 1.0) * places as f64) as usize).min(places.saturating_sub(1));
    noise.clear();
    noise.resize(n * n_channels, 0.0);
    if length == 0 {
        return;
    }
    let add = |out: &mut [f32], channel: &[f32]| {
        let mut at = start;
        let mut out = out;
        while !out.is_empty() {
            let part = (length - at).min(out.len());
            let (now, later) = out.split_at_mut(part);
            now.iter_mut().zip(&channel[at..]).for_each(|(y, x)| *y += x);
            (out, at) = (later, 0);
        }
    };
    if n_channels == 1 {
        // The sum stands for the mean: the level is set afterwards.
        recording.channels().for_each(|channel| add(noise, channel));
    } else {
        for (index, out) in noise.chunks_mut(n).enumerate() {
            add(out, recording.channel(index % recording.n_channels()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::Key;
    use crate::io::{SampleFormat, write_wav};

    fn ramp(n: usize) -> Waveform {
        Waveform::mono((1..=n).map(|i| i as f32).collect(), 8000).unwrap()
    }

    #[test]
    fn a_stretch_lies_inside_a_long_recording_and_goes_round_a_short_one() {
        let mut noise = Vec::new();
        stretch(&ramp(10), 0.0, 4, 1, &mut noise);
        assert_eq!(noise, [1.0, 2.0, 3.0, 4.0]);
        stretch(&ramp(10), 0.999, 4, 1, &mut noise);
        assert_eq!(noise, [7.0, 8.0, 9.0, 10.0]);
        stretch(&ramp(3), 0.5, 8, 2, &mut noise);
        assert_eq!(noise, [2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
        let two = Waveform::new(vec![1.0, 1.0, 4.0, 4.0], 2, 8000).unwrap();
        stretch(&two, 0.0, 2, 1, &mut noise);
        assert_eq!(noise, [5.0, 5.0]);
        stretch(&two, 0.0, 2, 3, &mut noise);
        assert_eq!(noise, [1.0, 1.0, 4.0, 4.0, 1.0, 1.0]);
    }

    #[test]
    fn the_ratio_is_exact_for_every_file_rate_and_number_of_channels() {
        let folder = tempfile::tempdir().unwrap();
        for (name, n, rate) in [("a", 100_usize, 8000), ("b", 50_000, 44_100)] {
            let mut samples = vec![0.0; 2 * n];
            Rng::from_words(&[n as u64]).fill_normal(&mut samples);
            let path = folder.path().join(format!("{name}.wav"));
            write_wav(&path, &Waveform::new(samples, 2, rate).unwrap(), SampleFormat::Float32).unwrap();
        }
        let paths = Value::Word(folder.path().display().to_string());
        for n_channels in [1, 2, 8] {
            let clip =
                Waveform::new((0..n_channels * 4000).map(|i| (i as f32 * 0.1).sin()).collect(), n_channels, 16_000);
            let clip = clip.unwrap();
            for (item, snr_db) in [-5.0, 0.0, 10.0, 30.0].into_iter().enumerate() {
                let given = [("paths".to_owned(), paths.clone()), ("snr_db".to_owned(), Value::Drawn(snr_db.into()))];
                let recipe: Recipe = Stage::new(declaration("background").unwrap(), given).unwrap().into();
                let noisy = recipe.wave(&clip, Key { item: item as u64, ..Key::of_seed(1) }).unwrap();
                let got = clip.snr_db(&noisy).unwrap();
                assert!((got - snr_db).abs() < 0.001, "{n_channels} channels, {snr_db} dB: {got}");
            }
        }
    }
}
