//! Filters against SciPy, driven through scripts.

use super::dsp::{input, verify};
use serde_json::Value as Json;

/// The options of a biquad, which the reference starts from silence.
fn biquad(op: &str, stage: impl Fn(&Json) -> String) {
    verify(op, |case, p| {
        assert_eq!(p["initial_state"], 0);
        format!("{} |> {}", input(case, 0), stage(p))
    });
}

/// The options of a Butterworth filter. The reference starts it steady, as is the default.
fn butterworth(op: &str, stage: impl Fn(&[f64], String) -> String) {
    verify(op, |case, p| {
        let edges: Vec<f64> = p["frequencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f.as_f64().unwrap())
            .collect();
        let options = format!("order: {}, zero_phase: {}", p["order"], p["zero_phase"]);
        format!("{} |> {}", input(case, 0), stage(&edges, options))
    });
}

#[test]
fn biquads() {
    biquad("biquad_lowpass", |p| {
        format!("low_pass({}, #{{ q: {} }})", p["frequency"], p["q"])
    });
    biquad("biquad_highpass", |p| {
        format!("high_pass({}, #{{ q: {} }})", p["frequency"], p["q"])
    });
    biquad("biquad_bandpass", |p| {
        format!("band_pass({}, #{{ q: {} }})", p["frequency"], p["q"])
    });
    biquad("biquad_peaking", |p| {
        format!(
            "peaking({}, {}, #{{ q: {} }})",
            p["frequency"], p["gain_db"], p["q"]
        )
    });
}

#[test]
fn butterworth_filters() {
    butterworth("butterworth_lowpass", |edges, options| {
        format!("low_pass({:?}, #{{ {options} }})", edges[0])
    });
    butterworth("butterworth_highpass", |edges, options| {
        format!("high_pass({:?}, #{{ {options} }})", edges[0])
    });
    butterworth("butterworth_bandpass", |edges, options| {
        let center = (edges[0] + edges[1]) / 2.0;
        let bandwidth = (edges[1] - edges[0]) / center;
        format!("band_pass({center:?}, #{{ bandwidth: {bandwidth:?}, {options} }})")
    });
}
