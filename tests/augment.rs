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
        let name = if i < 4 {
            format!("in/deep/{i}.wav")
        } else {
            format!("in/{i}.wav")
        };
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
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn flac_holds_what_a_wav_of_as_many_bits_holds() {
    let folder = sounds();
    let at = folder.path();
    for (bits, default) in [("16", false), ("24", true)] {
        let (flac, wav) = (format!("flac{bits}"), format!("wav{bits}"));
        let given: &[&str] = if default { &[] } else { &["--bits", bits] };
        done(
            at,
            &[
                &["gain(-20)", "in", "--format", "flac", "--out", &flac][..],
                given,
            ]
            .concat(),
        );
        done(at, &["gain(-20)", "in", "--out", &wav, "--bits", bits]);
        for name in ["deep/0", "5", "12"] {
            let read = |folder: &str, ending| {
                auricle_audio::io::read(&at.join(folder).join(format!("{name}.{ending}")))
            };
            assert_eq!(
                read(&flac, "flac").unwrap(),
                read(&wav, "wav").unwrap(),
                "{name}, {bits} bits"
            );
        }
    }
    assert_eq!(
        augment(
            at,
            &[
                "gain(1)", "in", "--format", "flac", "--bits", "32", "--out", "o"
            ]
        )
        .status
        .code(),
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
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn manifest(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn threads_and_shards_change_no_byte() {
    let folder = sounds();
    let at = folder.path();
    let common = ["in", "--views", "2", "--seed", "7"];
    let run = |out: &str, more: &[&str]| {
        done(
            at,
            &[&[RECIPE][..], &common, &["--out", out], more].concat(),
        );
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
    let manifests: Vec<u8> = ["1", "2", "3"]
        .iter()
        .flat_map(|i| parts.remove(&format!("manifest.{i}-of-3.jsonl")).unwrap())
        .collect();
    assert_eq!(manifests, one["manifest.jsonl"]);
    assert_eq!(parts.len(), 26);
    assert!(parts.iter().all(|(name, bytes)| one[name] == *bytes));
}

#[test]
fn a_manifest_repeats_what_was_made() {
    let folder = sounds();
    let at = folder.path();
    std::fs::write(
        at.join("r.rhai"),
        format!("seed(3); views([{RECIPE}, identity()])"),
    )
    .unwrap();
    let said = done(at, &["r.rhai", "in/deep", "in/7.wav", "--out", "made"]);
    assert!(said.starts_with("5 inputs: 10 outputs written"), "{said}");
    let lines = manifest(&at.join("made"));
    assert_eq!(lines.len(), 10);
    // The inputs are sorted, wherever they stood on the command line.
    assert!(lines[0]["source"].as_str().unwrap().ends_with("7.wav"));
    assert_eq!(
        (lines[0]["item"].as_u64(), lines[0]["seed"].as_u64()),
        (Some(0), Some(3))
    );
    assert_eq!(
        (lines[0]["format"].as_str(), lines[0]["bits"].as_u64()),
        (Some("wav"), Some(32))
    );
    let program = format!("auricle {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines[0]["program"], program);
    // The recipe is there as source that gives the same recipe again.
    let recipe = lines[0]["recipe"].as_str().unwrap();
    let script = format!("assert(({recipe}) == ({RECIPE}))");
    std::fs::write(at.join("same.rhai"), script).unwrap();
    let same = Command::new(env!("CARGO_BIN_EXE_auricle"))
        .current_dir(at)
        .args(["run", "same.rhai"])
        .output()
        .unwrap();
    assert!(
        same.status.success(),
        "{}",
        String::from_utf8_lossy(&same.stderr)
    );
    assert_eq!(lines[1]["trace"]["steps"].as_array().unwrap().len(), 0);
    let trace = serde_json::json!({ "trace": lines[0]["trace"] }).to_string();
    let script = format!(
        "let made = load(\"made/7.view0.wav\"); let again = ({RECIPE}).replay(load(\"in/7.wav\"), from_json({trace:?})); \
         assert(again == made)"
    );
    std::fs::write(at.join("again.rhai"), script).unwrap();
    let again = Command::new(env!("CARGO_BIN_EXE_auricle"))
        .current_dir(at)
        .args(["run", "again.rhai"])
        .output()
        .unwrap();
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
}

#[test]
fn a_resumed_run_makes_what_is_missing_and_nothing_else() {
    let folder = sounds();
    let at = folder.path();
    let run = |more: &[&str]| done(at, &[&[RECIPE, "in", "--out", "made"][..], more].concat());
    run(&[]);
    let whole = contents(&at.join("made"));
    for name in whole
        .keys()
        .filter(|name| name.ends_with(".wav"))
        .step_by(2)
    {
        std::fs::remove_file(at.join("made").join(name)).unwrap();
    }
    let kept = at.join("made").join(
        whole
            .keys()
            .filter(|name| name.ends_with(".wav"))
            .nth(1)
            .unwrap(),
    );
    let before = kept.metadata().unwrap().modified().unwrap();
    let said = run(&["--resume"]);
    assert!(
        said.starts_with("13 inputs: 7 outputs written, 6 kept"),
        "{said}"
    );
    assert_eq!(contents(&at.join("made")), whole);
    assert_eq!(kept.metadata().unwrap().modified().unwrap(), before);
    // An interrupted run leaves a part of its manifest, the last line perhaps cut short.
    let manifest = at.join("made/manifest.jsonl");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(
        at.join("made/manifest.jsonl.partial"),
        &text[..text.len() * 2 / 3],
    )
    .unwrap();
    std::fs::remove_file(&manifest).unwrap();
    let said = run(&["--resume"]);
    assert!(
        said.contains(" kept") && !said.starts_with("13 inputs: 13"),
        "{said}"
    );
    assert_eq!(contents(&at.join("made")), whole);
    // An input that has changed is done again.
    let (old, kept) = (at.join("in/5.wav"), at.join("kept.wav"));
    std::fs::rename(&old, &kept).unwrap();
    std::fs::copy(at.join("in/7.wav"), &old).unwrap();
    let said = run(&["--resume"]);
    assert!(
        said.starts_with("13 inputs: 1 outputs written, 12 kept"),
        "{said}"
    );
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
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        said.starts_with("13 inputs: 11 outputs written, 2 inputs passed over"),
        "{said}"
    );
    assert!(
        told.contains("5.wav") && told.contains("6.wav`: the file is empty"),
        "{told}"
    );
    let lines = manifest(&at.join("made"));
    let failed: Vec<&serde_json::Value> = lines
        .iter()
        .filter(|line| line["output"].is_null())
        .collect();
    assert_eq!((lines.len(), failed.len()), (13, 2));
    assert!(failed.iter().all(|line| line["error"].is_string()));
    // The others are what they would have been.
    let (made, whole) = (contents(&at.join("made")), contents(&at.join("good")));
    assert!(
        made.iter()
            .filter(|(name, _)| name.ends_with(".wav"))
            .all(|(name, bytes)| whole[name] == *bytes)
    );
    let strict = augment(at, &[RECIPE, "in", "--out", "strict", "--strict"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&strict.stderr).contains("5.wav"));
    assert!(!at.join("strict/manifest.jsonl").exists());
    // What is mended is made when the run is resumed.
    std::fs::copy(at.join("in/7.wav"), at.join("in/5.wav")).unwrap();
    std::fs::remove_file(at.join("in/6.wav")).unwrap();
    std::fs::copy(at.join("in/7.wav"), at.join("in/6.wav")).unwrap();
    let said = done(at, &[RECIPE, "in", "--out", "made", "--resume"]);
    assert!(
        said.starts_with("13 inputs: 2 outputs written, 11 kept"),
        "{said}"
    );
}

#[test]
fn what_cannot_work_is_said_before_anything_is_written() {
    let folder = sounds();
    let at = folder.path();
    for (arguments, code, want) in [
        (
            &["3", "in", "--out", "o"][..],
            1,
            "must be a recipe or views, not the number 3",
        ),
        (&["nosie(3)", "in", "--out", "o"], 1, "no function `nosie`"),
        (&["log_mel()", "in", "--out", "o"], 2, "features"),
        (
            &["views(2, gain(1))", "in", "--out", "o", "--views", "3"],
            1,
            "it makes 2",
        ),
        (&["gain(1)", "nowhere", "--out", "o"], 2, "nowhere"),
        (&["gain(1)", "in", "--out", "in"], 2, "output folder"),
        (
            &["gain(1)", "in", "--out", "o", "--shard", "0/3"],
            2,
            "shard",
        ),
        (&["none.rhai", "in", "--out", "o"], 2, "none.rhai"),
        (
            &["background(\"nowhere\")", "in", "--out", "o"],
            1,
            "nowhere",
        ),
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

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(unix)]
#[test]
fn no_output_is_written_over_an_input_however_it_is_reached() {
    use std::os::unix::fs::symlink;
    let folder = sounds();
    let at = folder.path();
    let inputs = contents(&at.join("in"));
    std::fs::create_dir_all(at.join("data")).unwrap();
    symlink("../in/deep", at.join("data/dog")).unwrap();
    symlink("in", at.join("other")).unwrap();
    std::fs::create_dir_all(at.join("hard/deep")).unwrap();
    std::fs::hard_link(at.join("in/deep/2.wav"), at.join("hard/deep/2.wav")).unwrap();
    for (input, out) in [
        ("data", "data"),
        ("in", "other"),
        ("other", "in"),
        ("in", "hard"),
        ("in/deep/1.wav", "data/dog"),
    ] {
        for more in [&[][..], &["--overwrite"], &["--resume"]] {
            let output = augment(at, &[&["gain(-6)", input, "--out", out][..], more].concat());
            assert_eq!(code(&output), Some(2), "{input} {out}: {}", told(&output));
            assert_eq!(contents(&at.join("in")), inputs, "{input} {out}");
        }
    }
    assert!(
        told(&augment(at, &["gain(-6)", "data", "--out", "data"]))
            .contains("written over the input `data/dog/0.wav`")
    );
}

#[test]
fn a_file_that_no_run_made_is_spared_unless_it_may_be_overwritten() {
    let folder = sounds();
    let at = folder.path();
    std::fs::create_dir_all(at.join("made")).unwrap();
    std::fs::write(at.join("made/5.wav"), b"mine").unwrap();
    std::fs::write(at.join("made/notes.txt"), b"mine, too").unwrap();
    for more in [&[][..], &["--resume"]] {
        let output = augment(at, &[&[RECIPE, "in", "--out", "made"][..], more].concat());
        assert_eq!(code(&output), Some(2));
        assert!(
            told(&output).contains("5.wav`: this file was not made by a run")
                && told(&output).contains("--overwrite")
        );
        assert_eq!(contents(&at.join("made")).len(), 2);
    }
    done(at, &[RECIPE, "in", "--out", "made", "--overwrite"]);
    assert_eq!(
        std::fs::read(at.join("made/notes.txt")).unwrap(),
        b"mine, too"
    );
    // What a run made is known, also to a run with another recipe.
    done(at, &["gain(-6)", "in", "--out", "made"]);
    done(at, &["gain(-6)", "in", "--out", "made", "--resume"]);
}

#[test]
fn what_cannot_be_written_ends_the_run_and_it_says_what_is_complete() {
    let folder = sounds();
    let at = folder.path();
    // The view's name makes the longest file name longer than a file system takes.
    let long = format!("in/z{}.wav", "z".repeat(246));
    std::fs::copy(at.join("in/5.wav"), at.join(&long)).unwrap();
    let output = augment(
        at,
        &[RECIPE, "in", "--out", "made", "--views", "2", "--jobs", "1"],
    );
    assert_eq!(code(&output), Some(1));
    assert!(
        told(&output).contains("cannot be written"),
        "{}",
        told(&output)
    );
    assert!(
        told(&output).contains("13 of 14 inputs were done and are recorded"),
        "{}",
        told(&output)
    );
    std::fs::remove_file(at.join(&long)).unwrap();
    let said = done(
        at,
        &[RECIPE, "in", "--out", "made", "--views", "2", "--resume"],
    );
    assert!(
        said.starts_with("13 inputs: 0 outputs written, 26 kept"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_run_and_the_next_one_goes_on() {
    let folder = sounds();
    let at = folder.path();
    done(at, &[RECIPE, "in", "--out", "whole", "--jobs", "1"]);
    // No file may grow beyond some blocks of 512 bytes, the record included.
    for blocks in [1, 4, 9, 14] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let output = Command::new("sh")
            .args([
                "-c",
                &script,
                env!("CARGO_BIN_EXE_auricle"),
                "augment",
                RECIPE,
                "in",
                "--out",
                "made",
                "--resume",
            ])
            .current_dir(at)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(code(&output), Some(1), "{blocks} blocks: {}", told(&output));
        assert!(
            told(&output).contains("cannot be written"),
            "{}",
            told(&output)
        );
        assert!(!at.join("made/manifest.jsonl").exists());
    }
    let said = done(at, &[RECIPE, "in", "--out", "made", "--resume"]);
    assert!(said.contains(" kept"), "{said}");
    assert_eq!(contents(&at.join("made")), contents(&at.join("whole")));
}

#[test]
fn inputs_that_fail_give_a_code_of_their_own_and_a_list() {
    let folder = sounds();
    let at = folder.path();
    // One that breaks off, one that is no sound, and one that the recipe cannot use.
    let whole = std::fs::read(at.join("in/5.wav")).unwrap();
    std::fs::write(at.join("in/5.wav"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(at.join("in/6.wav"), b"a letter to a friend").unwrap();
    std::fs::write(
        at.join("r.rhai"),
        "lambda(|w| { if w.n_samples == 400 { throw \"too short\" } w })",
    )
    .unwrap();
    let output = augment(at, &["r.rhai", "in", "--out", "made"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(code(&output), Some(3), "{}", told(&output));
    assert!(
        said.starts_with("13 inputs: 10 outputs written, 1 inputs passed over, 2 inputs failed"),
        "{said}"
    );
    let list = std::fs::read_to_string(at.join("made/manifest.failed.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(
        (rows.len(), rows[0].as_slice()),
        (4, &["input", "state", "reason"][..])
    );
    let states: Vec<_> = rows[1..]
        .iter()
        .map(|row| (row[0].rsplit('/').next().unwrap(), row[1]))
        .collect();
    assert_eq!(
        states,
        [
            ("5.wav", "failed"),
            ("6.wav", "passed over"),
            ("0.wav", "failed")
        ]
    );
    assert!(rows[3][2].contains("too short"), "{list}");
    assert!(
        told(&output).contains("failed: `in/5.wav`")
            && told(&output).contains("passed over: `in/6.wav`")
    );
    // All well again: no list.
    std::fs::write(at.join("in/5.wav"), &whole).unwrap();
    std::fs::remove_file(at.join("in/6.wav")).unwrap();
    std::fs::remove_file(at.join("in/deep/0.wav")).unwrap();
    done(at, &["r.rhai", "in", "--out", "made"]);
    assert!(!at.join("made/manifest.failed.tsv").exists());
    // Nothing is left.
    std::fs::write(at.join("no.wav"), b"nothing to hear").unwrap();
    assert_eq!(
        code(&augment(at, &["gain(1)", "no.wav", "--out", "none"])),
        Some(1)
    );
}

#[test]
fn a_clip_beyond_the_memory_fails_and_the_others_are_done() {
    let folder = sounds();
    let at = folder.path();
    let wave = Waveform::mono(vec![0.5; 5 << 20], 44_100).unwrap();
    write_wav(&at.join("in/long.wav"), &wave, SampleFormat::Int16).unwrap();
    let output = augment(at, &["gain(-6)", "in", "--out", "made", "--memory", "0.02"]);
    assert_eq!(code(&output), Some(3), "{}", told(&output));
    assert!(
        told(&output).contains("it needs about 23 MB of memory, and 20 MB may be taken"),
        "{}",
        told(&output)
    );
    assert_eq!(
        manifest(&at.join("made"))
            .iter()
            .filter(|line| line["output"].is_string())
            .count(),
        13
    );
    let output = augment(
        at,
        &[
            "gain(-6)", "in", "--out", "made", "--memory", "0.03", "--resume",
        ],
    );
    assert_eq!(code(&output), Some(0), "{}", told(&output));
}

#[test]
fn nothing_stale_is_kept() {
    let folder = sounds();
    let at = folder.path();
    let sound = |name: &str, seed: u64| {
        let mut samples = vec![0.0; 500];
        Rng::from_words(&[seed]).fill_normal(&mut samples);
        write_wav(
            &at.join(name),
            &Waveform::mono(samples, 8000).unwrap(),
            SampleFormat::Float32,
        )
        .unwrap();
    };
    sound("in/5.wav", 1);
    sound("noise/a.wav", 2);
    sound("noise/b.wav", 3);
    let run = |more: &[&str]| {
        done(
            at,
            &[
                &["background(\"noise\", 5)", "in", "--out", "made"][..],
                more,
            ]
            .concat(),
        )
    };
    run(&[]);
    assert!(run(&["--resume"]).starts_with("13 inputs: 0 outputs written, 13 kept"));
    // Another sound of the same length and time.
    let time = at.join("in/5.wav").metadata().unwrap().modified().unwrap();
    sound("in/5.wav", 4);
    std::fs::File::options()
        .write(true)
        .open(at.join("in/5.wav"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert!(run(&["--resume"]).starts_with("13 inputs: 1 outputs written, 12 kept"));
    // An output that is cut off, one in which a bit has changed, one that is gone.
    let (cut, bit) = (at.join("made/deep/1.wav"), at.join("made/7.wav"));
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    let mut bytes = std::fs::read(&bit).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&bit, bytes).unwrap();
    std::fs::remove_file(at.join("made/8.wav")).unwrap();
    assert!(run(&["--resume"]).starts_with("13 inputs: 3 outputs written, 10 kept"));
    // One noise more, and another noise under an old name.
    sound("noise/c.wav", 5);
    assert!(!run(&["--resume"]).starts_with("13 inputs: 0 outputs written"));
    sound("noise/a.wav", 6);
    assert!(!run(&["--resume"]).starts_with("13 inputs: 0 outputs written"));
    done(at, &["background(\"noise\", 5)", "in", "--out", "fresh"]);
    assert_eq!(contents(&at.join("made")), contents(&at.join("fresh")));
}

#[test]
fn a_manifest_makes_its_outputs_again_or_is_refused() {
    let folder = sounds();
    let at = folder.path();
    let recipe = "0.5 * reverse() |> lambda(|w, seed| noise(20).apply(w, #{ seed: seed })) |> gain(-6..6) |> \
                  op(\"tanh(drive * x) + 0.001 * noise - 0.1 * y[-1]\", #{ drive: 0.5..2 })";
    done(
        at,
        &[
            recipe, "in", "--out", "made", "--views", "2", "--seed", "5", "--format", "flac",
            "--bits", "16",
        ],
    );
    let whole = contents(&at.join("made"));
    let replay = |out: &str, more: &[&str]| {
        augment(
            at,
            &[&["--replay", "made/manifest.jsonl", "--out", out][..], more].concat(),
        )
    };
    // The manifest is all that it takes, beside the inputs.
    assert_eq!(code(&replay("again", &["--jobs", "1"])), Some(0));
    assert_eq!(contents(&at.join("again")), whole);
    // What was lost comes back; what is there is kept.
    std::fs::remove_file(at.join("made/deep/1.view0.flac")).unwrap();
    std::fs::write(at.join("made/5.view1.flac"), b"damaged").unwrap();
    let output = replay("made", &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.starts_with("26 inputs: 2 outputs written, 24 kept"),
        "{said}"
    );
    assert_eq!(contents(&at.join("made")), whole);
    // A file of somebody else's is spared.
    std::fs::create_dir(at.join("mine")).unwrap();
    std::fs::write(at.join("mine/5.view1.flac"), b"mine").unwrap();
    let output = replay("mine", &[]);
    assert_eq!(code(&output), Some(2), "{}", told(&output));
    assert_eq!(contents(&at.join("mine")).len(), 1);
    // Another input under the old name, and bytes that do not come out as they were recorded.
    std::fs::copy(at.join("in/8.wav"), at.join("in/7.wav")).unwrap();
    let text = std::fs::read_to_string(at.join("made/manifest.jsonl")).unwrap();
    let hash = manifest(&at.join("made"))[0]["output_xxh3"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::write(
        at.join("made/manifest.jsonl"),
        text.replace(&hash, "0123456789abcdef"),
    )
    .unwrap();
    let output = replay("third", &[]);
    assert_eq!(code(&output), Some(3));
    assert!(
        told(&output).contains("`in/7.wav`: it is another file than the one"),
        "{}",
        told(&output)
    );
    assert!(
        told(&output).contains("other bytes come out than were recorded"),
        "{}",
        told(&output)
    );
    assert_eq!(
        contents(&at.join("third"))
            .keys()
            .filter(|name| name.ends_with(".flac"))
            .count(),
        23
    );
    // What says too little, or what is no manifest.
    for (content, want) in [
        (
            text.replace("\"output_xxh3\"", "\"unknown\""),
            "does not say enough",
        ),
        (
            text.replace("\"output\":\"", "\"output\":\"../"),
            "lies outside the output folder",
        ),
        (text.replace("reverse()", "revers()"), "revers"),
        ("hello".to_owned(), "line 1 is no line of a manifest"),
        (String::new(), "it names no output"),
    ] {
        std::fs::write(at.join("made/manifest.jsonl"), content).unwrap();
        let output = replay("fourth", &[]);
        assert!(matches!(code(&output), Some(1 | 2)), "{}", told(&output));
        assert!(told(&output).contains(want), "{want}: {}", told(&output));
        assert!(!at.join("fourth").exists());
    }
}

#[test]
fn a_manifest_with_recordings_makes_its_outputs_again() {
    let folder = sounds();
    let at = folder.path();
    let noise = |name: &str, seed: u64| {
        let mut samples = vec![0.0; 4000];
        Rng::from_words(&[seed]).fill_normal(&mut samples);
        samples.iter_mut().for_each(|x| *x *= 0.1);
        let wave = Waveform::mono(samples, 8000).unwrap();
        write_wav(&at.join(name), &wave, SampleFormat::Float32).unwrap();
    };
    for (seed, name) in ["a", "b", "deep/c"].iter().enumerate() {
        noise(&format!("noise/{name}.wav"), seed as u64);
    }
    let recipe = "background(\"noise\", 3..30, #{ recipe: low_pass(1000..3000) }) \
                  |> short_noises(\"noise\", #{ n: 1..3, max_seconds: 0.01 }) |> impulse_response(\"noise/b.wav\") \
                  |> repeat_part(0.005..0.01, #{ repeats: 3, recipe: background(\"noise\", 0..10) })";
    done(at, &[recipe, "in", "--out", "made", "--views", "2"]);
    let whole = contents(&at.join("made"));
    let replay = |out: &str| augment(at, &["--replay", "made/manifest.jsonl", "--out", out]);
    assert_eq!(code(&replay("again")), Some(0));
    assert_eq!(contents(&at.join("again")), whole);
    // Every recording that was drawn is named, those inside of stages too: one more file changes nothing.
    noise("noise/aa.wav", 7);
    assert_eq!(code(&replay("more")), Some(0));
    assert_eq!(contents(&at.join("more")), whole);
    // Another sound under a name fails what drew it, and that only.
    noise("noise/deep/c.wav", 8);
    let n_with = manifest(&at.join("made"))
        .iter()
        .filter(|line| line["trace"].to_string().contains("deep/c.wav"))
        .count();
    assert!(0 < n_with && n_with < 26, "{n_with}");
    let output = replay("other");
    assert_eq!(code(&output), Some(3));
    assert!(
        told(&output).contains("has another sound now"),
        "{}",
        told(&output)
    );
    let n_made = contents(&at.join("other"))
        .keys()
        .filter(|name| name.ends_with(".wav"))
        .count();
    assert_eq!(n_made, 26 - n_with);
    // Without its recordings the recipe cannot be made; the words say where they were looked for.
    std::fs::rename(at.join("noise"), at.join("moved")).unwrap();
    let output = replay("none");
    assert_eq!(code(&output), Some(1));
    let said = told(&output);
    assert!(
        said.contains("its recipe cannot be made again: `noise`: there is no such file or folder")
            && said.contains("relative paths start where the program was started"),
        "{said}"
    );
}
