//! The program as a user runs it.

use crate::recordings::{made_digits, made_environment, real};
use crate::root;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program, that is to be told what to do.
pub(crate) fn auricle() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

pub(crate) fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    auricle()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn exit_codes_are_0_for_success_1_for_a_script_and_2_for_usage() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "good.rhai", "print(`${1 + 1}`)");
    script(folder.path(), "bad.rhai", "let a = 1;\nlet b = nosie(3);");
    let code = |arguments: &[&str]| run_in(folder.path(), arguments).status.code();
    for good in [
        &["run", "good.rhai"][..],
        &["good.rhai"],
        &["check", "good.rhai"],
        &["help"],
        &["help", "noise"],
        &["devices"],
        &["--version"],
    ] {
        assert_eq!(code(good), Some(0), "{good:?}");
    }
    for bad in [
        &["run", "bad.rhai"][..],
        &["bad.rhai"],
        &["check", "bad.rhai"],
    ] {
        assert_eq!(code(bad), Some(1), "{bad:?}");
    }
    for usage in [
        &["run"][..],
        &["run", "none.rhai"],
        &["frobnicate"],
        &["run", "--threads", "0", "good.rhai"],
        &["help", "nosie"],
    ] {
        assert_eq!(code(usage), Some(2), "{usage:?}");
    }
    let shown = err(&run_in(folder.path(), &["bad.rhai"]));
    let want = "error: there is no function `nosie`\n --> bad.rhai:2:9\n  |\n2 | let b = nosie(3);\n  |         ^^^^^\n  |\n  = help: did you mean `noise`?\n";
    assert_eq!(shown, want);
}

#[test]
fn arguments_reach_the_script_and_options_reach_the_program() {
    let folder = tempfile::tempdir().unwrap();
    script(
        folder.path(),
        "a.rhai",
        "print(args); print(option(\"epochs\", 60)); print(white_noise(0.001).samples()[0])",
    );
    let plain = out(&run_in(folder.path(), &["a.rhai", "dir", "--epochs", "5"]));
    assert!(
        plain.starts_with("[\"dir\", \"--epochs\", \"5\"]\n5\n"),
        "{plain}"
    );
    let seeded = |arguments: &[&str]| out(&run_in(folder.path(), arguments));
    assert_eq!(
        seeded(&["a.rhai", "--seed", "3"]),
        seeded(&["run", "--seed", "3", "a.rhai"])
    );
    assert_ne!(seeded(&["a.rhai", "--seed", "3"]), seeded(&["a.rhai"]));
    let unknown = run_in(folder.path(), &["run", "a.rhai", "--device", "cuda:0"]);
    assert_eq!(
        unknown.status.code(),
        Some(0),
        "no tensor is made, so no device is needed: {}",
        err(&unknown)
    );
}

#[test]
fn a_script_reads_standard_input_when_it_is_piped() {
    let mut child = auricle()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"let x = 20;\nx + 1").unwrap();
    assert_eq!(out(&child.wait_with_output().unwrap()), "21\n");
}

#[test]
fn help_and_the_reference_page_come_from_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let help = out(&run_in(folder.path(), &["help", "noise"]));
    assert!(
        help.starts_with("noise(snr_db = 5..40, #{ level_db: (), color: \"white\", a_weighted: false }) -> recipe\n"),
        "{help}"
    );
    assert!(help.contains("power of the sound over power of the noise, dB"));
    let overview = out(&run_in(folder.path(), &["help"]));
    run_in(folder.path(), &["help", "--html", "pages"]);
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join("pages").join(name)).unwrap();
    let (page, search) = (read("index.html"), read("search.js"));
    for name in [
        "noise",
        "model.simclr",
        "spoken_digits",
        "linear_probe",
        "wave.resample",
    ] {
        assert!(overview.contains(&format!("  {name} ")), "{name}");
        assert!(page.contains(name), "{name}");
        assert!(search.contains(&format!("[\"{name}\",")), "{name}");
    }
    assert!(
        !page.contains("http") && !search.contains("http"),
        "the page reaches for something"
    );
}

/// A script whose training takes a while, and what it needs.
const TRAINING: &str = r#"
let clips = [];
for i in 0..48 { clips.push(#{ wave: tone(200 + 40 * (i % 8), 0.2, #{ sample_rate: 8000 }), label: i % 8 }); }
let split = dataset(clips, #{ name: "tones" }).split(#{ test: 0.25 });
let view = gain(-6..6) |> time_mask(0.3) |> noise(5..30) |> log_mel(#{ n_mels: 24 });
let run = simclr(resnet18(#{ width: 4 }), split, #{
    recipe: views(2, view), epochs: option("epochs", 8), batch: 12, schedule: warmup_cosine(#{ warmup_epochs: 1 }),
});
print(run.fit());
evaluate(run, split)
"#;

fn report(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", err(output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", out(output)))
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    auricle()
        .current_dir(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_run_finishes_with_the_report_it_would_have_had() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "train.rhai", TRAINING);
    let begun = Instant::now();
    let whole = report(&run_in(folder.path(), &["train.rhai", "--json"]));
    let duration = begun.elapsed();
    let model = |folder: &Path| {
        let run = std::fs::read_dir(folder.join("runs"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        std::fs::read(run.join("model.safetensors")).unwrap()
    };
    let weights = model(folder.path());
    let mut resumed = 0;
    for attempt in 0..20u32 {
        let again = tempfile::tempdir().unwrap();
        script(again.path(), "train.rhai", TRAINING);
        // Spread over the whole run, and never the same moment twice.
        let mut child = start(again.path(), &["train.rhai", "--json"]);
        std::thread::sleep(duration.mul_f64((f64::from(attempt) + 0.5) / 20.0));
        child.kill().unwrap();
        child.wait().unwrap();
        let output = run_in(again.path(), &["train.rhai", "--json"]);
        resumed += usize::from(err(&output).contains("going on after"));
        assert_eq!(report(&output), whole, "attempt {attempt}");
        assert!(
            model(again.path()) == weights,
            "attempt {attempt}: the weights differ"
        );
        let left = std::fs::read_dir(again.path().join("runs"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let log = std::fs::read_to_string(left.join("log.txt")).unwrap();
        let is_dated = |line: &str| line.starts_with("20") && line.contains(" epoch ");
        assert!(log.lines().any(is_dated), "{log}");
        for file in std::fs::read_dir(left).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let known = [
                "checkpoint.safetensors",
                "history.csv",
                "history.jsonl",
                "in_use.lock",
                "log.txt",
                "model.safetensors",
                "recipe.rhai",
                "run.json",
                "settings.txt",
            ];
            // The one file whose name says when it was begun.
            let is_event_file = name.starts_with("events.out.tfevents.");
            assert!(
                known.contains(&name.as_str()) || is_event_file || name.starts_with(".auricle-"),
                "{name}"
            );
        }
    }
    assert!(
        resumed >= 5,
        "only {resumed} of 20 runs were cut in the middle of their training"
    );
}

#[test]
fn an_option_that_the_program_keeps_is_told_when_a_script_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "seeds.rhai", "print(option(\"seed\", 0));\n");
    for command in ["check", "run"] {
        let mut auricle = auricle();
        let output = auricle
            .args([command, "seeds.rhai"])
            .current_dir(folder.path());
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = err(&output);
        assert!(
            told.contains("`--seed` is an option of the program, and no script hears it"),
            "{told}"
        );
    }
    script(folder.path(), "seeds.rhai", "print(option(\"draw\", 0));\n");
    let output = run_in(folder.path(), &["seeds.rhai", "--draw", "7"]);
    assert_eq!(out(&output), "7\n");
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_at_once_and_the_checkpoint_is_written() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "train.rhai", TRAINING);
    let whole = report(&run_in(
        folder.path(),
        &["train.rhai", "--json", "--epochs", "12"],
    ));
    let again = tempfile::tempdir().unwrap();
    script(again.path(), "train.rhai", TRAINING);
    let child = start(again.path(), &["train.rhai", "--json", "--epochs", "12"]);
    // The first checkpoint says that training has begun.
    let deadline = Instant::now() + Duration::from_secs(60);
    let begun = || {
        let runs = std::fs::read_dir(again.path().join("runs"));
        let mut runs = runs.into_iter().flatten().flatten();
        runs.any(|run| run.path().join("checkpoint.safetensors").exists())
    };
    while !begun() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let stopped = child.wait_with_output().unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{}", err(&stopped));
    assert!(
        err(&stopped).contains("error: interrupted in epoch"),
        "{}",
        err(&stopped)
    );
    let resumed = run_in(again.path(), &["train.rhai", "--json", "--epochs", "12"]);
    assert!(
        err(&resumed).contains("going on after"),
        "{}",
        err(&resumed)
    );
    assert_eq!(report(&resumed), whole);
}

#[test]
fn results_are_the_same_on_one_thread_and_two() {
    let folder = tempfile::tempdir().unwrap();
    script(
        folder.path(),
        "train.rhai",
        &TRAINING.replace("print(run.fit());", "print(run.fit().losses);"),
    );
    let run = |threads: &str| {
        let output = run_in(
            folder.path(),
            &["train.rhai", "--json", "--fresh", "--threads", threads],
        );
        let losses = err(&output)
            .lines()
            .find(|line| line.starts_with('['))
            .unwrap()
            .to_owned();
        (losses, report(&output))
    };
    assert_eq!(run("1"), run("2"));
}

#[test]
fn progress_is_plain_lines_in_a_pipe_and_silence_with_quiet() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "train.rhai", TRAINING);
    let loud = err(&run_in(
        folder.path(),
        &["train.rhai", "--epochs", "2", "--json"],
    ));
    assert!(
        loud.contains("SimCLR epoch 2/2 (6/6): loss ") && loud.contains(" clips/s, waiting "),
        "{loud}"
    );
    assert!(!loud.contains('\r') && !loud.contains('\u{1b}'), "{loud:?}");
    let quiet = run_in(
        folder.path(),
        &[
            "train.rhai",
            "--epochs",
            "2",
            "--json",
            "--quiet",
            "--fresh",
        ],
    );
    // What the script itself prints is not progress.
    assert!(!err(&quiet).contains("clips/s"), "{}", err(&quiet));
}

#[test]
fn a_report_is_saved_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let saving = TRAINING.replace(
        "evaluate(run, split)",
        r#"let r = evaluate(run, split); for e in ["html", "csv", "json", "txt"] { r.save(`r.${e}`); }"#,
    );
    script(folder.path(), "train.rhai", &saving);
    let json = report(&run_in(
        folder.path(),
        &["train.rhai", "--json", "--epochs", "1"],
    ));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&read("r.json")).unwrap(),
        json
    );
    let csv = read("r.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "subject,probe,metric,value,low,high,n");
    assert_eq!(lines.len(), 1 + 3 * 2, "{csv}");
    for row in json["rows"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        for text in [read("r.html"), read("r.txt"), csv.clone()] {
            assert!(text.contains(name), "{name}");
        }
    }
    assert_eq!(json["rows"][1]["name"], "random encoder");
    assert_eq!(json["rows"][2]["name"], "log-mel statistics");
}

#[test]
fn two_programs_share_a_cache() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let esc = made_environment();
    script(
        folder.path(),
        "read.rhai",
        &format!(
            "let d = esc50({:?}, #{{ sample_rate: 8000, seconds: 1 }}); let s = 0.0; for i in 0..40 {{ s += d[i].wave.rms_db(); }} print(s)",
            esc.display().to_string()
        ),
    );
    let programs: Vec<Child> = (0..4)
        .map(|_| {
            let mut command = auricle();
            command
                .current_dir(folder.path())
                .arg("read.rhai")
                .env("XDG_CACHE_HOME", cache.path());
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outputs: Vec<Output> = programs
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    for output in &outputs {
        assert!(output.status.success(), "{}", err(output));
        assert_eq!(out(output), out(&outputs[0]));
    }
    let again = auricle()
        .current_dir(folder.path())
        .args(["read.rhai", "--no-cache"])
        .output()
        .unwrap();
    assert_eq!(out(&again), out(&outputs[0]), "the cache changes no sample");
}

/// Opens both collections, and gives what their splits and first clips are.
fn opened(digits: &Path, esc: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "open.rhai", &format!(
        "let d = spoken_digits({:?}, #{{ sample_rate: 8000, seconds: 1 }});
         print(d); print(d.split(\"official\")); print(d.split(\"group:speaker\")); print(d[0].speaker + d[0].label + d[0].wave.n_samples);
         let e = esc50({:?}, #{{ esc10: true }});
         print(e); print(e.labels); print(e.split(\"fold:5\")); print(e[0].wave.n_samples); print(e[0].fold)",
        digits.display().to_string(), esc.display().to_string()
    ));
    let output = run_in(folder.path(), &["open.rhai", "--no-cache"]);
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

const ESC10: &str = "[\"dog\", \"rooster\", \"rain\", \"sea_waves\", \"crackling_fire\", \"crying_baby\", \"sneezing\", \"clock_tick\", \"helicopter\", \"chainsaw\"]";

#[test]
fn collections_are_opened_in_their_published_layouts() {
    let want = format!(
        "spoken digits: 480 clips, 10 classes
split (official): 180 train, 0 validation, 300 test
  6 of 6 values of `speaker` stand in more than one part of the split
split (speaker theo, yweweler held out): 320 train, 0 validation, 160 test
george08000
ESC-10: 100 clips, 10 classes
{ESC10}
split (fold 5 held out): 80 train, 0 validation, 20 test
16000
1
"
    );
    assert_eq!(opened(made_digits(), made_environment()), want);
    let (Some(digits), Some(esc)) = (real("fsdd"), real("esc10")) else {
        return;
    };
    let want = format!(
        "spoken digits: 3000 clips, 10 classes
split (official): 2700 train, 0 validation, 300 test
  6 of 6 values of `speaker` stand in more than one part of the split
split (speaker theo, yweweler held out): 2000 train, 0 validation, 1000 test
george08000
ESC-10: 400 clips, 10 classes
{ESC10}
split (fold 5 held out): 320 train, 0 validation, 80 test
220544
1
"
    );
    assert_eq!(opened(&digits, &esc), want);
}

#[test]
fn ten_thousand_files_are_listed_without_opening_them() {
    let folder = tempfile::tempdir().unwrap();
    for class in 0..10 {
        let dir = folder.path().join(format!("class{class}"));
        std::fs::create_dir(&dir).unwrap();
        // No file holds sound: one that was opened would be an error.
        (0..1000).for_each(|i| std::fs::write(dir.join(format!("{i}.wav")), b"no sound").unwrap());
    }
    script(
        folder.path(),
        "list.rhai",
        "let d = folder(\".\"); print(d.n); print(d.split(#{ test: 0.2 })); print(d.labels.len())",
    );
    let output = run_in(folder.path(), &["list.rhai"]);
    assert_eq!(
        out(&output),
        "10000\nsplit (20 % held out, seed 0): 8000 train, 0 validation, 2000 test\n10\n",
        "{}",
        err(&output)
    );
}

/// Runs an example for an epoch, and gives the score of the log-mel statistics, which does not depend on training.
fn floor_of(example: &str, data: &Path) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = root()
        .join(format!("examples/{example}.rhai"))
        .display()
        .to_string();
    let data = data.display().to_string();
    let json = report(&run_in(
        folder.path(),
        &[&file, &data, "--epochs", "1", "--json", "--quiet"],
    ));
    assert_eq!(json["rows"][2]["name"], "log-mel statistics");
    json["rows"][2]["scores"][0]["value"].as_f64().unwrap()
}

#[test]
fn the_examples_run_on_recordings() {
    for (example, made, name, known) in [
        ("spoken_digits", made_digits(), "fsdd", 0.950),
        ("environmental_sounds", made_environment(), "esc10", 0.825),
    ] {
        let floor = floor_of(example, made);
        assert!(
            floor > 0.9,
            "{example}: made sounds that differ in pitch are told apart in {floor}"
        );
        // On the real ones, it is the figure that scikit-learn gives for the same statistics.
        if let Some(folder) = real(name) {
            let floor = floor_of(example, &folder);
            assert!(
                (floor - known).abs() < 0.04,
                "{example}: the log-mel statistics reach {floor}, {known} is known"
            );
        }
    }
}

#[test]
fn the_notebooks_run_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let digits = format!("dir={}", made_digits().display());
    for (name, parameters, results) in [
        ("tour", &[][..], 6),
        ("synthesizers", &[], 12),
        ("augmentation", &[], 2),
        (
            "spoken_digits",
            &["-p", digits.as_str(), "-p", "epochs=1", "--no-cache"],
            4,
        ),
    ] {
        let notebook = root()
            .join("examples")
            .join(format!("{name}.ipynb"))
            .display()
            .to_string();
        let written = folder.path().join(format!("{name}.ipynb"));
        // What a notebook writes is not to be left among the examples.
        let mut arguments = vec![
            "run",
            notebook.as_str(),
            "-o",
            written.to_str().unwrap(),
            "--cwd",
            ".",
        ];
        arguments.extend(parameters);
        let output = run_in(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
        let text = std::fs::read_to_string(&written).unwrap();
        let notebook: serde_json::Value = serde_json::from_str(&text).unwrap();
        let outputs = notebook["cells"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|cell| cell["outputs"].as_array())
            .flatten();
        let shown = outputs
            .filter(|output| output["output_type"] == "execute_result")
            .count();
        assert_eq!(shown, results, "{name}: {text}");
    }
}

#[test]
fn every_command_knows_the_options_that_the_readme_gives_it() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let line = readme
        .lines()
        .find(|line| line.contains("hold for every command that runs a recipe"))
        .unwrap();
    let promised = line
        .split('`')
        .filter_map(|word| word.strip_prefix("--"))
        .filter_map(|word| word.split(' ').next());
    let promised: Vec<String> = promised.map(|name| format!("--{name}")).collect();
    assert!(promised.len() >= 4, "{line}");
    let folder = tempfile::tempdir().unwrap();
    for command in [
        &["run"][..],
        &["check"],
        &["augment"],
        &["repl"],
        &["kernel", "run"],
    ] {
        let help = out(&run_in(folder.path(), &[command, &["--help"]].concat()));
        for option in &promised {
            assert!(
                help.contains(option.as_str()),
                "`auricle {}` has no {option}: {help}",
                command.join(" ")
            );
        }
    }
    // Every row of the table of commands names a command that is there.
    for row in readme
        .lines()
        .filter(|line| line.starts_with("| `auricle "))
    {
        let command = row
            .split(['`', ' '])
            .filter(|word| !word.is_empty())
            .nth(2)
            .unwrap();
        if command.chars().all(|c| c.is_ascii_lowercase()) {
            assert!(
                run_in(folder.path(), &[command, "--help"]).status.success(),
                "{row}"
            );
        }
    }
}
