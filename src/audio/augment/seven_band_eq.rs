//! An equalizer of seven bands.

use super::filter::{DECIBEL, Pass, REST, draw_db};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Parameter, Transform, Workspace,
};
use crate::dsp::{Biquad, Cascade, cycles};
use crate::{Distribution, Error, Rng};
use std::sync::Arc;

/// A low shelf, five bells and a high shelf, one after the other. Each band draws its frequency (uniform in the
/// logarithm), its gain and its quality on its own; ranges as in audiomentations' `SevenBandParametricEQ`.
pub(super) static SEVEN_BAND_EQ: Declaration = Declaration {
    name: "seven_band_eq",
    about: "Changes the timbre with an equalizer of seven bands of random frequencies and gains.",
    citation: "Bristow-Johnson, Cookbook formulae for audio EQ, 2005",
    parameters: &[
        Parameter::positional(
            "gain_db",
            DECIBEL,
            DefaultValue::Range(-12.0, 12.0),
            "gain of a band, dB; drawn for each band",
        ),
        REST,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &[
            "low_shelf_hz",
            "low_shelf_db",
            "low_shelf_q",
            "band_1_hz",
            "band_1_db",
            "band_1_q",
            "band_2_hz",
            "band_2_db",
            "band_2_q",
            "band_3_hz",
            "band_3_db",
            "band_3_q",
            "band_4_hz",
            "band_4_db",
            "band_4_q",
            "band_5_hz",
            "band_5_db",
            "band_5_q",
            "high_shelf_hz",
            "high_shelf_db",
            "high_shelf_q",
        ],
    },
    example: "let x = tone(440, 1); assert_near((x |> seven_band_eq(0)).rms_db(), x.rms_db(), 0.0001)",
    build: |settings| {
        let gain_db = settings.drawn("gain_db");
        Ok(Arc::new(SevenBandEq {
            gain_db,
            pass: Pass::forwards(settings),
        }))
    },
};

type Design = fn(f64, f64, f64) -> Biquad;

/// Ranges of the frequency and of the quality of each band.
const BANDS: [(Design, [f64; 2], [f64; 2]); 7] = [
    (Biquad::low_shelf, [42.0, 95.0], [0.1, 0.999]),
    (Biquad::peaking, [91.0, 204.0], [0.5, 5.0]),
    (Biquad::peaking, [196.0, 441.0], [0.5, 5.0]),
    (Biquad::peaking, [421.0, 948.0], [0.5, 5.0]),
    (Biquad::peaking, [909.0, 2045.0], [0.5, 5.0]),
    (Biquad::peaking, [1957.0, 4404.0], [0.5, 5.0]),
    (Biquad::high_shelf, [4216.0, 9486.0], [0.1, 0.999]),
];

struct SevenBandEq {
    gain_db: Distribution,
    pass: Pass,
}

impl Transform for SevenBandEq {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let mut draws = Draws::new();
        for (_, [low_hz, high_hz], [low_q, high_q]) in BANDS {
            draws.push(
                Distribution::LogUniform {
                    low: low_hz,
                    high: high_hz,
                }
                .draw(rng),
            );
            draws.push(draw_db(&self.gain_db, rng));
            draws.push(rng.range(low_q, high_q));
        }
        draws
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let sample_rate = work.sample_rate;
        let bands = BANDS.iter().zip(draws.chunks_exact(3));
        let biquads = bands
            .map(|((design, ..), band)| design(cycles(band[0], sample_rate), band[1], band[2]));
        self.pass.run(&Cascade::new(biquads), work);
        Ok(())
    }
}
