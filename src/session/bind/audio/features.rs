//! What can be asked of features.

use super::super::Environment;
use super::sound::LONG;
use super::to_distribution;
use crate::script::{Function, Picture, ScriptError, ScriptValue, Topic};
use auricle_audio::features::{Features, MelNorm, MelScale, PatchMix, Triangles, filter_bank};
use auricle_audio::{Distribution, Key, Place, plot};
use auricle_figure::{Grid, HeatMap, drawing_image, sparkline};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Map};
use serde_json::Value as Json;
use std::sync::Arc;

/// Features are shared: a block of half an hour is too large to be copied at every call.
impl ScriptValue for Arc<Features> {
    const NAME: &'static str = "features";

    fn text(&self) -> String {
        facts(self)
    }

    fn parts(&self) -> Vec<(&'static str, Json)> {
        if self.values.is_empty() {
            return Vec::new();
        }
        let drawing = plot::features_drawing(&title(self), self);
        vec![
            ("text/html", drawing_image("features", &drawing).into()),
            ("image/png", STANDARD.encode(drawing.to_png()).into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        let grid = Grid {
            values: &self.values,
            columns: self.n_frames,
            rows: self.n_bands,
        };
        HeatMap::of(grid).map(|map| Picture::Pixels(map.into_pixels()))
    }

    fn is_long(&self) -> bool {
        self.values.len() >= LONG
    }

    fn same(&self, other: &Arc<Features>) -> Option<bool> {
        Some(self == other)
    }
}

/// A line of facts.
pub(super) fn facts(features: &Features) -> String {
    let mean = |band| {
        features
            .band(0, band)
            .iter()
            .map(|&v| f64::from(v))
            .sum::<f64>()
            / features.n_frames.max(1) as f64
    };
    let means: Vec<f64> = (0..features.n_bands).map(mean).collect();
    format!(
        "{}, mean by band {}",
        title(features),
        sparkline(&means, 24)
    )
}

/// The shape in words.
pub(super) fn title(features: &Features) -> String {
    let [channels, bands, frames] = features.shape();
    format!("features {channels} x {bands} bands x {frames} frames")
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        patch_mix(environment),
        Function::property::<Arc<Features>, _>("shape", Topic::Stages, |features| {
            Ok(Dynamic::from_array(
                features
                    .shape()
                    .iter()
                    .map(|&n| (n as i64).into())
                    .collect(),
            ))
        })
        .about("Channels, bands and frames.")
        .example("assert((tone(440, 1) |> log_mel()).shape == [1, 64, 101])"),
        mel_filters(),
        Function::new("band", Topic::Stages, |call| {
            let features: Arc<Features> = call.receiver()?;
            let (band, channel) = (call.get::<usize>("index")?, call.get::<usize>("channel")?);
            if band >= features.n_bands || channel >= features.n_channels {
                let [channels, bands, _] = features.shape();
                let message = format!(
                    "there is no band {band} of channel {channel}: there are {bands} of {channels}"
                );
                return Err(ScriptError::new(message));
            }
            Ok(Dynamic::from_array(
                features
                    .band(channel, band)
                    .iter()
                    .map(|&v| f64::from(v).into())
                    .collect(),
            ))
        })
        .on::<Arc<Features>>()
        .about("Gives the values of a band over time as an array of numbers.")
        .param::<usize>("index", "which band, from 0")
        .param_or::<usize>("channel", 0, "which channel, from 0")
        .returns("array")
        .example("assert((tone(440, 1) |> mel()).band(3).len() == 101)"),
    ]
}

fn patch_mix(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("patch_mix", Topic::Stages, move |call| {
        let share = match call.raw("lambda") {
            share if share.is_unit() => Distribution::uniform(0.0, 1.0)?,
            share => to_distribution("lambda", &share).ok_or_else(|| call.wrong("lambda", "a number or a range"))??,
        };
        let grid = PatchMix {
            height: call.get("height")?,
            width: call.get("width")?,
            time_domain: call.get("time_domain")?,
        };
        let seed = call.get::<Option<u64>>("seed")?.unwrap_or_else(|| environment.seed());
        let mut rng = Key::of_seed(seed).at(Place::ROOT.named("patch_mix"));
        let lambda = share.draw_within(&mut rng, 0.0, 1.0);
        let (features, other): (Arc<Features>, Arc<Features>) = (call.value("features")?, call.value("other")?);
        let mixed = grid.apply(&features, &other, lambda, &mut rng)?;
        let mut map = Map::new();
        map.insert("features".into(), Dynamic::from(Arc::new(mixed.features)));
        map.insert("lambda".into(), mixed.lambda.into());
        let exchanged = mixed.exchanged.into_iter().map(|index| (index as i64).into()).collect();
        map.insert("exchanged".into(), Dynamic::from_array(exchanged));
        Ok(Dynamic::from_map(map))
    })
    .about("Replaces random patches of one sound's features by those of another's: a map with `features`, `lambda` (the share that stayed) and `exchanged` (which patches).")
    .note("source: Bae et al., Patch-Mix Contrastive Learning with Audio Spectrogram Transformer, 2023, equation 3")
    .param::<Dynamic>("features", "the features that keep the share `lambda` of their patches")
    .param::<Dynamic>("other", "features of the same shape")
    .option::<usize>("height", 16, "bands of a patch")
    .option::<usize>("width", 16, "frames of a patch")
    .option::<Dynamic>(
        "lambda",
        (),
        "share that stays, a number or a distribution within 0..1; uniform if not given, which is the paper's Beta(1, 1)",
    )
    .option::<bool>("time_domain", false, "whether whole columns of patches are exchanged")
    .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
    .returns("map")
    .example(
        "let r = log_mel(); let m = patch_mix(tone(440, 1) |> r, tone(880, 1) |> r, #{ lambda: 0.5 }); \
         assert(m.lambda == 0.5 && m.exchanged.len() == 12)",
    )
}

fn mel_filters() -> Function {
    Function::new("mel_filters", Topic::Stages, |call| {
        let scale = call.chosen("mel_scale", &MelScale::WORDS)?;
        let norm = call.chosen("norm", &MelNorm::WORDS)?;
        let triangles = call.chosen("triangles", &Triangles::WORDS)?;
        let (sample_rate, n_fft, n_mels) = (call.get::<u32>("sample_rate")?, call.get("n_fft")?, call.get("n_mels")?);
        let f_max_hz = call.get::<Option<f64>>("f_max_hz")?.unwrap_or(f64::from(sample_rate) / 2.0);
        let edges = [call.get("f_min_hz")?, f_max_hz];
        let bank = filter_bank(scale, norm, triangles, sample_rate, n_fft, n_mels, edges);
        let values = bank.concat().into_iter().map(|weight| weight as f32).collect();
        let filters = Features { values, n_channels: 1, n_bands: n_mels, n_frames: n_fft / 2 + 1, ..Features::default() };
        Ok(Dynamic::from(Arc::new(filters)))
    })
    .about("Gives the weights of a mel filter bank: a band in each row, a frequency bin in each column.")
    .param::<u32>("sample_rate", "samples per second, Hz")
    .option::<usize>("n_fft", 512, "size of the transform, samples")
    .option::<usize>("n_mels", 64, "number of bands")
    .option::<f64>("f_min_hz", 50.0, "lower edge of the lowest band, Hz")
    .option::<Option<f64>>("f_max_hz", (), "upper edge of the highest band, Hz; half the sample rate if not given")
    .option::<String>("mel_scale", "htk", "\"htk\" or \"slaney\"")
    .words("mel_scale", &["htk", "slaney"])
    .option::<String>(
        "norm",
        "none",
        "\"none\" (peak 1), \"slaney\" (equal area) or \"sum\" (weights that add up to 1)",
    )
    .option::<String>("triangles", "hz", "axis on which the sides of the bands are straight, \"hz\" or \"mel\"")
    .words("norm", &["none", "slaney", "sum"])
    .words("triangles", &["hz", "mel"])
    .returns("features")
    .example("assert(mel_filters(16000, #{ n_mels: 40 }).shape == [1, 40, 257])")
}
