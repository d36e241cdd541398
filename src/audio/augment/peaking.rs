//! A bell around a frequency.

use super::filter::{DECIBEL, HERTZ, Pass, QUALITY, REST, draw_db, draw_hz, draw_q};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Parameter, Transform, Workspace,
};
use crate::dsp::{Biquad, Cascade, cycles};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// The cookbook's peaking filter, see [`Biquad::peaking`].
pub(super) static PEAKING: Declaration = Declaration {
    name: "peaking",
    about: "Boosts or attenuates the frequencies around a centre.",
    citation: "Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        Parameter::positional(
            "center_hz",
            HERTZ,
            DefaultValue::LogRange(50.0, 7500.0),
            "frequency of the whole gain, Hz; limited to 0.9999 of the Nyquist frequency",
        ),
        Parameter::positional(
            "gain_db",
            DECIBEL,
            DefaultValue::Range(-24.0, 24.0),
            "gain at the centre, dB",
        ),
        Parameter::option(
            "q",
            QUALITY,
            DefaultValue::Range(0.5, 5.0),
            "quality: the centre over the distance of the frequencies of half the gain in dB",
        ),
        REST,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["center_hz", "gain_db", "q"],
    },
    example: "let x = tone(1000, 1); assert_near((x |> peaking(1000, 6, #{ q: 1 })).rms_db() - x.rms_db(), 6, 0.02)",
    build: |settings| {
        Ok(Arc::new(Peaking {
            center_hz: settings.drawn("center_hz"),
            gain_db: settings.drawn("gain_db"),
            q: settings.drawn("q"),
            pass: Pass::forwards(settings),
        }))
    },
};

struct Peaking {
    center_hz: Distribution,
    gain_db: Distribution,
    q: Distribution,
    pass: Pass,
}

impl Transform for Peaking {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![
            draw_hz(&self.center_hz, rng),
            draw_db(&self.gain_db, rng),
            draw_q(&self.q, rng)
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let biquad = Biquad::peaking(cycles(draws[0], work.sample_rate), draws[1], draws[2]);
        self.pass.run(&Cascade::new([biquad]), work);
        Ok(())
    }
}
