//! Low and high shelves.

use super::filter::{DECIBEL, HERTZ, Pass, QUALITY, REST, draw_db, draw_hz, draw_q};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::dsp::{Biquad, Cascade, cycles};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// The cookbook's shelves: the whole gain far below or above the cutoff, half of its decibels at it; see [`Biquad`].
pub(super) static SHELF: Declaration = Declaration {
    name: "shelf",
    about: "Boosts or attenuates all frequencies below or above a corner.",
    citation: "Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        Parameter::option(
            "kind",
            Kind::Word(&words(&IS_HIGH)),
            DefaultValue::Word("low"),
            "which side the gain is on",
        ),
        Parameter::option(
            "cutoff_hz",
            HERTZ,
            DefaultValue::Absent,
            "frequency of half the gain in dB, Hz; log_uniform(50, 4000) for the low shelf and log_uniform(300, 7500) for \
             the high one if not given; limited to 0.9999 of the Nyquist frequency",
        ),
        Parameter::option(
            "gain_db",
            DECIBEL,
            DefaultValue::Range(-18.0, 18.0),
            "gain on that side, dB",
        ),
        Parameter::option(
            "q",
            QUALITY,
            DefaultValue::Range(0.1, 0.999),
            "quality; above 0.7071 the shelf overshoots, the lower the gentler",
        ),
        REST,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["cutoff_hz", "gain_db", "q"],
    },
    example: "let s = shelf(#{ kind: \"high\", cutoff_hz: 1000, gain_db: -12, q: 0.7 }); \
              let x = tone(1000, 1); assert_near((x |> s).rms_db() - x.rms_db(), -6, 0.02)",
    build: |settings| {
        let high = settings.word("kind", &IS_HIGH);
        let (low_hz, high_hz) = if high {
            (300.0, 7500.0)
        } else {
            (50.0, 4000.0)
        };
        Ok(Arc::new(Shelf {
            design: if high {
                Biquad::high_shelf
            } else {
                Biquad::low_shelf
            },
            cutoff_hz: settings
                .drawn_if("cutoff_hz")
                .unwrap_or(Distribution::LogUniform {
                    low: low_hz,
                    high: high_hz,
                }),
            gain_db: settings.drawn("gain_db"),
            q: settings.drawn("q"),
            pass: Pass::forwards(settings),
        }))
    },
};

const IS_HIGH: [(&str, bool); 2] = [("low", false), ("high", true)];

struct Shelf {
    design: fn(f64, f64, f64) -> Biquad,
    cutoff_hz: Distribution,
    gain_db: Distribution,
    q: Distribution,
    pass: Pass,
}

impl Transform for Shelf {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![
            draw_hz(&self.cutoff_hz, rng),
            draw_db(&self.gain_db, rng),
            draw_q(&self.q, rng)
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let biquad = (self.design)(cycles(draws[0], work.sample_rate), draws[1], draws[2]);
        self.pass.run(&Cascade::new([biquad]), work);
        Ok(())
    }
}
