//! How loud an added noise is: relative to the sound, or by itself.

use super::{DefaultValue, Kind, Parameter, RECIPE};
use crate::declare::Settings;
use crate::waveform::{mix_at_level, mix_at_snr};
use crate::{Distribution, Error, Rng};

/// The level of a noise, taken of its samples as realised, so that it is exact:
/// `y = x + n rms(x) / rms(n) 10^(-snr_db / 20)`, or `y = x + n / rms(n) 10^(level_db / 20)`.
pub(super) enum NoiseLevel {
    /// Power of the sound over power of the noise, dB. A silent clip stays silent.
    Ratio(Distribution),
    /// Root mean square of the noise relative to 1, dB; also on silence.
    Absolute(Distribution),
}

const LOW_SNR_DB: f64 = -100.0;
const HIGH_SNR_DB: f64 = 200.0;
const LOW_LEVEL_DB: f64 = -200.0;
const HIGH_LEVEL_DB: f64 = 100.0;

impl NoiseLevel {
    /// The parameter of the ratio, uniform between two numbers unless it is given.
    pub(super) const fn snr_db(low: f64, high: f64) -> Parameter {
        Parameter::positional(
            "snr_db",
            Kind::Drawn {
                low: LOW_SNR_DB,
                high: HIGH_SNR_DB,
            },
            DefaultValue::Range(low, high),
            "power of the sound over power of the noise, dB",
        )
    }

    /// The parameter of the level that takes the place of the ratio.
    pub(super) const LEVEL_DB: Parameter = Parameter::option(
        "level_db",
        Kind::Drawn {
            low: LOW_LEVEL_DB,
            high: HIGH_LEVEL_DB,
        },
        DefaultValue::Absent,
        "level of the noise instead of a ratio, dB: its root mean square relative to 1; on silence, too",
    );

    /// The parameter of what is done to a recorded noise before it is mixed in.
    pub(super) const RECIPE: Parameter = Parameter::option(
        "recipe",
        RECIPE,
        DefaultValue::Absent,
        "what is done to the noise before its level is set, such as `low_pass(2000)`",
    );

    /// What was given of the two.
    ///
    /// # Errors
    /// [`Error::Range`] if both were.
    pub(super) fn of(settings: &Settings<'_>) -> Result<NoiseLevel, Error> {
        match settings.only_one_of(&["snr_db", "level_db"])? {
            Some("level_db") => Ok(NoiseLevel::Absolute(settings.drawn("level_db"))),
            _ => Ok(NoiseLevel::Ratio(settings.drawn("snr_db"))),
        }
    }

    /// What a trace calls the drawn value.
    pub(super) fn name(&self) -> &'static str {
        match self {
            NoiseLevel::Ratio(_) => "snr_db",
            NoiseLevel::Absolute(_) => "level_db",
        }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> f64 {
        match self {
            NoiseLevel::Ratio(snr_db) => snr_db.draw_within(rng, LOW_SNR_DB, HIGH_SNR_DB),
            NoiseLevel::Absolute(level_db) => {
                level_db.draw_within(rng, LOW_LEVEL_DB, HIGH_LEVEL_DB)
            }
        }
    }

    /// What a noise is multiplied with, from the levels of the sound and of the noise; 0 where one of them is silent.
    pub(super) fn scale(&self, signal_rms: f64, noise_rms: f64, drawn_db: f64) -> f64 {
        match self {
            _ if noise_rms == 0.0 => 0.0,
            NoiseLevel::Ratio(_) => signal_rms / noise_rms * libm::pow(10.0, -drawn_db / 20.0),
            NoiseLevel::Absolute(_) => libm::pow(10.0, drawn_db / 20.0) / noise_rms,
        }
    }

    /// Adds a noise of the length of the sound at the drawn level.
    pub(super) fn mix(&self, samples: &mut [f32], noise: &[f32], drawn_db: f64) {
        match self {
            NoiseLevel::Ratio(_) => mix_at_snr(samples, noise, drawn_db),
            NoiseLevel::Absolute(_) => mix_at_level(samples, noise, drawn_db),
        }
    }
}
