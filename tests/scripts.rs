//! The programs of `scripts/`, each at its smallest on recordings that are made here.

use crate::cli::{err, run_in};
use crate::recordings::{made_digits, made_environment};
use crate::root;
use std::path::Path;

/// Runs a program, and checks that it has made its page: with a table, its own source, and what it does not show.
fn makes_its_page(script: &str, data: &[&Path], more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = root().join(format!("scripts/{script}.rhai"));
    let file = file.display().to_string();
    let data: Vec<String> = data.iter().map(|path| path.display().to_string()).collect();
    let mut words = vec![file.as_str()];
    words.extend(data.iter().map(String::as_str));
    words.extend(["--small", "--no-cache", "--quiet"]);
    words.extend(more);
    let output = run_in(folder.path(), &words);
    assert_eq!(output.status.code(), Some(0), "{script}: {}", err(&output));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    let source = std::fs::read_to_string(root().join(format!("scripts/{script}.rhai"))).unwrap();
    assert!(source.lines().count() < 100, "{script}");
    let first = source.lines().next().unwrap();
    let first = first.replace('&', "&amp;").replace('"', "&quot;");
    for part in ["<table", "does and does not show", &first] {
        assert!(page.contains(part), "{script}: {part}");
    }
    // A second start finds everything done.
    let output = run_in(folder.path(), &words);
    assert_eq!(output.status.code(), Some(0), "{script}: {}", err(&output));
    assert!(
        !crate::cli::out(&output).contains("s left"),
        "{script}: something was done twice"
    );
}

const ONE_EPOCH: [&str; 2] = ["--epochs", "1"];
const FEW_PAIRS: [&str; 6] = ["--epochs", "1", "--steps", "2", "--width", "4"];

#[test]
fn the_programs_of_clar_run() {
    let some = ["--epochs", "1", "--width", "4", "--views", "fade,mask"];
    makes_its_page("clar/view_pairs", &[made_digits()], &some);
    makes_its_page(
        "clar/labels",
        &[made_digits()],
        &["--epochs", "1", "--width", "4"],
    );
    makes_its_page(
        "clar/inputs",
        &[made_digits()],
        &["--epochs", "1", "--width", "2"],
    );
}

#[test]
fn the_programs_of_health_acoustics_run() {
    let narrow = ["--epochs", "1", "--width", "4"];
    let one = [
        "--epochs",
        "1",
        "--width",
        "4",
        "--views",
        "none,spec_augment,all but noising",
    ];
    makes_its_page("health/views", &[made_environment()], &one);
    makes_its_page("health/synergy", &[made_environment()], &narrow);
    makes_its_page("health/encoders", &[made_digits()], &ONE_EPOCH);
    makes_its_page("health/labels_of_types", &[made_digits()], &narrow);
    makes_its_page(
        "health/transfer",
        &[made_digits(), made_environment()],
        &narrow,
    );
}

#[test]
fn the_programs_of_patch_mix_run() {
    makes_its_page("patch_mix/objectives", &[made_environment()], &ONE_EPOCH);
    makes_its_page("patch_mix/mixing", &[made_environment()], &ONE_EPOCH);
    makes_its_page("patch_mix/seeds", &[made_environment()], &ONE_EPOCH);
    let before = ["--epochs", "1", "--before", "1"];
    makes_its_page("patch_mix/pretraining", &[made_environment()], &before);
    let table = made_environment().join("meta/esc50.csv");
    let columns = [
        "--path",
        "../audio/{filename}",
        "--label",
        "category",
        "--epochs",
        "1",
    ];
    makes_its_page("patch_mix/other_sounds", &[&table], &columns);
}

#[test]
fn the_program_about_the_floor_runs() {
    let some = ["--epochs", "1", "--width", "4", "--parts"];
    let some = [&some[..], &["all,vicreg"]].concat();
    makes_its_page("above_the_floor", &[made_environment()], &some);
}

#[test]
fn the_programs_of_doppelgangers_run() {
    for script in ["delta", "architectures", "perturbation", "fine_grained"] {
        makes_its_page(
            &format!("doppelgangers/{script}"),
            &[made_digits()],
            &FEW_PAIRS,
        );
    }
    let few = ["--n", "8", "--epochs", "1", "--width", "4"];
    makes_its_page("doppelgangers/coverage", &[made_digits()], &few);
    makes_its_page(
        "collapse",
        &[made_digits()],
        &["--epochs", "1", "--width", "4"],
    );
    let few = ["--steps", "2", "--generations", "4"];
    makes_its_page("gradients_in_search", &[], &few);
    let folder = tempfile::tempdir().unwrap();
    let file = root().join("scripts/doppelgangers/listening.rhai");
    let output = run_in(folder.path(), &[file.to_str().unwrap(), "--small"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(folder.path().join("sheet.html").is_file());
}
