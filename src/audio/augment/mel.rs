//! The mel spectrogram as a stage, and what all stages over it share.

use super::per_rate::PerRate;
use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Kind, Parameter, Transform,
    Workspace,
};
use crate::declare::{Settings, words};
use crate::dsp::{FrameExtent, FrameOptions, PadMode, StftOptions, Window};
use crate::features::{
    Compression, FrontEnd, LogMel, MelNorm, MelOptions, MelScale, Normalization, Triangles,
};
use crate::{Error, Rng};
use std::sync::Arc;

/// The power of each mel band in each frame.
pub(super) static MEL: Declaration = Declaration {
    name: "mel",
    about: "Computes the mel spectrogram, not compressed.",
    citation: "Davis & Mermelstein, 1980; scales and norms as in librosa and torchaudio",
    parameters: &OPTIONS,
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> mel(#{ n_mels: 40 }); assert(m.shape == [1, 40, 101])",
    build: |settings| {
        Ok(Arc::new(MelStage(plan(
            settings,
            Compression::None,
            Output::default(),
        )?)))
    },
};

/// The options of a mel spectrogram.
pub(super) const OPTIONS: [Parameter; 16] = [
    Parameter::option(
        "n_mels",
        COUNT,
        DefaultValue::Number(64.0),
        "number of mel bands",
    ),
    Parameter::option(
        "n_fft",
        COUNT,
        DefaultValue::Absent,
        "size of the transform, samples; 32 ms rounded up to a power of two if not given",
    ),
    Parameter::option(
        "win_length",
        COUNT,
        DefaultValue::Absent,
        "length of the window, samples; `n_fft` if not given",
    ),
    Parameter::option(
        "hop_length",
        COUNT,
        DefaultValue::Absent,
        "samples from frame to frame; 10 ms if not given",
    ),
    WINDOW,
    Parameter::option(
        "symmetric_window",
        Kind::Flag,
        DefaultValue::Flag(false),
        "whether the window is symmetric instead of periodic",
    ),
    Parameter::option(
        "f_min_hz",
        HERTZ,
        DefaultValue::Number(50.0),
        "lower edge of the lowest band, Hz",
    ),
    F_MAX_HZ,
    Parameter::option(
        "mel_scale",
        Kind::Word(&words(&MelScale::WORDS)),
        DefaultValue::Word("htk"),
        "mapping from Hz to mel",
    ),
    Parameter::option(
        "triangles",
        Kind::Word(&words(&Triangles::WORDS)),
        DefaultValue::Word("hz"),
        "axis on which the sides of the bands are straight",
    ),
    Parameter::option(
        "norm",
        Kind::Word(&words(&MelNorm::WORDS)),
        DefaultValue::Word("none"),
        "scaling of the bands: peak 1, equal area, or sum 1",
    ),
    POWER,
    Parameter::option(
        "pad_mode",
        Kind::Word(&words(&PADDING)),
        DefaultValue::Word("reflect"),
        "what a centred frame sees beyond the ends; \"none\" starts frames at their first sample; \"snip\" does, and \
         cuts frames of `win_length` instead of `n_fft`",
    ),
    Parameter::option(
        "preemphasis",
        PREEMPHASIS,
        DefaultValue::Number(0.0),
        "c of y[n] = x[n] - c x[n - 1], in each frame; 0 for none",
    ),
    REMOVE_MEAN,
    REMOVE_DC,
];

pub(super) const WINDOW: Parameter = Parameter::option(
    "window",
    Kind::Word(&words(&Window::WORDS)),
    DefaultValue::Word("hann"),
    "shape of the window",
);
pub(super) const F_MAX_HZ: Parameter = Parameter::option(
    "f_max_hz",
    HERTZ,
    DefaultValue::Absent,
    "upper edge of the highest band, Hz; half the sample rate if not given",
);
pub(super) const POWER: Parameter = Parameter::option(
    "power",
    Kind::Number {
        low: 0.1,
        high: 4.0,
    },
    DefaultValue::Number(2.0),
    "exponent of the magnitude: 2 for power, 1 for magnitude",
);
pub(super) const REMOVE_MEAN: Parameter = Parameter::option(
    "remove_mean",
    Kind::Flag,
    DefaultValue::Flag(false),
    "whether the mean of the clip is subtracted first",
);
pub(super) const REMOVE_DC: Parameter = Parameter::option(
    "remove_dc",
    Kind::Flag,
    DefaultValue::Flag(false),
    "whether its mean is subtracted from each frame",
);
pub(super) const COUNT: Kind = Kind::Count {
    low: 1.0,
    high: 1_048_576.0,
};
pub(super) const HERTZ: Kind = Kind::Number {
    low: 0.0,
    high: 1e6,
};
pub(super) const PREEMPHASIS: Kind = Kind::Number {
    low: 0.0,
    high: 1.0,
};
/// What stands before the first frame and behind the last.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Padding {
    /// The signal is extended, so that a frame is centred on its first sample.
    Centred(PadMode),
    /// Nothing: the first frame begins with the first sample, and a frame needs a whole transform.
    None,
    /// Nothing, and a frame needs a whole window.
    Snip,
}

pub(super) const PADDING: [(&str, Padding); 4] = [
    ("reflect", Padding::Centred(PadMode::Reflect)),
    ("constant", Padding::Centred(PadMode::Zeros)),
    ("none", Padding::None),
    ("snip", Padding::Snip),
];

/// A mel spectrogram whose filter bank is made when the sample rate is known.
pub(super) struct MelStage(pub(super) PerRate<LogMel>);

/// What happens after the compression.
#[derive(Clone, Copy, Default)]
pub(super) struct Output {
    pub(super) n_frames: Option<usize>,
    pub(super) normalization: Normalization,
}

/// The mel spectrogram that some settings with all of [`OPTIONS`] ask for, for any sample rate.
///
/// # Errors
/// [`Error::Range`] for what can be known to be wrong without a sound.
pub(super) fn plan(
    settings: &Settings<'_>,
    compression: Compression,
    output: Output,
) -> Result<PerRate<LogMel>, Error> {
    let (n_fft, win_length) = (settings.count_if("n_fft"), settings.count_if("win_length"));
    let hop_length = settings.count_if("hop_length");
    let f_min_hz = settings.number("f_min_hz");
    let f_max_hz = settings.number_if("f_max_hz");
    let padding = settings.word("pad_mode", &PADDING);
    let pad_mode = match padding {
        Padding::Centred(mode) => Some(mode),
        Padding::None | Padding::Snip => None,
    };
    let options = MelOptions {
        sample_rate: 0,
        remove_mean: settings.flag("remove_mean"),
        stft: StftOptions {
            n_fft: 0,
            win_length: 0,
            hop_length: 0,
            window: settings.word("window", &Window::WORDS),
            center: pad_mode.is_some(),
            pad_mode: pad_mode.unwrap_or(PadMode::Zeros),
        },
        frame: FrameOptions {
            extent: if padding == Padding::Snip {
                FrameExtent::Window
            } else {
                FrameExtent::Transform
            },
            symmetric_window: settings.flag("symmetric_window"),
            remove_dc: settings.flag("remove_dc"),
            preemphasis: settings.number("preemphasis"),
        },
        n_mels: settings.count("n_mels"),
        f_min_hz,
        f_max_hz: 0.0,
        mel_scale: settings.word("mel_scale", &MelScale::WORDS),
        triangles: settings.word("triangles", &Triangles::WORDS),
        norm: settings.word("norm", &MelNorm::WORDS),
        power: settings.number("power"),
        compression,
        n_frames: output.n_frames,
        normalization: output.normalization,
    };
    if let (Some(n_fft), Some(win_length)) = (n_fft, win_length)
        && win_length > n_fft
    {
        return Err(Error::range(
            "win_length",
            format!("within 1..={n_fft} (`n_fft`)"),
            win_length,
        ));
    }
    edges_in_order(f_min_hz, f_max_hz)?;
    Ok(PerRate::new(move |sample_rate| {
        let rate = f64::from(sample_rate);
        let win_length = win_length.or(n_fft);
        let n_fft = n_fft.unwrap_or_else(|| {
            win_length
                .unwrap_or((0.032 * rate).ceil() as usize)
                .next_power_of_two()
        });
        LogMel::new(MelOptions {
            sample_rate,
            stft: StftOptions {
                n_fft,
                win_length: win_length.unwrap_or(n_fft),
                hop_length: hop_length.unwrap_or((0.01 * rate).round().max(1.0) as usize),
                ..options.stft
            },
            f_max_hz: f_max_hz.unwrap_or(rate / 2.0),
            ..options
        })
    }))
}

/// Checks edges that are known before the sample rate is.
pub(super) fn edges_in_order(f_min_hz: f64, f_max_hz: Option<f64>) -> Result<(), Error> {
    match f_max_hz {
        Some(f_max_hz) if f_min_hz >= f_max_hz => Err(Error::range(
            "f_min_hz",
            format!("below `f_max_hz`, {f_max_hz} Hz"),
            f_min_hz,
        )),
        _ => Ok(()),
    }
}

impl Transform for MelStage {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mel = self.0.get(work.sample_rate)?;
        mel.apply(
            &work.samples,
            work.n_channels.max(1),
            &mut work.mel,
            &mut work.features,
        )?;
        work.now_features();
        Ok(())
    }

    fn log_mel(&self, sample_rate: u32) -> Option<Result<Arc<LogMel>, Error>> {
        Some(self.0.get(sample_rate))
    }
}
