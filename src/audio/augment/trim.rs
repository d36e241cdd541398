//! Cutting silence off the ends.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Keeps what lies between the first and the last frame whose level is less than `below_db` under the loudest frame.
///
/// Frames are centred on multiples of the hop, with zeros beyond the ends, and measured by their root mean square, in all
/// channels together; kept is from the start of the first hop to the end of the last one. This is `trim` of librosa with
/// its defaults. A silent clip is kept whole.
pub(super) static TRIM: Declaration = Declaration {
    name: "trim",
    about: "Trims the silence at both ends, which makes the sound shorter.",
    citation: "McFee et al., librosa, 2015 (`effects.trim`)",
    parameters: &[
        Parameter::positional(
            "below_db",
            Kind::Drawn {
                low: 0.0,
                high: 200.0,
            },
            DefaultValue::Number(30.0),
            "how far under the loudest frame is silence, dB",
        ),
        Parameter::option(
            "frame_length",
            Kind::Count {
                low: 1.0,
                high: 1e6,
            },
            DefaultValue::Number(2048.0),
            "samples that a level is taken over",
        ),
        Parameter::option(
            "hop_length",
            Kind::Count {
                low: 1.0,
                high: 1e6,
            },
            DefaultValue::Number(512.0),
            "samples from level to level, the grain of the cut",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["below_db"],
    },
    example: "let x = tone(440, 1) |> pad(1, #{ position: \"both\" }) |> trim(); assert_near(x.seconds, 1, 0.2)",
    build: |settings| {
        Ok(Arc::new(Trim {
            below_db: settings.drawn("below_db"),
            frame_length: settings.count("frame_length"),
            hop_length: settings.count("hop_length"),
        }))
    },
};

struct Trim {
    below_db: Distribution,
    frame_length: usize,
    hop_length: usize,
}

impl Transform for Trim {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.below_db.draw_within(rng, 0.0, 200.0)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let Some((start, end)) = self.kept(&work.samples, n, draws[0].clamp(0.0, 200.0)) else {
            return Ok(());
        };
        work.spare.clear();
        for channel in work.samples.chunks(n) {
            work.spare.extend_from_slice(&channel[start..end]);
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        Ok(())
    }
}

impl Trim {
    /// Where to cut; `None` if nothing is louder than silence.
    fn kept(&self, samples: &[f32], n: usize, below_db: f64) -> Option<(usize, usize)> {
        let n_frames = 1 + n / self.hop_length;
        // The level of a frame in the channel where it is loudest: what is heard in one is not cut from any.
        let power = |frame: usize| {
            let centre = frame * self.hop_length;
            let from = centre.saturating_sub(self.frame_length / 2).min(n);
            let to = (centre + self.frame_length - self.frame_length / 2).min(n);
            let channel = |x: &[f32]| {
                x[from..to]
                    .iter()
                    .map(|&v| f64::from(v) * f64::from(v))
                    .sum::<f64>()
            };
            samples.chunks(n).map(channel).fold(0.0, f64::max)
        };
        let loudest = (0..n_frames).map(power).fold(0.0, f64::max);
        let floor = loudest * libm::pow(10.0, -below_db / 10.0);
        if loudest == 0.0 {
            return None;
        }
        let heard = |frame: &usize| power(*frame) > floor;
        let first = (0..n_frames).find(heard)?;
        let last = (0..n_frames).rfind(heard)?;
        // The last frame can be centred on the end itself; a sample is left of it all the same.
        Some((
            (first * self.hop_length).min(n - 1),
            ((last + 1) * self.hop_length).min(n),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Waveform};

    fn trimmed(wave: &Waveform, below_db: f64) -> Waveform {
        let given = [("below_db".to_owned(), Value::Drawn(below_db.into()))];
        let recipe: Recipe = Stage::new(declaration("trim").unwrap(), given)
            .unwrap()
            .into();
        recipe.wave(wave, Key::of_seed(0)).unwrap()
    }

    #[test]
    fn what_is_loud_in_any_channel_stays() {
        let mut samples = vec![0.0; 2 * 30_000];
        samples[10_000..15_000].fill(1.0);
        samples[30_000 + 12_000..30_000 + 20_000].fill(-0.5);
        samples[100] = 0.001;
        let wave = Waveform::new(samples, 2, 16_000).unwrap();
        let kept = trimmed(&wave, 30.0);
        // The first frame that sees the sound is centred on 9216, the last one on 20992.
        assert_eq!(kept.n_samples(), (20_992 + 512) - 9216);
        assert_eq!(kept.channel(0)[10_000 - 9216], 1.0);
        assert_eq!(kept.channel(0)[10_000 - 9216 - 1], 0.0);
        assert!(trimmed(&wave, 150.0).n_samples() > kept.n_samples());
    }

    #[test]
    fn silence_and_very_short_sounds_stay_whole() {
        for samples in [vec![], vec![0.0; 5000], vec![0.5], vec![1.0; 100]] {
            let wave = Waveform::mono(samples, 16_000).unwrap();
            assert_eq!(trimmed(&wave, 30.0), wave);
        }
    }
}
