//! Agreement with NumPy, SciPy and librosa: `tests/golden/vectors/coverage/make.py` says how the numbers were made.

use super::{Compared, DESCRIPTORS, DescriptorOptions, Descriptors, frechet_distance};
use auricle_audio::Waveform;
use serde_json::Value as Json;
use std::f64::consts::PI;

const RATE: u32 = 16_000;

fn vectors() -> Json {
    let text = include_str!("../../../tests/golden/vectors/coverage/coverage.json");
    serde_json::from_str(text).unwrap()
}

fn number(json: &Json) -> f64 {
    json.as_f64().unwrap()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(number).collect()
}

fn rows(json: &Json) -> Vec<Vec<f64>> {
    json.as_array().unwrap().iter().map(numbers).collect()
}

fn sound(entry: &Json) -> Waveform {
    let partials = rows(&entry["partials"]);
    let mut noise = entry["seed"].as_u64().unwrap() as u32;
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(RATE);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let tone = partials.iter().map(|p| p[1] * (2.0 * PI * p[0] * t).sin());
        let noise = f64::from(noise) / 2_147_483_648.0 - 1.0;
        (tone.sum::<f64>() + number(&entry["level"]) * noise) as f32
    };
    Waveform::mono((0..8192).map(sample).collect(), RATE).unwrap()
}

#[test]
fn descriptors_agree_with_librosa_and_numpy() {
    let options = DescriptorOptions {
        n_fft: 1024,
        hop_length: 512,
    };
    let mut descriptors = Descriptors::new(RATE, options).unwrap();
    for entry in vectors()["sounds"].as_array().unwrap() {
        let got = descriptors.of(&sound(entry));
        for ((got, want), which) in got
            .iter()
            .zip(entry["values"].as_array().unwrap())
            .zip(DESCRIPTORS)
        {
            // Ours transforms in single precision: 1e-7 of a frame's largest magnitude, which the flatness of a pure tone,
            // a mean of logarithms of next to nothing, shows most.
            let tolerance = if which.name == "flatness" { 0.05 } else { 2e-3 };
            match want.as_f64() {
                Some(want) => {
                    let close = (got - want).abs() <= tolerance * want.abs() + 1e-5;
                    assert!(
                        close,
                        "{} of {}: {got}, not {want}",
                        which.name, entry["partials"]
                    );
                }
                None => assert!(got.is_nan(), "{}: {got}", which.name),
            }
        }
    }
}

#[test]
fn distances_agree_with_scipy() {
    for set in vectors()["sets"].as_array().unwrap() {
        let sorted = |name: &str| {
            let mut values = numbers(&set[name]);
            values.sort_by(f64::total_cmp);
            values
        };
        let compared = Compared {
            descriptor: DESCRIPTORS[0],
            real: sorted("real"),
            synthetic: sorted("synthetic"),
        };
        let error = (compared.wasserstein() - number(&set["wasserstein"])).abs();
        assert!(error < 1e-12, "{error}");
    }
    for case in vectors()["frechet"].as_array().unwrap() {
        let distance = frechet_distance(&rows(&case["a"]), &rows(&case["b"])).unwrap();
        let want = number(&case["distance"]);
        assert!((distance - want).abs() < 1e-5 * want, "{distance} {want}");
    }
}
