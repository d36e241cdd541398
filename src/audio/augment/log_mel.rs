//! The log-mel spectrogram as a stage.

use super::mel::{MelStage, OPTIONS};
use super::{Accepts, Declaration, DefaultValue, Domain, Kind, Parameter};
use crate::features::{Compression, Reference};
use std::sync::Arc;

/// `ln(mel + offset)`, or `10 log10(max(mel, amin) / reference)` limited to `top_db` under its maximum.
pub(super) static LOG_MEL: Declaration = Declaration {
    name: "log_mel",
    about: "Computes the log-mel spectrogram, the usual input of an encoder.",
    citation: "Davis & Mermelstein, 1980; scales and norms as in librosa and torchaudio",
    parameters: &PARAMETERS,
    accepts: Accepts::Wave,
    gives: Some(Domain::Features),
    draws: &[],
    example: "let m = tone(440, 1) |> log_mel(#{ n_mels: 40, log: \"db\" }); assert(m.shape == [1, 40, 101])",
    build: |settings| {
        let compression = if settings.word("log", &LOGS) == Some(1) {
            Compression::Db {
                reference: match settings.number("reference") {
                    Some(power) => Reference::Power(power),
                    None => Reference::Max,
                },
                amin: settings.number("amin").unwrap_or(1e-10),
                top_db: settings.number("top_db"),
            }
        } else {
            Compression::Ln { offset: settings.number("offset").unwrap_or(1e-6) }
        };
        Ok(Arc::new(MelStage::new(settings, compression)?))
    },
};

const LOGS: [&str; 2] = ["ln", "db"];
const POWER: Kind = Kind::Number { low: 1e-30, high: 1e30 };

const LOG_OPTIONS: [Parameter; 5] = [
    Parameter::option("log", Kind::Word(&LOGS), DefaultValue::Word("ln"), "natural logarithm, or dB"),
    Parameter::option("offset", POWER, DefaultValue::Number(1e-6), "added before the natural logarithm"),
    Parameter::option(
        "reference",
        Kind::WordOrNumber { words: &["max"], low: 1e-30, high: 1e30 },
        DefaultValue::Number(1.0),
        "power that is 0 dB, or the largest in the clip",
    ),
    Parameter::option("amin", POWER, DefaultValue::Number(1e-10), "smallest power before dB are taken"),
    Parameter::option(
        "top_db",
        Kind::Number { low: 0.0, high: 1000.0 },
        DefaultValue::Absent,
        "range under the clip's maximum that is kept, dB; all of it if not given",
    ),
];

/// The mel options, then those of the logarithm.
const PARAMETERS: [Parameter; OPTIONS.len() + LOG_OPTIONS.len()] = {
    let mut all = [OPTIONS[0]; OPTIONS.len() + LOG_OPTIONS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < OPTIONS.len() { OPTIONS[i] } else { LOG_OPTIONS[i - OPTIONS.len()] };
        i += 1;
    }
    all
};
