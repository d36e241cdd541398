//! What the style guide asks of the tree and a machine can see.

use crate::root;
use std::path::{Path, PathBuf};

/// Every file under a folder of the project that is not built or run output.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
        {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if [".git", "target", "runs"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn rust(folder: &str) -> Vec<(String, String)> {
    let sources = files(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"));
    sources
        .map(|path| {
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// A source without its tests, its comments and its strings.
pub(crate) fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    body.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms of a crate from left to right; rooms of one step may not know each other.
const AUDIO: [&[&str]; 6] = [
    &["error", "rng", "param", "waveform", "declare"],
    &["io", "dsp", "expression"],
    &["features", "synth"],
    &["augment"],
    &["dataset", "plot"],
    &[],
];
const LEARN: [&[&str]; 6] = [
    &["error", "device", "protobuf", "tensor", "batch"],
    &["feed", "nn"],
    &["loss", "eval", "spectra", "synth"],
    &["train"],
    &["live"],
    &[],
];

/// The rooms that a text names: those of `crate::room::..` and of `use crate::{room::.., other}`.
fn rooms_imported(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut rooms = Vec::new();
    for import in code.split("crate::").skip(1) {
        let Some(list) = import.strip_prefix('{') else {
            rooms.push(name(import));
            continue;
        };
        // Names of the list itself stand where no other brace is open.
        let mut depth = 0;
        let mut at_name = true;
        for (place, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => at_name = true,
                c if at_name && (c.is_alphanumeric() || c == '_') => {
                    rooms.push(name(&list[place..]));
                    at_name = false;
                }
                _ => {}
            }
        }
    }
    rooms
}

#[test]
fn every_import_is_read() {
    let code = "use crate::{Error, nn::{conv, pool}, loss};\nlet x = crate::eval::of();";
    assert_eq!(rooms_imported(code), ["Error", "nn", "loss", "eval"]);
}

#[test]
fn imports_point_to_the_left() {
    for (folder, rooms) in [("src/audio", &AUDIO[..]), ("src/learn", &LEARN[..])] {
        let step = |room: &str| rooms.iter().position(|step| step.contains(&room));
        for (name, text) in rust(folder) {
            let inside = name.strip_prefix(folder).unwrap().trim_start_matches('/');
            let room = inside.split('/').next().unwrap().trim_end_matches(".rs");
            if ["lib", "reference", "build"].contains(&room) {
                continue;
            }
            let here =
                step(room).unwrap_or_else(|| panic!("{name} stands in no room of the style guide"));
            for other in rooms_imported(&code(&text)) {
                let Some(there) = step(&other) else { continue };
                let first_step = here == 0 && there == 0;
                let allowed = other == room || there < here || first_step;
                assert!(
                    allowed,
                    "{name} imports {other}, which stands beside it or to its right"
                );
            }
        }
    }
}

#[test]
fn crates_know_only_what_they_may() {
    for (folder, forbidden) in [
        (
            "src/figure",
            &[
                "burn::",
                "rhai::",
                "auricle_audio",
                "auricle_learn",
                "auricle_session",
            ][..],
        ),
        (
            "src/audio",
            &["burn::", "rhai::", "auricle_learn", "auricle_session"],
        ),
        (
            "src/synth",
            &["burn::", "rhai::", "auricle_learn", "auricle_session"],
        ),
        ("src/learn", &["rhai::", "auricle_session"]),
        (
            "src/session/script",
            &[
                "auricle_audio",
                "auricle_synth",
                "auricle_learn",
                "crate::bind",
                "crate::session",
            ],
        ),
        ("src/session/bind", &["crate::session"]),
        ("kernel", &["auricle_audio", "auricle_learn"]),
        ("src/repl", &["auricle_audio", "auricle_learn"]),
    ] {
        for (name, text) in rust(folder) {
            for word in forbidden {
                assert!(!code(&text).contains(word), "{name} knows {word}");
            }
        }
    }
}

#[test]
fn files_are_small_and_named_for_a_concept() {
    let drawers = ["util", "utils", "common", "helpers", "types", "misc"];
    for folder in ["src", "kernel", "tests", "benches"] {
        for (name, text) in rust(folder) {
            let lines = text.lines().count();
            assert!(lines <= 800, "{name} has {lines} lines");
            let stem = Path::new(&name)
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned();
            assert!(
                !drawers.contains(&stem.as_str()),
                "{name} is named for no concept"
            );
            assert!(text.starts_with("//!"), "{name} does not say what it is");
        }
    }
}

#[test]
fn a_mod_file_holds_no_code() {
    for (name, text) in rust("src")
        .into_iter()
        .filter(|(name, _)| name.ends_with("/mod.rs"))
    {
        // The front ends' folders and the two lists of bindings are entry points, not tables of contents.
        if name.starts_with("src/repl/")
            || name.starts_with("src/session/bind/")
            || name.ends_with("augment/mod.rs")
        {
            continue;
        }
        assert!(!code(&text).contains("fn "), "{name} holds code");
    }
}

#[test]
fn nothing_is_left_undone_or_skipped() {
    for folder in ["src", "kernel", "tests", "benches"] {
        for (name, text) in rust(folder)
            .into_iter()
            .filter(|(name, _)| name != "tests/tidy.rs")
        {
            for word in [
                "todo!(",
                "unimplemented!(",
                "dbg!(",
                "#[ignore",
                "#[should_panic",
                "TODO",
                "FIXME",
                "XXX",
            ] {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }
}

#[test]
fn no_text_names_a_machine() {
    let texts = ["rs", "rhai", "toml", "md", "py", "ipynb", "yml", "sh"];
    for path in files(".") {
        if !path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| texts.contains(&e))
            || path.ends_with("tests/tidy.rs")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for place in ["/root/", "/home/", "/work/", "C:\\\\Users"] {
            assert!(!text.contains(place), "{} names {place}", path.display());
        }
    }
}

#[test]
fn changes_are_told_and_the_map_is_there() {
    let read = |name: &str| {
        std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        read("CHANGELOG.md").contains(&format!("## {version}")),
        "the changelog lacks version {version}"
    );
    for room in AUDIO.iter().chain(&LEARN).flat_map(|step| step.iter()) {
        assert!(
            read("ARCHITECTURE.md").contains(room),
            "ARCHITECTURE.md lacks {room}"
        );
    }
    assert!(read("README.md").contains("cargo run --release -- run examples/quickstart.rhai"));
    assert!(read("README.md").contains("cargo test --release --workspace"));
    read("CONTRIBUTING.md");
    read("LICENSE-MIT");
    read("LICENSE-APACHE");
}
