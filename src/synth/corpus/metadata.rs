//! What is told of a corpus, and of a sound in it.

use super::Corpus;
use crate::{FreeParameter, Patches, Units};
use serde_json::{Map, Value as Json, json};

/// What makes a corpus what it is. Two runs that agree in it make the same files.
pub(super) fn description(corpus: &Corpus) -> Json {
    let parameters = corpus.synth.parameters().iter();
    json!({
        "program": concat!("auricle ", env!("CARGO_PKG_VERSION")),
        "synthesizer": corpus.synth.to_string(),
        "sample_rate": corpus.synth.options().sample_rate,
        "seconds": corpus.synth.options().seconds,
        "count": corpus.count,
        "seed": corpus.seed,
        "units": match corpus.units {
            Units::Raw => "raw",
            Units::Human => "human",
        },
        "format": corpus.encoding.extension(),
        "bits": corpus.encoding.bits(),
        "storage": corpus.storage.word(),
        "part": corpus.part,
        "parameters": parameters.map(parameter).collect::<Vec<Json>>(),
    })
}

fn parameter(parameter: &FreeParameter) -> Json {
    json!({
        "name": parameter.to_string(),
        "unit": parameter.unit,
        "low": parameter.mapping.low,
        "high": parameter.mapping.high,
        "curve": parameter.mapping.curve,
        "symmetric": parameter.mapping.symmetric,
    })
}

/// The first thing in which two descriptions differ, in words.
pub(super) fn differing(theirs: &Json, ours: &Json) -> Option<String> {
    let ours = ours.as_object()?;
    let differs = ours
        .iter()
        .find(|(key, value)| theirs.get(key) != Some(value));
    differs.map(|(key, value)| {
        let theirs = theirs.get(key).cloned().unwrap_or_default();
        match (theirs.is_array() || value.is_array(), key.as_str()) {
            (true, _) => format!("{key} are others"),
            (false, _) => format!("{key} is {theirs}, not {value}"),
        }
    })
}

/// What is told of a sound: its index, the patch in raw and in human units, and by what its samples were multiplied to
/// fit the format.
pub(super) fn of_sound(index: u64, patches: &Patches, row: usize, gain: f64) -> Json {
    let names = patches.parameters().iter().map(ToString::to_string);
    let values = names.zip(patches.values(row));
    let values: Map<String, Json> = values.map(|(name, value)| (name, value.into())).collect();
    let raw: Vec<f64> = patches.row(row).iter().map(|&raw| raw.into()).collect();
    json!({ "index": index, "gain": gain, "raw": raw, "parameters": values })
}
