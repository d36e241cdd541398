//! The mel spectrogram as a stage, and what all stages over it share.

use super::declaration::Settings;
use super::{Accepts, Declaration, DefaultValue, Domain, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::dsp::{PadMode, StftOptions, Window};
use crate::features::{Compression, LogMel, MelNorm, MelOptions, MelScale};
use crate::{Error, Rng};
use smallvec::SmallVec;
use std::sync::{Arc, RwLock};

/// The power of each mel band in each frame.
pub(super) static MEL: Declaration = Declaration {
    name: "mel",
    about: "Computes the mel spectrogram, not compressed.",
    citation: "Davis & Mermelstein, 1980; scales and norms as in librosa and torchaudio",
    parameters: &OPTIONS,
    accepts: Accepts::Wave,
    gives: Some(Domain::Features),
    draws: &[],
    example: "let m = tone(440, 1) |> mel(#{ n_mels: 40 }); assert(m.shape == [1, 40, 101])",
    build: |settings| Ok(Arc::new(MelStage::new(settings, Compression::None)?)),
};

/// The options of a mel spectrogram.
pub(super) const OPTIONS: [Parameter; 11] = [
    Parameter::option("n_mels", COUNT, DefaultValue::Number(64.0), "number of mel bands"),
    Parameter::option(
        "n_fft",
        COUNT,
        DefaultValue::Absent,
        "size of the transform, samples; 32 ms rounded up to a power of two if not given",
    ),
    Parameter::option("win_length", COUNT, DefaultValue::Absent, "length of the window, samples; `n_fft` if not given"),
    Parameter::option("hop_length", COUNT, DefaultValue::Absent, "samples from frame to frame; 10 ms if not given"),
    Parameter::option(
        "window",
        Kind::Word(&Window::NAMES),
        DefaultValue::Word("hann"),
        "shape of the window, periodic",
    ),
    Parameter::option("f_min_hz", HERTZ, DefaultValue::Number(50.0), "lower edge of the lowest band, Hz"),
    Parameter::option(
        "f_max_hz",
        HERTZ,
        DefaultValue::Absent,
        "upper edge of the highest band, Hz; half the sample rate if not given",
    ),
    Parameter::option("mel_scale", Kind::Word(&MelScale::NAMES), DefaultValue::Word("htk"), "mapping from Hz to mel"),
    Parameter::option(
        "norm",
        Kind::Word(&MelNorm::NAMES),
        DefaultValue::Word("none"),
        "scaling of the bands: peak 1, or equal area",
    ),
    Parameter::option(
        "power",
        Kind::Number { low: 0.1, high: 4.0 },
        DefaultValue::Number(2.0),
        "exponent of the magnitude: 2 for power, 1 for magnitude",
    ),
    Parameter::option(
        "pad_mode",
        Kind::Word(&PADDING),
        DefaultValue::Word("reflect"),
        "what a centred frame sees beyond the ends; \"none\" starts frames at their first sample",
    ),
];

const COUNT: Kind = Kind::Count { low: 1.0, high: 1_048_576.0 };
const HERTZ: Kind = Kind::Number { low: 0.0, high: 1e6 };
const PADDING: [&str; 3] = [PadMode::NAMES[0], PadMode::NAMES[1], "none"];

/// A mel spectrogram whose filter bank is made when the sample rate is known.
pub(super) struct MelStage {
    n_mels: usize,
    n_fft: Option<usize>,
    win_length: Option<usize>,
    hop_length: Option<usize>,
    window: Window,
    f_min_hz: f64,
    f_max_hz: Option<f64>,
    mel_scale: MelScale,
    norm: MelNorm,
    power: f64,
    padding: Option<PadMode>,
    compression: Compression,
    made: RwLock<SmallVec<[Arc<LogMel>; 2]>>,
}

impl MelStage {
    pub(super) fn new(settings: &Settings<'_>, compression: Compression) -> Result<MelStage, Error> {
        let chosen = |name, words: &[&str]| settings.word(name, words).unwrap_or(0);
        let stage = MelStage {
            n_mels: settings.count("n_mels").unwrap_or(64),
            n_fft: settings.count("n_fft"),
            win_length: settings.count("win_length"),
            hop_length: settings.count("hop_length"),
            window: Window::ALL[chosen("window", &Window::NAMES)],
            f_min_hz: settings.number("f_min_hz").unwrap_or(0.0),
            f_max_hz: settings.number("f_max_hz"),
            mel_scale: MelScale::ALL[chosen("mel_scale", &MelScale::NAMES)],
            norm: MelNorm::ALL[chosen("norm", &MelNorm::NAMES)],
            power: settings.number("power").unwrap_or(2.0),
            padding: PadMode::ALL.get(chosen("pad_mode", &PADDING)).copied(),
            compression,
            made: RwLock::default(),
        };
        // What can be known to be wrong without a sound is said when the recipe is built.
        if let (Some(n_fft), Some(win_length)) = (stage.n_fft, stage.win_length)
            && win_length > n_fft
        {
            return Err(Error::range("win_length", format!("within 1..={n_fft} (`n_fft`)"), win_length));
        }
        if let Some(f_max_hz) = stage.f_max_hz
            && stage.f_min_hz >= f_max_hz
        {
            return Err(Error::range("f_min_hz", format!("below `f_max_hz`, {f_max_hz} Hz"), stage.f_min_hz));
        }
        Ok(stage)
    }

    fn for_rate(&self, sample_rate: u32) -> Result<Arc<LogMel>, Error> {
        let same = |mel: &&Arc<LogMel>| mel.options().sample_rate == sample_rate;
        // A poisoned lock holds a list that is still whole: nothing can fail between its changes.
        let known = self.made.read().unwrap_or_else(|poisoned| poisoned.into_inner()).iter().find(same).cloned();
        if let Some(mel) = known {
            return Ok(mel);
        }
        let rate = f64::from(sample_rate);
        let win_length = self.win_length.or(self.n_fft);
        let n_fft =
            self.n_fft.unwrap_or_else(|| win_length.unwrap_or((0.032 * rate).ceil() as usize).next_power_of_two());
        let mel = Arc::new(LogMel::new(MelOptions {
            sample_rate,
            stft: StftOptions {
                n_fft,
                win_length: win_length.unwrap_or(n_fft),
                hop_length: self.hop_length.unwrap_or((0.01 * rate).round().max(1.0) as usize),
                window: self.window,
                center: self.padding.is_some(),
                pad_mode: self.padding.unwrap_or(PadMode::Zeros),
            },
            n_mels: self.n_mels,
            f_min_hz: self.f_min_hz,
            f_max_hz: self.f_max_hz.unwrap_or(rate / 2.0),
            mel_scale: self.mel_scale,
            norm: self.norm,
            power: self.power,
            compression: self.compression,
        })?);
        self.made.write().unwrap_or_else(|poisoned| poisoned.into_inner()).push(mel.clone());
        Ok(mel)
    }
}

impl Transform for MelStage {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let mel = self.for_rate(work.sample_rate)?;
        mel.apply(&work.samples, work.n_channels.max(1), &mut work.mel, &mut work.features)?;
        work.now_features();
        Ok(())
    }
}
