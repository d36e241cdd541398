//! Transforms, time and pitch: every case of these operations, driven through scripts.

use super::dsp::{input, verify};
use super::npy;
use super::vectors::dsp;
use serde_json::Value as Json;

/// The options of a transform that a case asks for.
fn transform(params: &Json) -> String {
    let pad_mode = if params["center"] == true {
        params["pad_mode"].as_str().unwrap()
    } else {
        "none"
    };
    let (n_fft, window) = (&params["n_fft"], &params["window"]);
    let win_length = params["win_length"].as_u64().or(n_fft.as_u64()).unwrap();
    let hop_length = &params["hop_length"];
    format!(
        "n_fft: {n_fft}, win_length: {win_length}, hop_length: {hop_length}, window: {window}, pad_mode: {pad_mode:?}"
    )
}

/// The values of an array file of the reference as a script expression, an array of rows if it has two axes.
fn array(path: &str) -> String {
    let (shape, values) = npy::read(&dsp().join(path));
    let json = match shape[..] {
        [_, columns] => serde_json::json!(values.chunks_exact(columns).collect::<Vec<_>>()),
        _ => serde_json::json!(values),
    };
    format!("from_json({:?})", json.to_string())
}

#[test]
fn transform_magnitudes() {
    verify("stft_magnitude", |case, p| {
        format!("{} |> stft(#{{ {} }})", input(case, 0), transform(p))
    });
}

#[test]
fn transform_phases() {
    verify("stft_phase", |case, p| {
        format!(
            "{} |> stft(#{{ output: \"phase\", {} }})",
            input(case, 0),
            transform(p)
        )
    });
}

#[test]
fn tilted_transforms_and_back() {
    verify("stft_tilt_istft", |case, p| {
        let (options, tilt) = (transform(p), &p["tilt"]);
        format!(
            "let x = {};
             let magnitude = x |> stft(#{{ {options} }});
             let phase = x |> stft(#{{ output: \"phase\", {options} }});
             let n = magnitude.shape[1];
             let tilted = [];
             for band in 0..n {{
                 let gain = {} + ({} - {}) * band.to_float() / (n - 1).to_float();
                 tilted.push(magnitude.band(band).map(|v| gain * v));
             }}
             istft(features(tilted), phase, #{{ length: x.n_samples, sample_rate: x.sample_rate, {options} }})",
            input(case, 0),
            tilt[0],
            tilt[1],
            tilt[0],
        )
    });
}

#[test]
fn stretching_by_the_phase_vocoder_without_locking() {
    verify("time_stretch_phase_vocoder", |case, p| {
        let (n_fft, hop_length) = (&p["n_fft"], &p["hop_length"]);
        let options =
            format!("fit: \"none\", locking: false, n_fft: {n_fft}, hop_length: {hop_length}");
        format!(
            "{} |> time_stretch({}, #{{ {options} }})",
            input(case, 0),
            p["rate"]
        )
    });
}

#[test]
fn stretching() {
    verify("time_stretch", |case, p| {
        format!(
            "{} |> time_stretch({}, #{{ fit: \"none\" }})",
            input(case, 0),
            p["rate"]
        )
    });
}

#[test]
fn shifting_the_pitch() {
    verify("pitch_shift", |case, p| {
        format!("{} |> pitch_shift({})", input(case, 0), p["n_steps"])
    });
}

#[test]
fn shifting_the_pitch_by_the_phase_vocoder_without_locking() {
    verify("pitch_shift_phase_vocoder", |case, p| {
        format!(
            "{} |> pitch_shift({}, #{{ locking: false }})",
            input(case, 0),
            p["n_steps"]
        )
    });
}

#[test]
fn stretching_and_resampling_back() {
    for options in ["", ", locking: false"] {
        verify("clar_time_stretch", |case, p| {
            format!(
                "{} |> time_stretch({}, #{{ fit: \"resample_back\"{options} }})",
                input(case, 0),
                p["rate"]
            )
        });
    }
}

#[test]
fn reading_along_a_path_of_speeds() {
    verify("tape_speed_readout", |case, p| {
        format!(
            "{}.vary_speed({})",
            input(case, 0),
            array(p["rate_file"].as_str().unwrap())
        )
    });
}

#[test]
fn sounds_from_magnitudes() {
    for seed in 0..3 {
        verify("griffin_lim", |case, p| {
            let (n_iter, momentum, length) = (&p["n_iter"], &p["momentum"], &p["samples"]);
            let own =
                format!("n_iter: {n_iter}, momentum: {momentum}, length: {length}, seed: {seed}");
            let magnitudes = array(case["inputs"][0].as_str().unwrap());
            format!(
                "griffin_lim(features({magnitudes}), #{{ {own}, {} }})",
                transform(p)
            )
        });
    }
}
