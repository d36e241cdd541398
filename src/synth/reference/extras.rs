//! Ranges, selectors, perturbations and noise.

use super::manifest;
use crate::architecture::{torchsynth_voice, voice};
use crate::modules::{CATALOGUE, noise_source, soft_select};
use crate::{Mapping, Options, Signal, Synth, SynthOptions, Units};
use serde_json::Value as Json;

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

/// The mapping of a parameter as the libraries call it.
fn mapping(name: &str) -> Mapping {
    let (module, parameter) = name.rsplit_once('.').unwrap();
    if module == "torchsynth.mixer" {
        let graph = torchsynth_voice().unwrap();
        let synth = Synth::new(&graph, SynthOptions::default()).unwrap();
        let mut levels = synth.parameters().iter().filter(|p| p.parameter == "level");
        return levels.nth(2).unwrap().mapping;
    }
    let kind = match module {
        "MonophonicKeyboard" => "keyboard",
        "ADSR" => "adsr",
        "LFO" => "lfo",
        "SineVCO" => "sine",
        "SquareSawVCO" => "square_saw",
        "FmVCO" => "fm",
        "ModulationMixer" => "mod_matrix",
        "AudioMixer" => "mixer",
        other => panic!("a module that is not known: {other}"),
    };
    let module = CATALOGUE.iter().find(|module| module.name == kind).unwrap();
    let mut knobs = module.facts.knobs.iter();
    knobs.find(|knob| knob.name == parameter).unwrap().mapping
}

#[test]
fn raw_values_map_as_in_the_libraries() {
    let extra = &manifest()["extras"]["parameter_mapping"];
    let raw = numbers(&extra["raw"]);
    let tolerance = extra["tolerance_relative_to_range"].as_f64().unwrap();
    for case in extra["cases"].as_array().unwrap() {
        let name = case["parameter"].as_str().unwrap();
        let mapping = mapping(name);
        let want = Mapping {
            low: case["minimum"].as_f64().unwrap(),
            high: case["maximum"].as_f64().unwrap(),
            curve: case["curve"].as_f64().unwrap(),
            symmetric: case["symmetric"].as_bool().unwrap(),
        };
        assert_eq!(mapping, want, "{name}");
        for (&raw, want) in raw.iter().zip(numbers(&case["value"])) {
            let got = mapping.value(raw);
            let error = (got - want).abs() / (mapping.high - mapping.low);
            assert!(error <= tolerance, "{name} at {raw}: {got} {want}");
        }
    }
}

/// The weight of every input of a soft selection is heard where the others are silent.
#[test]
fn a_selection_has_the_weights_of_the_libraries() {
    let extra = &manifest()["extras"]["selectors"];
    let modes: Vec<f32> = numbers(&extra["mode_raw"])
        .iter()
        .map(|&x| x as f32)
        .collect();
    for (make, name) in [
        (soft_select as fn(Options) -> _, "soft"),
        (crate::modules::hard_select, "hard"),
    ] {
        for (place, want) in numbers(&extra[name]).into_iter().enumerate() {
            let one = |other| Signal::number(if other == place { 1.0 } else { 0.0 }).unwrap();
            let inputs: Vec<Signal> = (0..modes.len()).map(one).collect();
            let graph = make(Options::new().signals("inputs", &inputs)).unwrap();
            let options = SynthOptions {
                seconds: 0.01,
                ..SynthOptions::default()
            };
            let synth = Synth::new(&graph, options).unwrap();
            let got = synth
                .render(&synth.patches(modes.clone()).unwrap())
                .unwrap();
            let tolerance = extra["tolerance_abs"].as_f64().unwrap();
            assert!(
                (f64::from(got[7]) - want).abs() <= tolerance,
                "{name}: {} {want}",
                got[7]
            );
        }
    }
}

#[test]
fn perturbation_is_that_of_audio_doppelgangers() {
    let extra = &manifest()["extras"]["doppelganger"];
    let synth = Synth::new(&voice().unwrap(), SynthOptions::default()).unwrap();
    // The order, where several numbers of one parameter are named once.
    let mut names: Vec<String> = Vec::new();
    for parameter in synth.parameters() {
        let name = format!("{}.{}", parameter.module, parameter.parameter);
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    let order: Vec<&str> = extra["order"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_str().unwrap())
        .collect();
    assert_eq!(names, order);
    let raw = numbers(&extra["raw"]).iter().map(|&x| x as f32).collect();
    let centre = synth.patches(raw).unwrap();
    let delta = extra["delta"].as_f64().unwrap();
    let views = extra["normal"].as_array().unwrap().iter();
    for (normal, expected) in views.zip(extra["expected"].as_array().unwrap()) {
        let steps: Vec<f64> = numbers(normal).iter().map(|z| delta * z).collect();
        let moved = centre.moved(&steps).unwrap();
        for (got, want) in moved.raw().iter().zip(numbers(expected)) {
            let error = (f64::from(*got) - want).abs();
            assert!(
                error <= extra["tolerance_abs"].as_f64().unwrap(),
                "{got} {want}"
            );
        }
    }
}

#[test]
fn noise_is_white_and_uniform() {
    let extra = &manifest()["extras"]["noise_statistics"];
    let n = extra["samples"].as_u64().unwrap() as usize;
    let limit = |name: &str| extra[name].as_f64().unwrap();
    let options = SynthOptions {
        seconds: n as f64 / 44_100.0,
        ..SynthOptions::default()
    };
    let synth = Synth::new(&noise_source(Options::new()).unwrap(), options).unwrap();
    let sounds = synth.render(&synth.sample(8, 1, 0, Units::Raw)).unwrap();
    let sounds: Vec<&[f32]> = sounds.chunks_exact(n).collect();
    let correlation = |a: &[f32], b: &[f32]| {
        let products = a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y));
        products.sum::<f64>() / a.len() as f64
    };
    for sound in &sounds {
        assert!(sound.iter().all(|x| (-1.0..1.0).contains(x)));
        let mean = sound.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
        assert!(mean.abs() <= limit("mean_abs_max"), "{mean}");
        let variance = correlation(sound, sound) - mean * mean;
        let error = (variance - limit("variance")).abs();
        assert!(error <= limit("variance_tolerance"), "{variance}");
        let lagged = correlation(&sound[1..], &sound[..n - 1]) / variance;
        assert!(
            lagged.abs() <= limit("lag1_autocorrelation_abs_max"),
            "{lagged}"
        );
    }
    // Sounds have noises of their own.
    let other = correlation(sounds[0], sounds[1]) * 3.0;
    assert!(
        other.abs() <= limit("lag1_autocorrelation_abs_max"),
        "{other}"
    );
}
