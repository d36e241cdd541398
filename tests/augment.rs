//! `auricle augment`: files in, files out, and the same bytes however the work is divided.

use auricle_audio::io::{SampleFormat, write_wav};
use auricle_audio::{Rng, Waveform};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const RECIPE: &str = "0.5 * reverse() |> gain(-6..6) |> noise(5..40) |> room(#{ max_order: 3 })";

/// A folder with 13 sounds in `in`, at two depths and of several lengths, rates and channels.
fn sounds() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..13_usize {
        let n_channels = 1 + i % 2;
        let mut samples = vec![0.0; n_channels * (400 + 100 * i)];
        Rng::from_words(&[i as u64]).fill_normal(&mut samples);
        let wave = Waveform::new(samples, n_channels, [8000, 16_000, 44_100][i % 3]).unwrap();
        let name = if i < 4 { format!("in/deep/{i}.wav") } else { format!("in/{i}.wav") };
        write_wav(&folder.path().join(name), &wave, SampleFormat::Float32).unwrap();
    }
    folder
}

fn augment(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
    command
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .arg("augment")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = augment(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn flac_holds_what_a_wav_of_as_many_bits_holds() {
    let folder = sounds();
    let at = folder.path();
    for (bits, default) in [("16", false), ("24", true)] {
        let (flac, wav) = (format!("flac{bits}"), format!("wav{bits}"));
        let given: &[&str] = if default { &[] } else { &["--bits", bits] };
        done(at, &[&["gain(-20)", "in", "--format", "flac", "--out", &flac][..], given].concat());
        done(at, &["gain(-20)", "in", "--out", &wav, "--bits", bits]);
        for name in ["deep/0", "5", "12"] {
            let read =
                |folder: &str, ending| auricle_audio::io::read(&at.join(folder).join(format!("{name}.{ending}")));
            assert_eq!(read(&flac, "flac").unwrap(), read(&wav, "wav").unwrap(), "{name}, {bits} bits");
        }
    }
    assert_eq!(
        augment(at, &["gain(1)", "in", "--format", "flac", "--bits", "32", "--out", "o"]).status.code(),
        Some(2)
    );
}

/// Every file of a folder by its path inside.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn manifest(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn threads_and_shards_change_no_byte() {
    let folder = sounds();
    let at = folder.path();
    let common = ["in", "--views", "2", "--seed", "7"];
    let run = |out: &str, more: &[&str]| {
        done(at, &[&[RECIPE][..], &common, &["--out", out], more].concat());
        contents(&at.join(out))
    };
    let one = run("one", &["--jobs", "1"]);
    assert_eq!(one.len(), 2 * 13 + 1);
    assert!(one.contains_key("deep/0.view1.wav") && one.contains_key("12.view0.wav"));
    assert_ne!(one["5.view0.wav"], one["5.view1.wav"]);
    assert_eq!(one, run("two", &["--jobs", "2"]));
    let mut parts = BTreeMap::new();
    for shard in ["1/3", "2/3", "3/3"] {
        parts = run("parts", &["--shard", shard]);
    }
    let manifests: Vec<u8> =
        ["1", "2", "3"].iter().flat_map(|i| parts.remove(&format!("manifest.{i}-of-3.jsonl")).unwrap()).collect();
    assert_eq!(manifests, one["manifest.jsonl"]);
    assert_eq!(parts.len(), 26);
    assert!(parts.iter().all(|(name, bytes)| one[name] == *bytes));
}

#[test]
fn a_manifest_repeats_what_was_made() {
    let folder = sounds();
    let at = folder.path();
    std::fs::write(at.join("r.rhai"), format!("seed(3); views([{RECIPE}, identity()])")).unwrap();
    let said = done(at, &["r.rhai", "in/deep", "in/7.wav", "--out", "made"]);
    assert!(said.starts_with("5 inputs: 10 outputs written"), "{said}");
    let lines = manifest(&at.join("made"));
    assert_eq!(lines.len(), 10);
    // The inputs are sorted, wherever they stood on the command line.
    assert!(lines[0]["source"].as_str().unwrap().ends_with("7.wav"));
    assert_eq!((lines[0]["item"].as_u64(), lines[0]["seed"].as_u64()), (Some(0), Some(3)));
    assert_eq!(lines[1]["trace"]["steps"].as_array().unwrap().len(), 0);
    let trace = serde_json::json!({ "trace": lines[0]["trace"] }).to_string();
    let script = format!(
        "let made = load(\"made/7.view0.wav\"); let again = ({RECIPE}).replay(load(\"in/7.wav\"), from_json({trace:?})); \
         assert(again == made)"
    );
    std::fs::write(at.join("again.rhai"), script).unwrap();
    let again =
        Command::new(env!("CARGO_BIN_EXE_auricle")).current_dir(at).args(["run", "again.rhai"]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}

#[test]
fn a_resumed_run_makes_what_is_missing_and_nothing_else() {
    let folder = sounds();
    let at = folder.path();
    let run = |more: &[&str]| done(at, &[&[RECIPE, "in", "--out", "made"][..], more].concat());
    run(&[]);
    let whole = contents(&at.join("made"));
    for name in whole.keys().filter(|name| name.ends_with(".wav")).step_by(2) {
        std::fs::remove_file(at.join("made").join(name)).unwrap();
    }
    let kept = at.join("made").join(whole.keys().filter(|name| name.ends_with(".wav")).nth(1).unwrap());
    let before = kept.metadata().unwrap().modified().unwrap();
    let said = run(&["--resume"]);
    assert!(said.starts_with("13 inputs: 7 outputs written, 6 kept"), "{said}");
    assert_eq!(contents(&at.join("made")), whole);
    assert_eq!(kept.metadata().unwrap().modified().unwrap(), before);
    // An interrupted run leaves a part of its manifest, the last line perhaps cut short.
    let manifest = at.join("made/manifest.jsonl");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(at.join("made/manifest.jsonl.partial"), &text[..text.len() * 2 / 3]).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    let said = run(&["--resume"]);
    assert!(said.contains(" kept") && !said.starts_with("13 inputs: 13"), "{said}");
    assert_eq!(contents(&at.join("made")), whole);
    // An input that has changed is done again.
    let (old, kept) = (at.join("in/5.wav"), at.join("kept.wav"));
    std::fs::rename(&old, &kept).unwrap();
    std::fs::copy(at.join("in/7.wav"), &old).unwrap();
    let said = run(&["--resume"]);
    assert!(said.starts_with("13 inputs: 1 outputs written, 12 kept"), "{said}");
    assert_ne!(contents(&at.join("made")), whole);
    std::fs::rename(&kept, &old).unwrap();
    run(&["--resume"]);
    assert_eq!(contents(&at.join("made")), whole);
    // Another seed or format keeps nothing.
    let said = run(&["--resume", "--seed", "1"]);
    assert!(said.starts_with("13 inputs: 13 outputs written;"), "{said}");
    let said = run(&["--resume", "--seed", "1", "--bits", "16"]);
    assert!(said.starts_with("13 inputs: 13 outputs written;"), "{said}");
}

#[test]
fn a_broken_file_is_passed_over_or_stops_a_strict_run() {
    let folder = sounds();
    let at = folder.path();
    let good = done(at, &[RECIPE, "in", "--out", "good"]);
    assert!(!good.contains("passed over"));
    std::fs::write(at.join("in/5.wav"), b"RIFF, and no more").unwrap();
    std::fs::write(at.join("in/6.wav"), b"").unwrap();
    let output = augment(at, &[RECIPE, "in", "--out", "made"]);
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(said.starts_with("13 inputs: 11 outputs written, 2 inputs passed over"), "{said}");
    assert!(told.contains("5.wav") && told.contains("6.wav`: the file is empty"), "{told}");
    let lines = manifest(&at.join("made"));
    let failed: Vec<&serde_json::Value> = lines.iter().filter(|line| line["output"].is_null()).collect();
    assert_eq!((lines.len(), failed.len()), (13, 2));
    assert!(failed.iter().all(|line| line["error"].is_string()));
    // The others are what they would have been.
    let (made, whole) = (contents(&at.join("made")), contents(&at.join("good")));
    assert!(made.iter().filter(|(name, _)| name.ends_with(".wav")).all(|(name, bytes)| whole[name] == *bytes));
    let strict = augment(at, &[RECIPE, "in", "--out", "strict", "--strict"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&strict.stderr).contains("5.wav"));
    assert!(!at.join("strict/manifest.jsonl").exists());
    // What is mended is made when the run is resumed.
    std::fs::copy(at.join("in/7.wav"), at.join("in/5.wav")).unwrap();
    std::fs::remove_file(at.join("in/6.wav")).unwrap();
    std::fs::copy(at.join("in/7.wav"), at.join("in/6.wav")).unwrap();
    let said = done(at, &[RECIPE, "in", "--out", "made", "--resume"]);
    assert!(said.starts_with("13 inputs: 2 outputs written, 11 kept"), "{said}");
}

#[test]
fn what_cannot_work_is_said_before_anything_is_written() {
    let folder = sounds();
    let at = folder.path();
    for (arguments, code, want) in [
        (&["3", "in", "--out", "o"][..], 1, "must be a recipe or views, not the number 3"),
        (&["nosie(3)", "in", "--out", "o"], 1, "no function `nosie`"),
        (&["log_mel()", "in", "--out", "o"], 2, "features"),
        (&["views(2, gain(1))", "in", "--out", "o", "--views", "3"], 1, "it makes 2"),
        (&["gain(1)", "nowhere", "--out", "o"], 2, "nowhere"),
        (&["gain(1)", "in", "--out", "in"], 2, "output folder"),
        (&["gain(1)", "in", "--out", "o", "--shard", "0/3"], 2, "shard"),
        (&["none.rhai", "in", "--out", "o"], 2, "none.rhai"),
        (&["background(\"nowhere\")", "in", "--out", "o"], 1, "nowhere"),
        (&["gain(1)", "in"], 2, "--out"),
    ] {
        let output = augment(at, arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(want), "{arguments:?}: {told}");
        assert!(!at.join("o").exists(), "{arguments:?}");
    }
    assert_eq!(contents(&at.join("in")).len(), 13);
}
