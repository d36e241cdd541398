//! Changing the pitch of a sound without its speed.

use super::stretcher::{Stretcher, with_options};
use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::dsp::{Outside, Vocoder};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// With `r = 2^(-k / 12)`: a phase vocoder stretches the clip to `round(N / r)` samples, which are read at speed `1 / r`,
/// band-limited, until there are `N` again. That is CLAR's and librosa's operation, for real `k`.
pub(super) static PITCH_SHIFT: Declaration = Declaration {
    name: "pitch_shift",
    about: "Makes the sound higher or lower without changing its duration.",
    citation: "Laroche & Dolson, 1999; Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (PS)",
    parameters: &PARAMETERS,
    accepts: Accepts::Wave,
    gives: None,
    draws: &["semitones"],
    example: "let x = tone(440, 1); assert_near((x |> pitch_shift(12)).rms_db(), x.rms_db(), 0.5)",
    build: |settings| {
        Ok(Arc::new(PitchShift {
            semitones: settings.drawn("semitones").unwrap_or(0.0.into()),
            stretcher: Stretcher::new(settings)?,
        }))
    },
};

const PARAMETERS: [Parameter; 4] = with_options([Parameter::positional(
    "semitones",
    Kind::Drawn { low: -FURTHEST, high: FURTHEST },
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
        vocoder.stretch(&work.samples, work.n_channels, rate, &mut work.vocoder, &mut work.spare);
        let length = Vocoder::length(n, rate);
        if length == 0 {
            work.samples.fill(0.0);
            return Ok(());
        }
        for (out, stretched) in work.samples.chunks_exact_mut(n).zip(work.spare.chunks_exact(length)) {
            work.reader.load(stretched, Outside::Silence, speed);
            work.reader.steady(0.0, speed, out);
        }
        Ok(())
    }
}
