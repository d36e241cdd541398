//! The published architectures.

use super::{array, check_all, entries};
use crate::architecture::{Voices, parametric_synth, torchsynth_voice, voice, voice_fm};
use crate::{Patches, Playback, Signal, Synth, SynthOptions};
use serde_json::Value as Json;

fn graph(entry: &Json) -> Signal {
    let name = entry["architecture"].as_str().unwrap();
    let graph = match (name, entry["library"].as_str().unwrap()) {
        ("Voice", "torchsynth") => torchsynth_voice(),
        ("Voice", _) => voice(),
        ("VoiceFM", _) => voice_fm(),
        (name, _) => {
            let counts = name.strip_prefix("ParametricSynth-").unwrap().bytes();
            let counts: Vec<usize> = counts.map(|digit| usize::from(digit - b'0')).collect();
            parametric_synth(Voices {
                sine: counts[0],
                square_saw: counts[1],
                fm_sine: counts[2],
                fm_square_saw: counts[3],
            })
        }
    };
    graph.unwrap()
}

fn render(entry: &Json) -> Vec<f32> {
    let options = SynthOptions {
        seconds: entry["seconds"].as_f64().unwrap(),
        sample_rate: entry["sample_rate"].as_u64().unwrap() as u32,
        control_rate: entry["control_rate"].as_u64().unwrap() as u32,
        normalize: false,
    };
    let synth = Synth::new(&graph(entry), options).unwrap();
    let parameters = synth.patches(Vec::new()).unwrap().parameters().clone();
    let patch = Patches::from_json(parameters, &entry["params"]).unwrap();
    let playback = Playback {
        noise: Some(array(entry["noise"].as_str().unwrap()).into()),
        scalar: false,
    };
    let mut out = vec![0.0; synth.n_samples()];
    synth.render_into(&patch, &playback, &mut out).unwrap();
    out
}

#[test]
fn architectures_agree_with_the_libraries() {
    let entries = entries("arch").into_iter();
    check_all(entries.map(|entry| (entry.clone(), render(&entry))));
}
