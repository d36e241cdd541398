//! The log-mel spectrogram as a stage.

use super::mel::{COUNT, MelStage, OPTIONS, Output, plan};
use super::{Accepts, Declaration, DefaultValue, Domain, Flows, Kind, Parameter};
use crate::declare::{Preset, Settings, words};
use crate::features::{Compression, Normalization, Reference};
use DefaultValue::{Flag, Number, Word};
use std::sync::Arc;

/// `ln(mel + offset)`, `ln(max(mel, amin))`, or `10 log10(max(mel, amin) / reference)` limited to `top_db` under its
/// maximum; then `(x - mean) / deviation`. Presets are the front-ends of well-known models.
pub(super) static LOG_MEL: Declaration = Declaration {
    name: "log_mel",
    about: "Computes the log-mel spectrogram, the usual input of an encoder.",
    citation: "Davis & Mermelstein, 1980; scales, norms and presets as in librosa, torchaudio, VGGish, AST and CLAR",
    parameters: &PARAMETERS,
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> log_mel(#{ preset: \"vggish\", n_mels: 40 }); assert(m.shape == [1, 40, 98])",
    build: |settings| {
        Ok(Arc::new(MelStage(plan(
            settings,
            compression(settings),
            output(settings),
        )?)))
    },
};

#[derive(Clone, Copy)]
enum Log {
    Ln,
    Db,
    LnFloor,
}

const LOGS: [(&str, Log); 3] = [("ln", Log::Ln), ("db", Log::Db), ("ln_floor", Log::LnFloor)];
const POWER: Kind = Kind::Number {
    low: 1e-30,
    high: 1e30,
};

fn compression(settings: &Settings<'_>) -> Compression {
    let amin = settings.number("amin");
    match settings.word("log", &LOGS) {
        Log::Db => Compression::Db {
            reference: match settings.number_if("reference") {
                Some(power) => Reference::Power(power),
                None => Reference::Max,
            },
            amin,
            top_db: settings.number_if("top_db"),
        },
        Log::LnFloor => Compression::LnFloor { amin },
        _ => Compression::Ln {
            offset: settings.number("offset"),
        },
    }
}

fn output(settings: &Settings<'_>) -> Output {
    Output {
        n_frames: settings.count_if("n_frames"),
        normalization: Normalization {
            mean: settings.number("mean"),
            deviation: settings.number("deviation"),
        },
    }
}

const LOG_OPTIONS: [Parameter; 9] = [
    Parameter::option(
        "preset",
        Kind::Preset(&PRESETS),
        DefaultValue::Absent,
        "a model or library whose values become the defaults of the other options; sizes are for its own sample rate",
    ),
    Parameter::option(
        "log",
        Kind::Word(&words(&LOGS)),
        Word("ln"),
        "natural logarithm of the mel plus `offset`, or of at least `amin`, or dB",
    ),
    Parameter::option(
        "offset",
        POWER,
        Number(1e-6),
        "added before the natural logarithm",
    ),
    Parameter::option(
        "reference",
        Kind::WordOrNumber {
            words: &["max"],
            low: 1e-30,
            high: 1e30,
        },
        Number(1.0),
        "power that is 0 dB, or the largest in the clip",
    ),
    Parameter::option(
        "amin",
        POWER,
        Number(1e-10),
        "smallest power before the logarithm of a floor or dB is taken",
    ),
    Parameter::option(
        "top_db",
        Kind::Number {
            low: 0.0,
            high: 1000.0,
        },
        DefaultValue::Absent,
        "range under the clip's maximum that is kept, dB; all of it if not given",
    ),
    N_FRAMES,
    MEAN,
    DEVIATION,
];

pub(super) const N_FRAMES: Parameter = Parameter::option(
    "n_frames",
    COUNT,
    DefaultValue::Absent,
    "frames to cut to, or to fill up to with zeros before the normalization; all there are if not given",
);
pub(super) const MEAN: Parameter = Parameter::option(
    "mean",
    Kind::Number {
        low: -1e9,
        high: 1e9,
    },
    Number(0.0),
    "subtracted at the end",
);
pub(super) const DEVIATION: Parameter = Parameter::option(
    "deviation",
    Kind::Number {
        low: 1e-9,
        high: 1e9,
    },
    Number(1.0),
    "what is left is divided by this at the end",
);

/// What log-mel spectrograms of others are made with. Kaldi's triangles leave the bin at half the sample rate unused, as a
/// band that ends there does anyway.
const PRESETS: [Preset; 7] = [
    // Hershey et al., "CNN Architectures for Large-Scale Audio Classification", 2017, and its published code; 16 kHz.
    Preset {
        name: "vggish",
        sets: &[
            ("n_fft", Number(512.0)),
            ("win_length", Number(400.0)),
            ("hop_length", Number(160.0)),
            ("pad_mode", Word("snip")),
            ("n_mels", Number(64.0)),
            ("f_min_hz", Number(125.0)),
            ("f_max_hz", Number(7500.0)),
            ("triangles", Word("mel")),
            ("power", Number(1.0)),
            ("offset", Number(0.01)),
        ],
    },
    // Gong et al., "AST: Audio Spectrogram Transformer", 2021, and its published code; 16 kHz, 10.24 s.
    Preset {
        name: "ast",
        sets: &[
            ("n_fft", Number(512.0)),
            ("win_length", Number(400.0)),
            ("hop_length", Number(160.0)),
            ("pad_mode", Word("snip")),
            ("symmetric_window", Flag(true)),
            ("remove_mean", Flag(true)),
            ("remove_dc", Flag(true)),
            ("preemphasis", Number(0.97)),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(20.0)),
            ("triangles", Word("mel")),
            ("log", Word("ln_floor")),
            ("amin", Number(KALDI_FLOOR)),
            ("n_frames", Number(1024.0)),
            ("mean", Number(AST_MEAN)),
            ("deviation", Number(AST_DEVIATION)),
        ],
    },
    // Bae et al., "Patch-Mix Contrastive Learning with AST", 2023, and its published code: AST's, the mean left in; 16 kHz.
    Preset {
        name: "patch_mix",
        sets: &[
            ("n_fft", Number(512.0)),
            ("win_length", Number(400.0)),
            ("hop_length", Number(160.0)),
            ("pad_mode", Word("snip")),
            ("symmetric_window", Flag(true)),
            ("remove_dc", Flag(true)),
            ("preemphasis", Number(0.97)),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(20.0)),
            ("triangles", Word("mel")),
            ("log", Word("ln_floor")),
            ("amin", Number(KALDI_FLOOR)),
            ("mean", Number(AST_MEAN)),
            ("deviation", Number(AST_DEVIATION)),
        ],
    },
    // Al-Tahan & Mohsenzadeh, "CLAR", 2021: the mel channel of the published code; 16 kHz.
    Preset {
        name: "clar",
        sets: &[
            ("n_fft", Number(2048.0)),
            ("hop_length", Number(128.0)),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(40.0)),
            ("f_max_hz", Number(8000.0)),
            ("mel_scale", Word("slaney")),
            ("norm", Word("sum")),
            ("log", Word("db")),
            ("amin", Number(1e-5)),
            ("reference", Number(10.0)),
        ],
    },
    // The same with the windows of 16 ms that the paper describes. Such a transform has no bin in some low bands of 128.
    Preset {
        name: "clar_paper",
        sets: &[
            ("n_fft", Number(256.0)),
            ("hop_length", Number(128.0)),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(40.0)),
            ("f_max_hz", Number(8000.0)),
            ("mel_scale", Word("slaney")),
            ("norm", Word("sum")),
            ("log", Word("db")),
            ("amin", Number(1e-5)),
            ("reference", Number(10.0)),
        ],
    },
    // `librosa.power_to_db(librosa.feature.melspectrogram(y=x, sr=sr))`, 0.10 and later.
    Preset {
        name: "librosa",
        sets: &[
            ("n_fft", Number(2048.0)),
            ("hop_length", Number(512.0)),
            ("pad_mode", Word("constant")),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(0.0)),
            ("mel_scale", Word("slaney")),
            ("norm", Word("slaney")),
            ("log", Word("db")),
            ("top_db", Number(80.0)),
        ],
    },
    // `torchaudio.transforms.MelSpectrogram` and `AmplitudeToDB(top_db=80)`.
    Preset {
        name: "torchaudio",
        sets: &[
            ("n_fft", Number(400.0)),
            ("hop_length", Number(200.0)),
            ("n_mels", Number(128.0)),
            ("f_min_hz", Number(0.0)),
            ("log", Word("db")),
            ("top_db", Number(80.0)),
        ],
    },
];

/// The spacing of single precision at 1, under which Kaldi takes no logarithm.
pub(super) const KALDI_FLOOR: f64 = 1.192_092_9e-7;
const AST_MEAN: f64 = -4.267_739_3;
/// Twice the deviation over AudioSet, as AST divides.
const AST_DEVIATION: f64 = 2.0 * 4.568_997_4;

/// The preset, the mel options, then those of the logarithm.
const PARAMETERS: [Parameter; OPTIONS.len() + LOG_OPTIONS.len()] = {
    let mut all = [LOG_OPTIONS[0]; OPTIONS.len() + LOG_OPTIONS.len()];
    let mut i = 1;
    while i < all.len() {
        all[i] = if i <= OPTIONS.len() {
            OPTIONS[i - 1]
        } else {
            LOG_OPTIONS[i - OPTIONS.len()]
        };
        i += 1;
    }
    all
};
