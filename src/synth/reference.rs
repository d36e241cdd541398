//! Agreement with the signals that SynthAX and torchsynth computed in double precision.
//!
//! They are packed in the project (`tests/golden/vectors/synth`); `AURICLE_VECTORS` names another folder of the same layout
//! to be used instead. Every entry is rendered, whatever its name, sizes and values.

mod architectures;
mod extras;
mod modules;

use serde_json::Value as Json;
use std::io::Read;
use std::path::PathBuf;

fn folder() -> PathBuf {
    let packed = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/vectors");
    std::env::var_os("AURICLE_VECTORS")
        .map_or_else(packed, PathBuf::from)
        .join("synth")
}

/// The bytes of a file, plain or compressed.
fn bytes(name: &str) -> Vec<u8> {
    let plain = folder().join(name);
    if let Ok(bytes) = std::fs::read(&plain) {
        return bytes;
    }
    let packed = folder().join(format!("{name}.gz"));
    let file = std::fs::File::open(&packed).unwrap_or_else(|e| panic!("{packed:?}: {e}"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// The values of an array file of single precision.
fn array(name: &str) -> Vec<f32> {
    let bytes = bytes(name);
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let head = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
    assert!(
        head.contains("'<f4'") && head.contains("'fortran_order': False"),
        "{head}"
    );
    let values = bytes[10 + length..].chunks_exact(4);
    values
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

fn manifest() -> Json {
    serde_json::from_slice(&bytes("manifest.json")).unwrap()
}

/// The entries of a kind; that there is none is a failure.
fn entries(kind: &str) -> Vec<Json> {
    let manifest = manifest();
    let all = manifest["entries"].as_array().unwrap().iter();
    let entries: Vec<Json> = all.filter(|entry| entry["kind"] == kind).cloned().collect();
    assert!(!entries.is_empty(), "no entry of kind {kind}");
    entries
}

/// The signal-to-noise ratio in dB; 300 for equal signals, as the manifest has it.
fn snr_db(want: &[f32], got: &[f32]) -> f64 {
    let power = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let signal = power(&mut want.iter().map(|&x| f64::from(x)));
    let error = power(
        &mut want
            .iter()
            .zip(got)
            .map(|(&x, &y)| f64::from(x) - f64::from(y)),
    );
    if error == 0.0 {
        300.0
    } else {
        10.0 * (signal / error).log10()
    }
}

/// Compares a rendering with an entry's signal: within its tolerance, and no worse than the library's own rendering in
/// single precision. Gives a line of the table, and whether it holds.
fn compare(entry: &Json, got: &[f32]) -> (String, bool) {
    let id = entry["id"].as_str().unwrap();
    let want = array(entry["file"].as_str().unwrap());
    assert_eq!(want.len(), got.len(), "{id}");
    let snr = snr_db(&want, got);
    let differences = want.iter().zip(got).map(|(x, y)| f64::from((x - y).abs()));
    let max_abs = differences.fold(0.0, f64::max);
    let tolerance = &entry["tolerance"];
    let library = entry["library_float32"]["snr_db"].as_f64().unwrap();
    let holds = snr >= tolerance["snr_db"].as_f64().unwrap()
        && max_abs <= tolerance["max_abs"].as_f64().unwrap()
        && snr >= library;
    let mark = if holds { "" } else { "  <- fails" };
    let line = format!(
        "{id:28} {snr:6.1} dB, library {library:6.1} dB, wanted {}; {max_abs:.2e} of {}{mark}",
        tolerance["snr_db"], tolerance["max_abs"]
    );
    (line, holds)
}

/// Compares renderings of entries, and says how far each is.
fn check_all(renderings: impl Iterator<Item = (Json, Vec<f32>)>) {
    let compared: Vec<_> = renderings
        .map(|(entry, got)| compare(&entry, &got))
        .collect();
    for (line, _) in &compared {
        println!("{line}");
    }
    let failed = compared.iter().filter(|(_, holds)| !holds).count();
    assert_eq!(failed, 0, "{failed} of {} entries", compared.len());
}
