//! Kaldi's filter banks as a stage.

use super::log_mel::{DEVIATION, KALDI_FLOOR, MEAN, N_FRAMES};
use super::mel::{
    COUNT, F_MAX_HZ, HERTZ, MelStage, POWER, PREEMPHASIS, REMOVE_DC, REMOVE_MEAN, WINDOW,
    edges_in_order,
};
use super::per_rate::PerRate;
use super::{Accepts, Declaration, DefaultValue, Domain, Flows, Kind, Parameter};
use crate::dsp::{FrameExtent, FrameOptions, PadMode, StftOptions, Window};
use crate::features::{
    Compression, LogMel, MelNorm, MelOptions, MelScale, Normalization, Triangles,
};
use std::sync::Arc;

/// `ln(max(mel, 2^-23))` over frames of 25 ms that lie wholly in the sound: their mean is removed, then
/// `y[n] = x[n] - 0.97 x[n - 1]`, then a symmetric window; zeros follow up to the next power of two. Triangles are straight
/// in mel, `1127 ln(1 + f / 700)`.
pub(super) static KALDI_FBANK: Declaration = Declaration {
    name: "kaldi_fbank",
    about: "Computes the logarithm of mel filter banks as Kaldi does, without dither and energy.",
    citation: "Kaldi's compute-fbank-feats, as in torchaudio.compliance.kaldi.fbank",
    parameters: &[
        Parameter::option(
            "n_mels",
            COUNT,
            DefaultValue::Number(23.0),
            "number of mel bands",
        ),
        Parameter::option(
            "frame_length_ms",
            MILLISECONDS,
            DefaultValue::Number(25.0),
            "length of a frame, ms, rounded down to samples",
        ),
        Parameter::option(
            "frame_shift_ms",
            MILLISECONDS,
            DefaultValue::Number(10.0),
            "time from frame to frame, ms, rounded down to samples",
        ),
        WINDOW.with_default(DefaultValue::Word("povey")),
        Parameter::option(
            "preemphasis",
            PREEMPHASIS,
            DefaultValue::Number(0.97),
            "c of y[n] = x[n] - c x[n - 1], in each frame",
        ),
        REMOVE_MEAN,
        REMOVE_DC.with_default(DefaultValue::Flag(true)),
        POWER,
        Parameter::option(
            "f_min_hz",
            HERTZ,
            DefaultValue::Number(20.0),
            "lower edge of the lowest band, Hz",
        ),
        F_MAX_HZ,
        Parameter::option(
            "log",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether the natural logarithm of the bands is taken",
        ),
        N_FRAMES,
        MEAN,
        DEVIATION,
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> kaldi_fbank(#{ n_mels: 80 }); assert(m.shape == [1, 80, 98])",
    build: |settings| {
        let length_ms = settings.number("frame_length_ms");
        let shift_ms = settings.number("frame_shift_ms");
        let f_min_hz = settings.number("f_min_hz");
        let f_max_hz = settings.number_if("f_max_hz");
        edges_in_order(f_min_hz, f_max_hz)?;
        let frame = FrameOptions {
            extent: FrameExtent::Window,
            symmetric_window: true,
            remove_dc: settings.flag("remove_dc"),
            preemphasis: settings.number("preemphasis"),
        };
        let window = settings.word("window", &Window::WORDS);
        let (n_mels, power) = (settings.count("n_mels"), settings.number("power"));
        let (remove_mean, log) = (settings.flag("remove_mean"), settings.flag("log"));
        let n_frames = settings.count_if("n_frames");
        let normalization = Normalization {
            mean: settings.number("mean"),
            deviation: settings.number("deviation"),
        };
        Ok(Arc::new(MelStage(PerRate::new(move |sample_rate| {
            let rate = f64::from(sample_rate);
            // Kaldi rounds down, in this order of products.
            let samples = |ms: f64| ((rate * ms * 0.001) as usize).max(1);
            LogMel::new(MelOptions {
                sample_rate,
                remove_mean,
                stft: StftOptions {
                    n_fft: samples(length_ms).next_power_of_two(),
                    win_length: samples(length_ms),
                    hop_length: samples(shift_ms),
                    window,
                    center: false,
                    pad_mode: PadMode::Zeros,
                },
                frame,
                n_mels,
                f_min_hz,
                f_max_hz: f_max_hz.unwrap_or(rate / 2.0),
                mel_scale: MelScale::Htk,
                triangles: Triangles::Mel,
                norm: MelNorm::None,
                power,
                compression: if log {
                    Compression::LnFloor { amin: KALDI_FLOOR }
                } else {
                    Compression::None
                },
                n_frames,
                normalization,
            })
        }))))
    },
};

const MILLISECONDS: Kind = Kind::Number {
    low: 0.01,
    high: 10_000.0,
};
