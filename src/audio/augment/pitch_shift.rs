//! Changing the pitch of a sound without its speed.

use super::stretcher::{Stretcher, with_options};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::{Vocoder, read_at_speed};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// With `r = 2^(-k / 12)`: a phase vocoder stretches the clip to `round(N / r)` samples, which are read at speed `1 / r`,
/// band-limited, until there are `N` again. That is CLAR's and librosa's operation, for real `k`.
pub(super) static PITCH_SHIFT: Declaration = Declaration {
    name: "pitch_shift",
    about: "Shifts the pitch without changing the duration.",
    citation: "Laroche & Dolson, 1999; Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (PS)",
    parameters: &PARAMETERS,
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["semitones"],
    },
    example: "let x = tone(440, 1); assert_near((x |> pitch_shift(12)).rms_db(), x.rms_db(), 0.5)",
    build: |settings| {
        Ok(Arc::new(PitchShift {
            semitones: settings.drawn("semitones"),
            stretcher: Stretcher::new(settings)?,
        }))
    },
};

const PARAMETERS: [Parameter; 4] = with_options([Parameter::positional(
    "semitones",
    Kind::Drawn {
        low: -FURTHEST,
        high: FURTHEST,
    },
    DefaultValue::Range(-4.0, 4.0),
    "how much higher, in semitones of equal temperament; negative is lower",
)]);

const FURTHEST: f64 = 36.0;

struct PitchShift {
    semitones: Distribution,
    stretcher: Stretcher,
}

impl Transform for PitchShift {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.semitones.draw_within(rng, -FURTHEST, FURTHEST)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (n, semitones) = (work.input().n, draws[0].clamp(-FURTHEST, FURTHEST));
        if semitones == 0.0 || n == 0 {
            return Ok(());
        }
        let (rate, speed) = (libm::exp2(-semitones / 12.0), libm::exp2(semitones / 12.0));
        let vocoder = self.stretcher.for_rate(work.sample_rate)?;
        vocoder.stretch(
            &work.samples,
            work.n_channels,
            rate,
            &mut work.vocoder,
            &mut work.spare,
        );
        let length = Vocoder::length(n, rate);
        if length == 0 {
            work.samples.fill(0.0);
            return Ok(());
        }
        for (out, stretched) in work
            .samples
            .chunks_exact_mut(n)
            .zip(work.spare.chunks_exact(length))
        {
            read_at_speed(stretched, speed, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, Workspace, declaration};
    use crate::{Key, Waveform};
    use std::f64::consts::TAU;

    const RATE: u32 = 16_000;
    const FREQ_HZ: f64 = 220.0;

    fn shifted(semitones: f64, clip: &Waveform) -> Waveform {
        let given = [("semitones".to_owned(), Value::Drawn(semitones.into()))];
        let recipe: Recipe = Stage::new(declaration("pitch_shift").unwrap(), given)
            .unwrap()
            .into();
        recipe.wave(clip, Key::of_seed(1)).unwrap()
    }

    fn harmonics() -> Waveform {
        let sample = |i: i32| {
            (1..=6)
                .map(|k| (TAU * FREQ_HZ * f64::from(k * i) / 16_000.0).sin() / f64::from(k))
                .sum()
        };
        Waveform::mono(
            (0..24_000)
                .map(|i| {
                    let x: f64 = sample(i);
                    0.2 * x as f32
                })
                .collect(),
            RATE,
        )
        .unwrap()
    }

    /// The angle of a partial over 6000 samples from a start, relative to one of exactly `omega` radians a sample.
    fn angle(samples: &[f32], omega: f64, start: usize) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in samples[start..start + 6000].iter().enumerate() {
            let x = f64::from(*x) * (0.5 - 0.5 * (TAU * i as f64 / 6000.0).cos());
            let (sin, cos) = (omega * (start + i) as f64).sin_cos();
            (re, im) = (re + x * cos, im - x * sin);
        }
        im.atan2(re)
    }

    #[test]
    fn pitch_is_within_three_cents_and_level_within_half_a_decibel() {
        let clip = harmonics();
        for semitones in [
            -15.0, -12.0, -7.5, -1.0, 0.01, 0.5, 4.0, 7.0, 11.3, 12.0, 15.0,
        ] {
            let out = shifted(semitones, &clip);
            assert_eq!(out.n_samples(), clip.n_samples());
            let level_db = out.rms_db() - clip.rms_db();
            assert!(level_db.abs() < 0.5, "{semitones}: {level_db} dB");
            let omega = TAU * FREQ_HZ / f64::from(RATE) * 2f64.powf(semitones / 12.0);
            let turned = angle(out.samples(), omega, 12_000) - angle(out.samples(), omega, 8000);
            let turned = turned - TAU * (turned / TAU).round();
            let cents = 1200.0 * (1.0 + turned / 4000.0 / omega).log2();
            assert!(cents.abs() < 3.0, "{semitones}: {cents} cents");
        }
    }

    /// What is worked on, its stretched twin, and buffers that do not grow with it: of an hour of stereo at 44.1 kHz, 1.27 GB, four
    /// semitones up make 2.9 GB.
    #[test]
    fn memory_is_that_of_the_clip_and_of_its_stretched_twin() {
        let bytes_of = |n: usize, semitones: f64| {
            let clip = Waveform::new(vec![0.1; 2 * n], 2, RATE).unwrap();
            let given = [("semitones".to_owned(), Value::Drawn(semitones.into()))];
            let stage = Stage::new(declaration("pitch_shift").unwrap(), given).unwrap();
            let recipe = Recipe::from(stage);
            let most = allocation_counter::measure(|| {
                let mut work = Workspace::default();
                work.load(&clip);
                recipe.trace(Key::of_seed(1), &mut work).unwrap();
            });
            most.bytes_max as f64
        };
        for semitones in [-4.0, 4.0] {
            let (short, long) = (400_000, 1_200_000);
            let more = bytes_of(long, semitones) - bytes_of(short, semitones);
            let copies = more / (8 * (long - short)) as f64;
            let want = 1.0 + 2f64.powf(semitones / 12.0);
            assert!((copies - want).abs() < 0.05, "{semitones}: {copies}");
        }
    }

    #[test]
    fn no_shift_changes_nothing() {
        assert_eq!(shifted(0.0, &harmonics()), harmonics());
        // Not even the path over the vocoder does.
        let near = shifted(1e-9, &harmonics());
        assert!(harmonics().snr_db(&near).unwrap() > 60.0);
    }
}
