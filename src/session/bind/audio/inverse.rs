//! Features made from numbers, and the way from a spectrogram back to a sound.

use super::super::Environment;
use crate::script::{Call, FromScript, Function, ScriptError, Topic};
use auricle_audio::declare::words;
use auricle_audio::dsp::{
    GriffinLimOptions, Istft, IstftScratch, PadMode, StftOptions, Window, griffin_lim,
};
use auricle_audio::features::Features;
use auricle_audio::{Error, Key, Place, Waveform};
use rhai::{Array, Dynamic};
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![features(), istft(), from_magnitudes(environment)]
}

fn features() -> Function {
    Function::new("features", Topic::Stages, |call| {
        let values = call.get::<Array>("values")?;
        let wrong = || call.wrong("values", "an array of bands, each an array of numbers; or an array of such arrays");
        let bands = |channel: &Dynamic| -> Result<Vec<Vec<f64>>, ScriptError> {
            channel
                .clone()
                .into_array()
                .map_err(|_| wrong())?
                .iter()
                .map(|b| Vec::from_script(b).ok_or_else(wrong))
                .collect()
        };
        let nested = values.first().and_then(|first| first.clone().into_array().ok());
        let channels = match nested.and_then(|first| first.first().map(Dynamic::is_array)) {
            Some(true) => values.iter().map(bands).collect::<Result<Vec<_>, _>>()?,
            _ => vec![bands(&Dynamic::from_array(values))?],
        };
        let n_bands = channels[0].len();
        let n_frames = channels[0].first().map_or(0, Vec::len);
        if channels.iter().any(|c| c.len() != n_bands || c.iter().any(|band| band.len() != n_frames)) {
            return Err(ScriptError::new("all bands must be equally long, and all channels have as many"));
        }
        let values: Vec<f32> = channels.iter().flatten().flatten().map(|&v| v as f32).collect();
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::BadSample { what: "the features".into(), index, value: values[index] }.into());
        }
        Ok(Dynamic::from(Arc::new(Features { values, n_channels: channels.len(), n_bands, n_frames, ..Features::default() })))
    })
    .about("Makes features from numbers.")
    .param::<Array>(
        "values",
        "an array for each band, with a number for each frame; or an array of those for each channel",
    )
    .returns("features")
    .example("assert(features([[1, 2, 3], [4, 5, 6]]).shape == [1, 2, 3])")
}

/// The options that say which transform gave a spectrogram: those of `stft`, with its defaults.
fn of_a_transform(function: Function) -> Function {
    function
        .option::<u32>("sample_rate", 16_000, "samples per second of the sound, Hz")
        .option::<Option<usize>>("n_fft", (), "size of the transform, samples; twice the bands less one if not given")
        .option::<Option<usize>>("win_length", (), "length of the window, samples; `n_fft` if not given")
        .option::<Option<usize>>("hop_length", (), "samples from frame to frame; 10 ms if not given")
        .option::<String>("window", "hann", "\"hann\", \"hamming\", \"blackman\" or \"rectangular\"")
        .option::<String>(
            "pad_mode",
            "reflect",
            "\"reflect\", \"constant\" or \"none\", as the transform had it; \"none\" started frames at their first sample",
        )
        .words("window", &words(&Window::WORDS))
        .words("pad_mode", &words(&PADDING))
        .option::<Option<usize>>("length", (), "samples of the sound; as many as the frames are for if not given")
        .returns("wave")
}

/// How the transform extended the sound; `None` where frames started at its first sample.
const PADDING: [(&str, Option<PadMode>); 3] = [
    ("reflect", Some(PadMode::Reflect)),
    ("constant", Some(PadMode::Zeros)),
    ("none", None),
];

fn transform_of(call: &Call<'_>, magnitudes: &Features) -> Result<(StftOptions, u32), ScriptError> {
    let sample_rate = call.get::<u32>("sample_rate")?;
    let n_fft = call
        .get::<Option<usize>>("n_fft")?
        .unwrap_or(2 * magnitudes.n_bands.saturating_sub(1));
    if n_fft / 2 + 1 != magnitudes.n_bands {
        let wanted = format!(
            "a size of {} bands, such as {}",
            magnitudes.n_bands,
            2 * magnitudes.n_bands.max(1) - 2
        );
        return Err(Error::range("n_fft", wanted, n_fft).into());
    }
    let ten_ms = (f64::from(sample_rate) * 0.01).round().max(1.0) as usize;
    let padding = call.chosen("pad_mode", &PADDING)?;
    let options = StftOptions {
        n_fft,
        win_length: call.get::<Option<usize>>("win_length")?.unwrap_or(n_fft),
        hop_length: call.get::<Option<usize>>("hop_length")?.unwrap_or(ten_ms),
        window: call.chosen("window", &Window::WORDS)?,
        center: padding.is_some(),
        pad_mode: padding.unwrap_or(PadMode::Zeros),
    };
    Ok((options, sample_rate))
}

fn istft() -> Function {
    let function = Function::new("istft", Topic::Stages, |call| {
        let (magnitude, phase): (Arc<Features>, Arc<Features>) =
            (call.value("magnitude")?, call.value("phase")?);
        if magnitude.shape() != phase.shape() {
            let (left, right) = (
                format!("{:?}", magnitude.shape()),
                format!("{:?}", phase.shape()),
            );
            return Err(Error::Mismatch {
                what: "the shapes of `magnitude` and `phase`",
                left,
                right,
            }
            .into());
        }
        let (options, sample_rate) = transform_of(call, &magnitude)?;
        let istft = Istft::new(options)?;
        let length = call
            .get::<Option<usize>>("length")?
            .unwrap_or_else(|| istft.n_samples(magnitude.n_frames));
        let mut samples = vec![0.0; length * magnitude.n_channels];
        let mut scratch = IstftScratch::default();
        for (channel, out) in samples.chunks_exact_mut(length.max(1)).enumerate() {
            istft.begin(length, &mut scratch);
            for frame in 0..magnitude.n_frames {
                let bin = |band| {
                    (
                        magnitude.band(channel, band)[frame].into(),
                        phase.band(channel, band)[frame].into(),
                    )
                };
                istft.add_polar(frame, (0..magnitude.n_bands).map(bin), &mut scratch);
            }
            istft.finish(&scratch, |i, y| out[i] = y);
        }
        Ok(Dynamic::from(Waveform::new(
            samples,
            magnitude.n_channels,
            sample_rate,
        )?))
    })
    .about(
        "Gives back the sound whose short-time Fourier transform has given magnitudes and phases.",
    )
    .param::<Dynamic>("magnitude", "features, as `stft` gives them")
    .param::<Dynamic>(
        "phase",
        "features of the same shape, as `stft(#{ output: \"phase\" })` gives them",
    );
    of_a_transform(function)
        .note("source: Griffin & Lim, 1984, equation 6")
        .example("let x = tone(440, 1); let y = istft(x |> stft(), x |> stft(#{ output: \"phase\" })); assert(snr_db(x, y) > 100)")
}

fn from_magnitudes(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("griffin_lim", Topic::Stages, move |call| {
        let magnitude = call.value::<Arc<Features>>("magnitude")?;
        let (stft, sample_rate) = transform_of(call, &magnitude)?;
        let (n_iter, momentum) = (call.get("n_iter")?, call.get::<f64>("momentum")?);
        if !(0.0..=1.0).contains(&momentum) {
            return Err(call.wrong("momentum", "within 0..1"));
        }
        let seed = call
            .get::<Option<u64>>("seed")?
            .unwrap_or_else(|| environment.seed());
        let options = GriffinLimOptions {
            stft,
            n_iter,
            momentum,
            length: call.get("length")?,
        };
        let mut samples = Vec::new();
        let per_channel = magnitude.n_bands * magnitude.n_frames;
        for (channel, magnitudes) in magnitude
            .values
            .chunks_exact(per_channel.max(1))
            .enumerate()
        {
            let mut rng = Key::of_seed(seed).at(Place::ROOT.named("griffin_lim").child(channel));
            samples.extend(griffin_lim(magnitudes, &options, &mut rng)?);
        }
        Ok(Dynamic::from(Waveform::new(
            samples,
            magnitude.n_channels,
            sample_rate,
        )?))
    })
    .about("Finds a sound whose short-time Fourier transform has nearly given magnitudes.")
    .param::<Dynamic>("magnitude", "features, as `stft` gives them")
    .option::<usize>("n_iter", 32, "how often the phases are corrected")
    .option::<f64>(
        "momentum",
        0.99,
        "share of the last step that is repeated, 0..1; 0 is the original method",
    )
    .option::<Option<u64>>(
        "seed",
        (),
        "seed of the phases at the start; the session's if not given",
    );
    of_a_transform(function)
        .note("source: Griffin & Lim, 1984; Perraudin, Balazs & Sondergaard, 2013")
        .example("let x = chirp(100, 4000, 0.5) |> stft(); assert((griffin_lim(x) |> stft()).shape == x.shape)")
}
