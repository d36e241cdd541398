//! Mel-frequency cepstral coefficients as a stage.

use super::mel::{COUNT, OPTIONS, Output, edges_in_order, plan};
use super::per_rate::PerRate;
use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Kind, Parameter, Transform,
    Workspace,
};
use crate::declare::{Preset, Settings};
use crate::dsp::Window;
use crate::features::{Compression, FrontEnd, HtkMfcc, HtkMfccOptions, Mfcc, Reference};
use crate::{Error, Rng};
use DefaultValue::{Flag, Number, Word};
use std::sync::Arc;

/// The orthonormal DCT-II of a mel spectrogram in dB, or HTK's cepstra: see [`Mfcc`] and [`HtkMfcc`].
pub(super) static MFCC: Declaration = Declaration {
    name: "mfcc",
    about: "Computes mel-frequency cepstral coefficients.",
    citation: "Davis & Mermelstein, 1980; as in librosa, or as HTK in python_speech_features",
    parameters: &PARAMETERS,
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> mfcc(#{ style: \"htk\" }); assert(m.shape == [1, 13, 99])",
    build: |settings| match settings.word("style", &STYLES) {
        Style::Htk => Ok(Arc::new(MfccStage::Htk(htk(settings)?))),
        Style::Librosa => Ok(Arc::new(MfccStage::Librosa(librosa(settings)?))),
    },
};

#[derive(Clone, Copy)]
enum Style {
    Librosa,
    Htk,
}

const STYLES: [(&str, Style); 2] = [("librosa", Style::Librosa), ("htk", Style::Htk)];

/// The other defaults of librosa stand in the list of parameters.
const PRESETS: [Preset; 2] = [
    Preset {
        name: STYLES[0].0,
        sets: &[("top_db", Number(80.0))],
    },
    Preset {
        name: STYLES[1].0,
        sets: &[
            ("n_mfcc", Number(13.0)),
            ("lifter", Number(22.0)),
            ("energy", Flag(true)),
            ("n_mels", Number(26.0)),
            ("window", Word("rectangular")),
            ("symmetric_window", Flag(true)),
            ("norm", Word("none")),
            ("mel_scale", Word("htk")),
            ("pad_mode", Word("none")),
            ("preemphasis", Number(0.97)),
        ],
    },
];

const OWN: [Parameter; 6] = [
    Parameter::option(
        "style",
        Kind::Preset(&PRESETS),
        Word("librosa"),
        "\"librosa\": cepstra of dB; \"htk\": of natural logarithms over whole frames of 25 ms, the last one filled up, \
         after pre-emphasis of the whole sound; each sets its own defaults",
    ),
    Parameter::option("n_mfcc", COUNT, Number(20.0), "number of coefficients"),
    Parameter::option(
        "lifter",
        Kind::Number {
            low: 0.0,
            high: 1000.0,
        },
        Number(0.0),
        "length of the sine that raises the middle coefficients; 0 for none",
    ),
    Parameter::option(
        "energy",
        Kind::Flag,
        Flag(false),
        "whether the logarithm of a frame's energy replaces coefficient 0; in style \"htk\" alone",
    ),
    Parameter::option(
        "amin",
        Kind::Number {
            low: 1e-30,
            high: 1e30,
        },
        Number(1e-10),
        "smallest power before dB",
    ),
    Parameter::option(
        "top_db",
        Kind::Number {
            low: 0.0,
            high: 1000.0,
        },
        DefaultValue::Absent,
        "range under the clip's maximum that is kept, dB, 80 in style \"librosa\"; `()` for all of it",
    ),
];

/// The mel options with librosa's defaults, behind the style and what cepstra add.
const PARAMETERS: [Parameter; OWN.len() + OPTIONS.len()] = {
    let mut all = [OWN[0]; OWN.len() + OPTIONS.len()];
    let mut i = 1;
    while i < all.len() {
        all[i] = if i < OWN.len() {
            OWN[i]
        } else {
            as_librosa(OPTIONS[i - OWN.len()])
        };
        i += 1;
    }
    all
};

const fn as_librosa(parameter: Parameter) -> Parameter {
    match parameter.name.as_bytes() {
        b"n_mels" => parameter.with_default(Number(40.0)),
        b"f_min_hz" => parameter.with_default(Number(0.0)),
        b"mel_scale" | b"norm" => parameter.with_default(Word("slaney")),
        b"pad_mode" => parameter.with_default(Word("constant")),
        _ => parameter,
    }
}

fn librosa(settings: &Settings<'_>) -> Result<PerRate<Mfcc>, Error> {
    if settings.flag("energy") {
        return Err(Error::range(
            "energy",
            "false in the style \"librosa\"",
            true,
        ));
    }
    let compression = Compression::Db {
        reference: Reference::Power(1.0),
        amin: settings.number("amin"),
        top_db: settings.number_if("top_db"),
    };
    let mel = plan(settings, compression, Output::default())?;
    let (n_mfcc, lifter) = (coefficients(settings)?, settings.number("lifter"));
    Ok(PerRate::new(move |sample_rate| {
        Mfcc::new(mel.get(sample_rate)?.as_ref().clone(), n_mfcc, lifter)
    }))
}

fn htk(settings: &Settings<'_>) -> Result<PerRate<HtkMfcc>, Error> {
    let fixed = [
        ("mel_scale", "htk"),
        ("norm", "none"),
        ("triangles", "hz"),
        ("pad_mode", "none"),
    ];
    for (name, want) in fixed {
        if let Some(got) = settings.chosen(name).filter(|got| *got != want) {
            return Err(Error::range(
                name,
                format!("\"{want}\" in the style \"htk\""),
                format!("\"{got}\""),
            ));
        }
    }
    let differs = [
        ("power", settings.number("power") != 2.0, "2"),
        (
            "symmetric_window",
            !settings.flag("symmetric_window"),
            "true",
        ),
        ("remove_mean", settings.flag("remove_mean"), "false"),
        ("remove_dc", settings.flag("remove_dc"), "false"),
        ("top_db", settings.number_if("top_db").is_some(), "()"),
    ];
    if let Some((name, _, want)) = differs.into_iter().find(|(_, differs, _)| *differs) {
        return Err(Error::range(
            name,
            format!("{want} in the style \"htk\""),
            "something else",
        ));
    }
    let (n_fft, win_length) = (settings.count_if("n_fft"), settings.count_if("win_length"));
    let hop_length = settings.count_if("hop_length");
    let window = settings.word("window", &Window::WORDS);
    let (f_min_hz, f_max_hz) = (settings.number("f_min_hz"), settings.number_if("f_max_hz"));
    edges_in_order(f_min_hz, f_max_hz)?;
    let (n_mfcc, n_mels) = (coefficients(settings)?, settings.count("n_mels"));
    let (lifter, energy) = (settings.number("lifter"), settings.flag("energy"));
    let preemphasis = settings.number("preemphasis");
    Ok(PerRate::new(move |sample_rate| {
        let rate = f64::from(sample_rate);
        let win_length = win_length.unwrap_or((0.025 * rate).round().max(1.0) as usize);
        HtkMfcc::new(HtkMfccOptions {
            sample_rate,
            n_fft: n_fft.unwrap_or(win_length.next_power_of_two()),
            win_length,
            hop_length: hop_length.unwrap_or((0.01 * rate).round().max(1.0) as usize),
            window,
            preemphasis,
            n_mels,
            f_min_hz,
            f_max_hz: f_max_hz.unwrap_or(rate / 2.0),
            n_mfcc,
            lifter,
            energy,
        })
    }))
}

fn coefficients(settings: &Settings<'_>) -> Result<usize, Error> {
    let (n_mfcc, n_mels) = (settings.count("n_mfcc"), settings.count("n_mels"));
    if n_mfcc > n_mels {
        return Err(Error::range(
            "n_mfcc",
            format!("within 1..={n_mels} (`n_mels`)"),
            n_mfcc,
        ));
    }
    Ok(n_mfcc)
}

enum MfccStage {
    Librosa(PerRate<Mfcc>),
    Htk(PerRate<HtkMfcc>),
}

impl Transform for MfccStage {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (samples, n_channels) = (&work.samples, work.n_channels.max(1));
        match self {
            MfccStage::Librosa(made) => {
                made.get(work.sample_rate)?.apply(
                    samples,
                    n_channels,
                    &mut work.mel,
                    &mut work.features,
                )?;
            }
            MfccStage::Htk(made) => {
                made.get(work.sample_rate)?.apply(
                    samples,
                    n_channels,
                    &mut work.mel,
                    &mut work.features,
                )?;
            }
        }
        work.now_features();
        Ok(())
    }
}
