//! Signal processing: every case of the operations that the language has, driven through scripts.

use super::metric::{Compared, check};
use super::npy;
use super::vectors::dsp;
use auricle_audio::Waveform;
use auricle_audio::features::Features;
use auricle_session::script::Silent;
use auricle_session::{Session, Settings};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Cases of an operation; that there is none is a failure.
pub(super) fn cases(op: &str) -> Vec<Json> {
    let path = dsp().join("manifest.json");
    let manifest: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases: Vec<Json> = manifest["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["op"] == op)
        .cloned()
        .collect();
    assert!(!cases.is_empty(), "no case of {op}");
    cases
}

/// What a script gives: shape and values.
pub(super) fn run(script: &str) -> (Vec<usize>, Vec<f64>) {
    let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
    let value = session
        .eval("case", script)
        .unwrap_or_else(|d| panic!("{}", d.render(false)))
        .value;
    let widen = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
    if let Some(wave) = value.clone().try_cast::<Waveform>() {
        return (vec![wave.n_samples()], widen(wave.samples()));
    }
    let features = value
        .try_cast::<Arc<Features>>()
        .expect("a script of a case gives a wave or features");
    let shape = features.shape();
    (shape[1..].to_vec(), widen(&features.values))
}

/// Runs the script of every case of an operation and makes the manifest's checks.
pub(super) fn verify(op: &str, script: impl Fn(&Json, &Json) -> String) {
    for case in cases(op) {
        let id = case["id"].as_str().unwrap();
        let (shape, values) = run(&script(&case, &case["params"]));
        compare(&case, id, shape, &values);
    }
}

pub(super) fn compare(case: &Json, id: &str, shape: Vec<usize>, values: &[f64]) {
    let reference = dsp();
    let want = case["output"]
        .as_str()
        .map(|path| npy::read(&reference.join(path)).1)
        .unwrap_or_default();
    for item in case["checks"].as_array().unwrap() {
        let clean = item["signal"]
            .as_str()
            .map(|path| wave(&reference.join(path)))
            .unwrap_or_default();
        let sample_rate = case["sample_rate"].as_f64().unwrap();
        check(
            id,
            item,
            &Compared {
                shape: shape.clone(),
                a: values,
                b: &want,
                sample_rate,
                clean: &clean,
            },
        );
    }
}

fn wave(path: &Path) -> Vec<f64> {
    run(&format!("load({:?})", path.display().to_string())).1
}

/// `load(...)` of the n-th input of a case.
pub(super) fn input(case: &Json, n: usize) -> String {
    let path = dsp().join(case["inputs"][n].as_str().unwrap());
    format!("load({:?})", path.display().to_string())
}

/// The options of a mel stage that a case asks for.
pub(super) fn mel_options(params: &Json) -> Vec<String> {
    let mut options = vec![
        format!("n_fft: {}", params["n_fft"]),
        format!("n_mels: {}", params["n_mels"]),
        format!("f_min_hz: {}", params["fmin"]),
        format!("f_max_hz: {}", params["fmax"]),
        format!("mel_scale: {}", params["mel_scale"]),
        format!("norm: {:?}", params["norm"].as_str().unwrap_or("none")),
    ];
    if params["hop_length"].is_u64() {
        options.extend([
            format!("win_length: {}", params["win_length"]),
            format!("hop_length: {}", params["hop_length"]),
            format!("window: {}", params["window"]),
            format!("power: {}", params["power"]),
            format!(
                "pad_mode: {:?}",
                if params["center"] == true {
                    params["pad_mode"].as_str().unwrap()
                } else {
                    "none"
                }
            ),
        ]);
    }
    options
}

#[test]
fn mel_filter_banks() {
    verify("mel_filterbank", |_, p| {
        format!(
            "mel_filters({}, #{{ {} }})",
            p["sample_rate"],
            mel_options(p).join(", ")
        )
    });
}

#[test]
fn mel_spectrograms() {
    verify("mel_spectrogram_power", |case, p| {
        format!(
            "{} |> mel(#{{ {} }})",
            input(case, 0),
            mel_options(p).join(", ")
        )
    });
}

#[test]
fn log_mel_spectrograms_in_db() {
    verify("log_mel_db", |case, p| {
        let mut options = mel_options(p);
        options.extend([
            r#"log: "db""#.to_owned(),
            format!("amin: {}", p["amin"]),
            format!("reference: {}", p["ref"]),
        ]);
        if let Some(top_db) = p["top_db"].as_f64() {
            options.push(format!("top_db: {top_db}"));
        }
        // rhai reads 1e-10 only with digits on both sides of a point.
        format!(
            "{} |> log_mel(#{{ {} }})",
            input(case, 0),
            options.join(", ").replace("1e-10", "0.0000000001")
        )
    });
}

#[test]
fn resampling() {
    verify("resample", |case, p| {
        format!("{}.resample({})", input(case, 0), p["to_rate"])
    });
}

#[test]
fn noise_at_a_ratio() {
    verify("mix_at_snr", |case, p| {
        format!(
            "{}.add_noise({}, {})",
            input(case, 0),
            input(case, 1),
            p["snr_db"]
        )
    });
}

/// A script that replays one step with the given values.
pub(super) fn replayed(wave: &str, stage: &str, name: &str, values: &[(&str, f64)]) -> String {
    let values: Vec<Json> = values
        .iter()
        .map(|(name, value)| serde_json::json!([name, value]))
        .collect();
    let trace = serde_json::json!({ "trace": { "steps": [{ "place": "0", "name": name, "values": values }] } });
    format!(
        "({stage}).replay({wave}, from_json({:?}))",
        trace.to_string()
    )
}

#[test]
fn fades_of_every_shape() {
    let shapes = [
        "linear",
        "exponential",
        "logarithmic",
        "quarter_sine",
        "half_sine",
    ];
    verify("fade_in_out", |case, p| {
        let shape = shapes
            .iter()
            .position(|shape| p["shape"] == **shape)
            .unwrap();
        let length = |name: &str| p[name].as_f64().unwrap();
        let values = [
            ("fade_in_samples", length("fade_in_len")),
            ("fade_out_samples", length("fade_out_len")),
            ("shape", shape as f64),
        ];
        replayed(&input(case, 0), "fade()", "fade", &values)
    });
}

#[test]
fn circular_shifts() {
    verify("circular_shift", |case, p| {
        let values = [
            ("shift", p["shift"].as_f64().unwrap()),
            ("fade_samples", 0.0),
        ];
        replayed(
            &input(case, 0),
            "time_shift(#{ fade_ms: 0 })",
            "time_shift",
            &values,
        )
    });
}

#[test]
fn time_masks() {
    verify("time_mask", |case, p| {
        let number = |name: &str| p[name].as_f64().unwrap();
        let values = [
            ("start", number("start")),
            ("length", number("length")),
            ("noise_seed", 0.0),
            ("fill", number("fill")),
            ("fade_samples", 0.0),
        ];
        let stage = format!(
            "time_mask(1.0, #{{ fill: {:?}, fade_ms: 0 }})",
            number("fill")
        );
        replayed(&input(case, 0), &stage, "time_mask", &values)
    });
}

#[test]
fn colored_noise() {
    verify("coloured_noise", |case, p| {
        let (n, rate) = (
            p["samples"].as_f64().unwrap(),
            case["sample_rate"].as_f64().unwrap(),
        );
        let click = format!("click(0, {}, #{{ sample_rate: {rate} }})", n / rate);
        format!(
            "let x = {click}; (x |> noise(0, #{{ color: {} }})) - x",
            p["exponent"]
        )
    });
}

#[test]
fn decoding_of_every_format() {
    for case in cases("decode") {
        let id = case["id"].as_str().unwrap();
        let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        let wave = session
            .eval(id, &input(&case, 0))
            .unwrap()
            .value
            .cast::<Waveform>();
        assert_eq!(
            u64::from(wave.sample_rate()),
            case["params"]["sample_rate"].as_u64().unwrap(),
            "{id}"
        );
        // The reference is interleaved, ours is planar.
        let frames = 0..wave.n_samples();
        let values: Vec<f64> = frames
            .flat_map(|i| {
                wave.channels()
                    .map(move |c| f64::from(c[i]))
                    .collect::<Vec<_>>()
            })
            .collect();
        compare(
            &case,
            id,
            vec![wave.n_samples(), wave.n_channels()],
            &values,
        );
    }
}
