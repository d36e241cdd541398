//! `auricle synth`: the same corpus however the work is divided, and whole or absent in every part.

mod reference;
mod sheet;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const VOICE: &str = "voice(#{ seconds: 0.1, sample_rate: 8000, control_rate: 100 })";

fn synth(folder: &Path, arguments: &[&str]) -> Output {
    synth_of(VOICE, folder, arguments)
}

fn synth_of(script: &str, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
    let command = command.env("NO_COLOR", "1").current_dir(folder);
    let command = command.args(["synth", script, "--count", "25", "--part", "10"]);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    output.unwrap()
}

fn done(folder: &Path, arguments: &[&str]) {
    let output = synth(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
}

/// Every file of a folder, by its path inside it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn shards_threads_and_resumed_runs_make_the_files_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for storage in ["files", "tar", "parquet"] {
        let (whole, parts) = (format!("{storage}-whole"), format!("{storage}-parts"));
        let stored = ["--storage", storage];
        done(
            at,
            &[&stored[..], &["--out", &whole, "--threads", "1"]].concat(),
        );
        for shard in ["2/2", "1/2"] {
            done(
                at,
                &[&stored[..], &["--out", &parts, "--shard", shard]].concat(),
            );
        }
        let want = files(&at.join(&whole));
        assert_eq!(want, files(&at.join(&parts)), "{storage}");
        // A run that was killed has some parts and not the others.
        let lost = want.keys().find(|name| name.starts_with("00001.")).unwrap();
        std::fs::remove_file(at.join(&parts).join(lost)).unwrap();
        let refused = synth(at, &[&stored[..], &["--out", &parts]].concat());
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--resume"));
        done(at, &[&stored[..], &["--out", &parts, "--resume"]].concat());
        assert_eq!(want, files(&at.join(&parts)), "{storage}, resumed");
    }
}

#[test]
fn a_sound_of_a_corpus_is_a_wave_with_its_parameters() {
    let folder = tempfile::tempdir().unwrap();
    done(
        folder.path(),
        &["--out", "c", "--bits", "32", "--seed", "3"],
    );
    let c = folder.path().join("c");
    let list = std::fs::read_to_string(c.join("00002.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = list
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4]["index"], 24);
    assert_eq!(lines[4]["raw"].as_array().unwrap().len(), 78);
    assert_eq!(lines[4]["parameters"].as_object().unwrap().len(), 78);
    let file = c.join(lines[4]["file"].as_str().unwrap());
    let wave = auricle_audio::io::read(&file).unwrap();
    assert_eq!((wave.sample_rate(), wave.n_samples()), (8000, 800));
    assert!(wave.peak() > 0.0 && wave.peak() <= 1.0);
}

#[test]
fn sounds_of_a_corpus_pass_through_the_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    done(at, &["--out", "dry"]);
    let noisy = format!("{VOICE} |> noise(10..30)");
    for (out, threads) in [("one", "1"), ("two", "2")] {
        let made = synth_of(&noisy, at, &["--out", out, "--threads", threads]);
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let (one, dry) = (files(&at.join("one")), files(&at.join("dry")));
    assert_eq!(one, files(&at.join("two")));
    let sound = one.keys().find(|name| name.ends_with(".wav")).unwrap();
    assert_ne!(one[sound], dry[sound]);
    let longer = synth_of(&format!("{VOICE} |> log_mel()"), at, &["--out", "no"]);
    assert_eq!(longer.status.code(), Some(1));
}

#[test]
fn a_folder_holds_one_corpus() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["--out", "c"]);
    let other = synth(folder.path(), &["--out", "c", "--seed", "1", "--resume"]);
    assert_eq!(other.status.code(), Some(2));
    let error = String::from_utf8(other.stderr).unwrap();
    assert!(error.contains("its seed is 0, not 1"), "{error}");
    let wrong = Command::new(env!("CARGO_BIN_EXE_auricle"))
        .args(["synth", "tone(440, 1)", "--count", "1", "--out", "d"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("must be a synthesizer"));
}
