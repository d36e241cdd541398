//! Front-ends and what is done to their features: every case of the reference, driven through scripts.

use super::dsp::{cases, compare, input, mel_options, replayed, run, verify};
use super::npy;
use super::vectors::dsp;
use serde_json::Value as Json;

/// As [`verify`], for references with a frame in each row: `n` frames of all bands after each other.
fn verify_by_frame(op: &str, script: impl Fn(&Json, &Json) -> String) {
    for case in cases(op) {
        let (shape, values) = run(&script(&case, &case["params"]));
        let [bands, frames] = [shape[0], shape[1]];
        let by_frame: Vec<f64> = values
            .chunks(bands * frames)
            .flat_map(|block| {
                (0..frames).flat_map(move |t| (0..bands).map(move |band| block[band * frames + t]))
            })
            .collect();
        compare(
            &case,
            case["id"].as_str().unwrap(),
            vec![frames, bands],
            &by_frame,
        );
    }
}

/// A number as rhai reads it: without an exponent.
fn plain(value: &Json) -> String {
    value.as_f64().unwrap().to_string()
}

#[test]
fn cepstra_of_decibels() {
    verify("mfcc", |case, p| {
        let mut options = mel_options(p);
        for (name, value) in [
            ("n_mfcc", "n_mfcc"),
            ("lifter", "lifter"),
            ("amin", "amin"),
            ("top_db", "top_db"),
        ] {
            options.push(format!("{name}: {}", plain(&p[value])));
        }
        format!("{} |> mfcc(#{{ {} }})", input(case, 0), options.join(", "))
    });
}

#[test]
fn cepstra_as_htk() {
    verify_by_frame("mfcc_htk_style", |case, p| {
        let samples =
            |name: &str| (p[name].as_f64().unwrap() * p["sample_rate"].as_f64().unwrap()).round();
        let mut options = vec![
            r#"style: "htk""#.to_owned(),
            format!(
                "win_length: {}, hop_length: {}",
                samples("winlen"),
                samples("winstep")
            ),
            format!(
                "n_mfcc: {}, n_mels: {}, n_fft: {}",
                p["numcep"], p["nfilt"], p["nfft"]
            ),
            format!(
                "f_min_hz: {}, preemphasis: {}, lifter: {}",
                p["lowfreq"], p["preemph"], p["ceplifter"]
            ),
            format!("energy: {}, window: {}", p["appendEnergy"], p["window"]),
        ];
        if p["highfreq"].is_number() {
            options.push(format!("f_max_hz: {}", p["highfreq"]));
        }
        format!("{} |> mfcc(#{{ {} }})", input(case, 0), options.join(", "))
    });
}

/// VGGish's front-end by its preset, whatever the case says beside it.
fn vggish(case: &Json, p: &Json) -> String {
    format!(
        "{} |> log_mel(#{{ preset: \"vggish\", n_fft: {}, win_length: {}, hop_length: {}, n_mels: {}, f_min_hz: {}, \
         f_max_hz: {}, power: {} }})",
        input(case, 0),
        p["n_fft"],
        p["win_length"],
        p["hop_length"],
        p["n_mels"],
        p["fmin"],
        p["fmax"],
        p["magnitude_power"]
    )
}

#[test]
fn the_front_end_of_vggish() {
    verify_by_frame("vggish_log_mel", vggish);
}

#[test]
fn examples_of_vggish() {
    verify_by_frame("vggish_examples", |case, p| {
        let (frames, hop) = (&p["example_frames"], &p["example_hop"]);
        format!(
            "{} |> patches({frames}, #{{ hop: {hop} }})",
            vggish(case, p)
        )
    });
}

/// The options of `kaldi_fbank` that a case asks for.
fn kaldi(p: &Json) -> Vec<String> {
    let window = match p["window"].as_str().unwrap().split(' ').next().unwrap() {
        "hanning" => "hann",
        window => window,
    };
    vec![
        format!(
            "n_mels: {}, f_min_hz: {}, f_max_hz: {}",
            p["n_mels"], p["fmin"], p["fmax"]
        ),
        format!(
            "frame_length_ms: {}, frame_shift_ms: {}",
            p["frame_length_ms"], p["frame_shift_ms"]
        ),
        format!(
            "window: {window:?}, preemphasis: {}, power: {}",
            p["preemphasis"], p["power"]
        ),
        format!(
            "remove_mean: {}, remove_dc: {}",
            p["subtract_mean_of_clip"], p["remove_dc_offset_per_frame"]
        ),
    ]
}

#[test]
fn filter_banks_of_kaldi() {
    verify_by_frame("kaldi_fbank", |case, p| {
        format!(
            "{} |> kaldi_fbank(#{{ {} }})",
            input(case, 0),
            kaldi(p).join(", ")
        )
    });
}

#[test]
fn the_input_of_ast() {
    verify_by_frame("ast_normalised_fbank", |case, p| {
        let frames = &p["target_frames"];
        // The preset of `log_mel` and the stage named after Kaldi are the same computation.
        let mut options = kaldi(p);
        let deviation = 2.0 * p["std"].as_f64().unwrap();
        options.push(format!(
            "n_frames: {frames}, mean: {}, deviation: {deviation}",
            p["mean"]
        ));
        let (x, options) = (input(case, 0), options.join(", "));
        format!(
            "let a = {x} |> log_mel(#{{ preset: \"ast\", n_frames: {frames} }}); \
             let b = {x} |> kaldi_fbank(#{{ {options} }}); assert(a == b); a"
        )
    });
}

/// Makes the checks of one of CLAR's three channels.
fn verify_clar(op: &str, channel: usize) {
    for case in cases(op) {
        let p = &case["params"];
        let (shape, values) = run(&format!(
            "{} |> clar_features(#{{ n_bands: {}, n_fft: {}, hop_length: {}, f_min_hz: {}, f_max_hz: {} }})",
            input(&case, 0),
            p["n_freq"],
            p["n_fft"],
            p["hop_length"],
            p["fmin"],
            p["fmax"]
        ));
        let plane = shape[0] * shape[1];
        compare(
            &case,
            case["id"].as_str().unwrap(),
            shape,
            &values[channel * plane..(channel + 1) * plane],
        );
    }
}

#[test]
fn the_three_channels_of_clar() {
    verify_clar("clar_log_magnitude", 0);
    verify_clar("clar_phase", 1);
    verify_clar("clar_log_mel", 2);
}

#[test]
fn the_mel_channel_of_clar_by_its_preset() {
    verify("clar_log_mel", |case, _| {
        format!("{} |> log_mel(#{{ preset: \"clar\" }})", input(case, 0))
    });
}

/// `features(...)` of the first input of a case, an array of bands.
fn block(case: &Json) -> String {
    let (shape, values) = npy::read(&dsp().join(case["inputs"][0].as_str().unwrap()));
    let rows: Vec<String> = values
        .chunks(shape[1])
        .map(|row| format!("{row:?}"))
        .collect();
    format!("features([{}])", rows.join(", "))
}

#[test]
fn masks_of_spec_augment() {
    verify("spec_augment_masks", |case, p| {
        let mut values = vec![("center".to_owned(), 0.0), ("shift".to_owned(), 0.0)];
        let masks = |name: &str| p[name].as_array().unwrap().clone();
        let (over_bands, over_frames) = (masks("freq_masks"), masks("time_masks"));
        for (i, mask) in over_bands.iter().enumerate() {
            values.push((format!("first_band_{i}"), mask[0].as_f64().unwrap()));
            values.push((format!("n_bands_{i}"), mask[1].as_f64().unwrap()));
        }
        for (i, mask) in over_frames.iter().enumerate() {
            values.push((format!("start_{i}"), mask[0].as_f64().unwrap()));
            values.push((format!("length_{i}"), mask[1].as_f64().unwrap()));
        }
        let stage = format!(
            "spec_augment(#{{ n_frequency_masks: {}, n_time_masks: {}, fill: {} }})",
            over_bands.len(),
            over_frames.len(),
            p["fill"]
        );
        let values: Vec<(&str, f64)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        replayed(&block(case), &stage, "spec_augment", &values)
    });
}

#[test]
fn time_warps() {
    verify("time_warp", |case, p| {
        let values = [
            ("center", p["centre"].as_f64().unwrap()),
            ("shift", p["shift"].as_f64().unwrap()),
        ];
        replayed(&block(case), "time_warp()", "time_warp", &values)
    });
}
